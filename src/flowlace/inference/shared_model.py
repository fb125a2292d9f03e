"""One loaded model for several streams of a process: its weights are in memory once.

An interpreter packs a model's weights into a form of its own, so four interpreters hold them four
times. Streams that share one take turns: a model is busy with one input at a time. Which stream
comes when makes no difference to the results, because nothing of an input stays in the model.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flowlace.formats.tensor import Tensor
from flowlace.inference.delegates import DelegateOptions, open_model
from flowlace.inference.model_runner import ModelRunner
from flowlace.inference.tflite_file import TfliteFile

_Key = tuple[str, DelegateOptions]


@dataclass(slots=True)
class _Loaded:
    model: ModelRunner
    users: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


_loaded: Final[dict[_Key, _Loaded]] = {}
_door: Final = threading.Lock()
"""Held while models are loaded and freed, so that two users don't load one twice."""


class SharedModel(ModelRunner):
    """A model that others of this process use too, if they name the same content and options.

    Args:
        file: the model; what it holds counts, not where it lies.
        options: how it is run.

    Raises:
        ModelError: as `open_model`.
    """

    def __init__(self, file: TfliteFile, options: DelegateOptions) -> None:
        self._key = file.sha256, options
        with _door:
            loaded = _loaded.get(self._key)
            if loaded is None:
                loaded = _loaded[self._key] = _Loaded(open_model(file, options))
            loaded.users += 1
        self._shared: _Loaded | None = loaded
        self.file = loaded.model.file
        self.signature = loaded.model.signature
        self.device = loaded.model.device

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Runs the model when it is this user's turn; see `ModelRunner.run`."""
        shared = self._shared
        assert shared is not None, "the model was closed"
        with shared.turn:
            # Copies: the next user overwrites the model's memory while this one still reads.
            return [_copied(one) for one in shared.model.run(inputs)]

    def close(self) -> None:
        """Frees the model when nobody uses it any more."""
        if self._shared is None:
            return
        with _door:
            self._shared.users -= 1
            if not self._shared.users:
                del _loaded[self._key]
                self._shared.model.close()
        self._shared = None


def _copied(tensor: Tensor) -> Tensor:
    array: Any = tensor.array.copy()
    return Tensor(array, name=tensor.name, quantization=tensor.quantization)
