"""Configurations by name: those of `flowlace_trainers.configs`, or Python files of the user's."""

import importlib
import importlib.util
from pathlib import Path
from typing import TypeVar

from flowlace_trainers.errors import TrainerError

ConfigT = TypeVar("ConfigT")


def read_config(name: str, kind: type[ConfigT]) -> ConfigT:
    """Returns the `CONFIG` of a packaged configuration or of a Python file.

    Raises:
        TrainerError: there is none, or it is of another kind.
    """
    path = Path(name)
    try:
        if path.suffix == ".py":
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(f"flowlace_trainers.configs.{name}")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        folder = Path(__file__).parent / "configs"
        known = ", ".join(sorted(one.stem for one in folder.glob("[!_]*.py")))
        raise TrainerError(
            f"no configuration {name!r}: {error}; give a Python file or one of: {known}"
        ) from error
    config = getattr(module, "CONFIG", None)
    if not isinstance(config, kind):
        raise TrainerError(f"configuration {name!r} has no CONFIG that is a {kind.__name__}")
    return config
