"""Finds who opens a URL: by the name before its colon, or by the file's ending.

Sources and sinks each have one table. An entry is a function, or its place written
`module:function` so that nothing is imported before it is needed; that is also what an
entry point of another package gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Any, TypeVar, cast, get_type_hints

O = TypeVar("O")  # noqa: E741 - the type of an options dataclass
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Url:
    """An address as the user typed it, taken apart."""

    text: str
    """All of it."""

    name: str
    """The name of the opener: `rtsp`, `testsrc`, `.mp4`."""

    rest: str
    """What follows the name and its colon, without options; the path for a file."""

    options: str
    """`key=value&key=value`, or nothing."""

    def read_options(self, kind: type[O]) -> O:
        """Returns the options as an instance of the dataclass `kind`; ValueError names mistakes."""
        return read_options(kind, self.options)


def read_options(kind: type[O], text: str) -> O:
    """Returns `key=value&…` as an instance of the dataclass `kind`.

    >>> @dataclass
    ... class Size:
    ...     width: int = 640
    >>> read_options(Size, "width=320")
    Size(width=320)
    """
    hints = get_type_hints(kind)
    known: dict[str, Field[Any]] = {one.name: one for one in fields(cast(Any, kind)) if one.init}
    values = {}
    for pair in filter(None, text.split("&")):
        key, _, value = pair.partition("=")
        if key not in known:
            raise ValueError(f"option {key!r} is not known; known are: {', '.join(known)}")
        values[key] = _convert(key, value, hints[key])
    missing = [key for key, one in known.items() if _is_needed(one) and key not in values]
    if missing:
        raise ValueError(f"option {missing[0]!r} is needed")
    return kind(**values)


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _convert(key: str, value: str, hint: Any) -> Any:
    kinds = [one for one in getattr(hint, "__args__", (hint,)) if one is not type(None)]
    if kinds[0] is bool:
        if value.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise ValueError(f"option {key}={value!r} must be 0 or 1")
        return value.lower() in ("1", "true", "yes")
    try:
        converted = kinds[0](value)
    except ValueError:
        raise ValueError(f"option {key}={value!r} must be of type {kinds[0].__name__}") from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError(f"option {key}={value!r} must be a finite number")
    return converted


class Openers:
    """A table of openers, with those of other packages from the entry points `group`."""

    def __init__(self, group: str, built_in: dict[str, str]) -> None:
        self._group = group
        self._table: dict[str, Callable[..., Any] | str] = dict(built_in)
        self._has_entry_points = False

    def opens(self, *names: str) -> Callable[[F], F]:
        """Decorator: the function opens these names (`rtsp`) or file endings (`.mcap`)."""

        def register(opener: F) -> F:
            self._table.update(dict.fromkeys(names, opener))
            return opener

        return register

    def known(self) -> list[str]:
        """Returns all names and file endings, sorted."""
        self._add_entry_points()
        return sorted(self._table)

    def name_of(self, text: str) -> str | None:
        """Returns the table's name for a URL without options, or None.

        >>> Openers("none", {"rtsp": "a:b", ".mp4": "a:c"}).name_of("rtsp://camera/1")
        'rtsp'
        """
        self._add_entry_points()
        scheme = text.partition(":")[0]
        ending = PurePath(text).suffix.lower()
        return next((one for one in (scheme, ending) if one in self._table and one), None)

    def opener(self, name: str) -> Callable[..., Any]:
        """Returns the function that opens `name`; loads it the first time."""
        entry = self._table[name]
        if isinstance(entry, str):
            module, _, function = entry.partition(":")
            entry = cast(Callable[..., Any], getattr(import_module(module), function))
            self._table[name] = entry
        return entry

    def _add_entry_points(self) -> None:
        if self._has_entry_points:
            return
        self._has_entry_points = True
        for one in entry_points(group=self._group):
            self._table.setdefault(one.name, one.value)
