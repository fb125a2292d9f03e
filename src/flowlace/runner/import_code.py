"""`--import MODULE_OR_FILE`: brings calculators, sources and sinks that no package announces."""

import importlib
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from flowlace.runner.errors import RunnerError


def import_code(names: Iterable[str]) -> list[ModuleType]:
    """Imports modules by name (`my_package.calculators`) or by file (`my_calculators.py`).

    A file is imported as a script would be: under its own name, with its folder first on the
    path, so that it finds the files beside it. Modules by name are looked for in the working
    folder too.

    Raises:
        RunnerError: there is no such module or file, or its code raised.
    """
    return [_import_one(name) for name in names]


def _import_one(name: str) -> ModuleType:
    path = Path(name)
    is_file = name.endswith(".py") or "/" in name
    if is_file and not path.is_file():
        raise RunnerError(f"--import {name!r}: there is no such file")
    if is_file and not (path.suffix == ".py" and path.stem.isidentifier()):
        raise RunnerError(
            f"--import {name!r}: expected a module, or a file called like one, as calculators.py"
        )
    _put_on_path(path.parent if is_file else Path.cwd())
    module_name = path.stem if is_file else name
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise RunnerError(f"--import {name!r}: {_described(error)}") from error
    if is_file and not _is_from(module, path):
        raise RunnerError(
            f"--import {name!r}: a module {module_name!r} is already there "
            f"({getattr(module, '__file__', None) or 'built in'}); give the file another name"
        )
    return module


def _put_on_path(folder: Path) -> None:
    entry = str(folder.resolve())
    if entry not in sys.path:
        sys.path.insert(0, entry)


def _is_from(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == path.resolve()


def _described(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    is_found = not last.filename.startswith("<frozen")
    place = f" ({last.filename}:{last.lineno})" if is_found else ""
    return f"{type(error).__name__}: {error}{place}"
