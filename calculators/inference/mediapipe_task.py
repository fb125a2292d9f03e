"""What the nodes that run MediaPipe's own tasks share: the extra, the model, the clean end."""

from dataclasses import dataclass
from typing import Any

from flowlace.formats.classification import Classification
from flowlace.framework.calculator import Calculator
from flowlace.framework.contract import Contract, ContractError
from flowlace.framework.options import option, proto_options
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_model

EXTRA = "mediapipe"


@proto_options("flowlace.MediaPipeTaskOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class MediaPipeTaskOptions:
    """Options of the calculators that run MediaPipe's tasks."""

    model_path: str = option(1)
    """A `.task` or `.tflite` file, or the name of a model `flowlace models` lists."""
    max_results: int = option(2, default=-1)
    """Most results of a packet; -1 for all."""
    score_threshold: float = option(3)
    """Weaker results are left out."""
    category_allowlist: tuple[str, ...] = option(4)
    """Only these labels; all if empty."""
    category_denylist: tuple[str, ...] = option(5)
    """All but these labels."""


class MediaPipeTaskCalculator(Calculator[MediaPipeTaskOptions]):
    """Opens a task, and closes it: left to the garbage collector it fails at the end."""

    _task: Any = None

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a model, and at most one list of labels."""
        options: MediaPipeTaskOptions = contract.options
        if not options.model_path:
            raise ContractError("model_path has to be given")
        if options.category_allowlist and options.category_denylist:
            raise ContractError("give category_allowlist or category_denylist, not both")

    def open(self) -> None:
        """Loads the model."""
        modules = task_modules()
        arguments = {
            "base_options": modules.BaseOptions(
                model_asset_path=str(find_model(self.options.model_path))
            ),
            "max_results": self.options.max_results,
            "score_threshold": self.options.score_threshold,
            "category_allowlist": list(self.options.category_allowlist) or None,
            "category_denylist": list(self.options.category_denylist) or None,
        }
        try:
            self._task = self.make_task(modules, arguments)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"MediaPipe can't run {self.options.model_path!r}: {error}") from error

    def make_task(self, modules: Any, arguments: dict[str, Any]) -> Any:
        """Returns the task of one kind."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the task."""
        if self._task is not None:
            self._task.close()


def task_modules() -> Any:
    """Returns `mediapipe.tasks.python`.

    Raises:
        ModelError: MediaPipe is not installed; names the extra that brings it.
    """
    try:
        from mediapipe.tasks import python
    except ImportError as error:
        raise ModelError(
            f"MediaPipe's tasks need the package mediapipe; pip install 'flowlace[{EXTRA}]'"
        ) from error
    return python


def classifications(found: Any) -> tuple[Classification, ...]:
    """Returns one head of a task's classification result, best first."""
    return tuple(
        Classification(
            index=each.index,
            score=each.score,
            label=each.category_name or None,
            display_name=each.display_name or None,
        )
        for each in found.categories
    )
