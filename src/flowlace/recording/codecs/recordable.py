"""The classes a recording may hold by name: their instances are made again when it is read.

A file can name any class, and making one runs its code; so only those listed here are made, and
none is ever imported because a file says so.
"""

import dataclasses
import importlib
import pkgutil
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import flowlace.formats
from flowlace.recording.errors import CodecError

T = TypeVar("T", bound=type[Any])

_registered: dict[str, type[Any]] = {}


def recordable(cls: T) -> T:
    """Lets recordings hold a dataclass, named tuple or enum of yours; use as a decorator.

    Example:
        ```python
        @recordable
        @dataclass(frozen=True)
        class Echo:
            distance_m: float
        ```
    """
    if not _is_plain(cls):
        raise CodecError(
            f"{name_of(cls)} is no dataclass, named tuple or enum; write a PacketCodec for it and "
            "register it with flowlace.recording.codecs.register_codec"
        )
    _registered[name_of(cls)] = cls
    return cls


def name_of(cls: type[Any]) -> str:
    """Returns the name a class has in recordings."""
    return f"{cls.__module__}.{cls.__qualname__}"


def is_recordable(cls: type[Any]) -> bool:
    """Returns whether instances of exactly this class may be written."""
    name = name_of(cls)
    return _registered.get(name, _built_in().get(name)) is cls


def recordable_class(name: str) -> type[Any]:
    """Returns the class of a name; CodecError if nobody has registered it."""
    found = _registered.get(name) or _built_in().get(name)
    if found is None:
        raise CodecError(
            f"the recording holds a {name}, which is not known here; import the code that marks "
            "it with flowlace.recording.codecs.recordable (--import)"
        )
    return found


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """Returns the fields a dataclass or named tuple is made from."""
    if dataclasses.is_dataclass(cls):
        return tuple(each.name for each in dataclasses.fields(cls) if each.init)
    return tuple(cls._fields)


def _is_plain(cls: type[Any]) -> bool:
    is_named_tuple = issubclass(cls, tuple) and hasattr(cls, "_fields")
    return dataclasses.is_dataclass(cls) or is_named_tuple or issubclass(cls, Enum)


@cache
def _built_in() -> dict[str, type[Any]]:
    """Returns the payload types of this package."""
    found: dict[str, type[Any]] = {}
    for module_info in pkgutil.iter_modules(flowlace.formats.__path__, "flowlace.formats."):
        module = importlib.import_module(module_info.name)
        for each in vars(module).values():
            if isinstance(each, type) and each.__module__ == module.__name__ and _is_plain(each):
                found[name_of(each)] = each
    return found
