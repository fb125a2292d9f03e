"""Finds calculators by the name a graph uses."""

import importlib
import pkgutil
from difflib import get_close_matches
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeVar

from flowlace.framework.calculator import Calculator
from flowlace.framework.errors import FlowlaceError

ENTRY_POINT_GROUP = "flowlace.calculators"
"""Packages that bring calculators name a module or package in this entry-point group."""

C = TypeVar("C", bound=type[Calculator[Any]])

_calculators: dict[str, type[Calculator[Any]]] = {}
_is_loaded = False


def register_calculator(calculator: C) -> C:
    """Registers a calculator class under its own name; use as a decorator.

    Raises:
        FlowlaceError: another class already has the name.
    """
    name = calculator.__name__
    known = _calculators.get(name)
    if known is not None and known is not calculator and not _is_same_source(known, calculator):
        raise FlowlaceError(
            f"calculator {name!r} is already registered by {known.__module__}; "
            f"{calculator.__module__} needs another name"
        )
    _calculators[name] = calculator
    return calculator


def register_calculator_aliases(calculator: type[Calculator[Any]], *names: str) -> None:
    """Registers a calculator under further names; each is a subclass of that name.

    MediaPipe has one class a payload type where Python needs one for all; the names its graphs
    use for them are given here, next to the calculator.

    Example:
        ```python
        register_calculator_aliases(BeginLoopCalculator, "BeginLoopIntCalculator")
        ```
    """
    for name in names:
        known_as = {"__module__": calculator.__module__, "__doc__": calculator.__doc__}
        register_calculator(type(name, (calculator,), known_as))


def _is_same_source(one: type, other: type) -> bool:
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def find_calculator(name: str) -> type[Calculator[Any]] | None:
    """Returns the calculator a graph calls `name`; a leading C++ namespace is ignored."""
    _load_all()
    return _calculators.get(name) or _calculators.get(name.rpartition("::")[2])


def known_calculators() -> dict[str, type[Calculator[Any]]]:
    """Returns every calculator by name, sorted."""
    _load_all()
    return dict(sorted(_calculators.items()))


def nearest_name(name: str, known: list[str]) -> str:
    """Returns a hint with the known name most like `name`, or an empty string."""
    # Every calculator ends the same; compared with it, `Gate` would resemble everything.
    stems = {each.removesuffix("Calculator"): each for each in known}
    close = get_close_matches(name.removesuffix("Calculator"), stems, n=1, cutoff=0.6)
    return f"did you mean {stems[close[0]]!r}?" if close else ""


def _load_all() -> None:
    global _is_loaded
    if _is_loaded:
        return
    _is_loaded = True
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        _import_everything(entry.load())


def _import_everything(module: ModuleType) -> None:
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        importlib.import_module(found.name)
