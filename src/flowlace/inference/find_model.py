"""Finds a model by a path, or by the name of one that is packaged or was fetched."""

import logging
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from flowlace.inference.errors import ModelError
from flowlace.inference.model_spec import ModelSpec, read_model_spec
from flowlace.inference.public_models import PUBLIC_MODELS

_logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "FLOWLACE_MODELS"
"""Environment variable with the folder of fetched models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribedModel:
    """A model with a spec beside it: one of the package, or one a trainer has just written."""

    folder: Path
    """Holds the weights, the spec and the card."""
    spec: ModelSpec
    """What is known about it."""

    @property
    def card(self) -> Path:
        """The card: data, licence, figures, limits."""
        return self.folder / "card.md"

    def file(self, precision: str = "") -> Path:
        """Returns the weights of a precision, the default one if empty.

        Raises:
            ModelError: the model has no such precision; lists those it has.
        """
        wanted = precision or self.spec.default
        if wanted not in self.spec.files:
            known = ", ".join(self.spec.files)
            raise ModelError(
                f"model {self.spec.name!r} comes as {known}, not as {precision!r}; write "
                f"{self.spec.name}:{self.spec.default}"
            )
        return self.folder / self.spec.files[wanted].file


def packaged_models() -> dict[str, DescribedModel]:
    """Returns the models that come with the package, by name."""
    root = Path(str(files("flowlace") / "models"))
    found = (
        DescribedModel(folder=path.parent, spec=read_model_spec(path))
        for path in sorted(root.glob("*/*.json"))
    )
    return {one.spec.name: one for one in found}


def fetched_folder() -> Path:
    """Returns the folder of fetched models: `$FLOWLACE_MODELS`, or one in the user's cache."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "flowlace" / "models"


def fetched_file(name: str) -> Path:
    """Returns where a public model lies once it was fetched."""
    return fetched_folder() / f"{name}.tflite"


def find_model(name_or_path: str | Path) -> Path:
    """Returns the file of a model: a path, or `NAME` or `NAME:PRECISION`.

    Raises:
        ModelError: there is no such file or model, or it is public and was not fetched yet.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    name, _, precision = str(name_or_path).partition(":")
    packaged = packaged_models()
    if name in packaged:
        return packaged[name].file(precision)
    if name in PUBLIC_MODELS:
        if precision:
            raise ModelError(f"model {name!r} comes in one form only; leave out :{precision}")
        return _fetched(name)
    known = ", ".join([*packaged, *PUBLIC_MODELS])
    raise ModelError(f"model {str(name_or_path)!r} is neither a file nor one of: {known}")


def _fetched(name: str) -> Path:
    path = fetched_file(name)
    if not path.is_file():
        raise ModelError(
            f"model {name!r} is not on this machine yet; run: flowlace models fetch {name}"
        )
    return path


def find_described(path: Path) -> DescribedModel | None:
    """Returns what a model file is by the spec beside it; None where there is none.

    The spec of `dogs_int8.tflite` is `dogs_int8.json` or `dogs.json`, if it lists that file: so
    what a trainer writes into one folder stays together wherever the folder is.
    A file of such a name that is no spec has no say; a warning names it.
    """
    resolved = path.resolve()
    for spec_path in sorted(resolved.parent.glob("*.json")):
        if resolved.stem == spec_path.stem or resolved.stem.startswith(f"{spec_path.stem}_"):
            try:
                spec = read_model_spec(spec_path)
            except ModelError as error:
                _logger.warning("model %r is read without a spec: %s", path.name, error)
                continue
            if resolved.name in {one.file for one in spec.files.values()}:
                return DescribedModel(folder=resolved.parent, spec=spec)
    return None
