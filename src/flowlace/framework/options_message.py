"""Turns options messages into their dataclasses and back."""

import dataclasses
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from flowlace.framework.options import OptionField, option_fields, options_message
from flowlace.framework.schema import Schema, current_schema, native_message

O = TypeVar("O")  # noqa: E741 - reads as "options"


def options_from_message(cls: type[O], message: Message) -> O:
    """Returns the dataclass instance a message says; absent fields keep the class's defaults.

    Raises:
        ValueError: the class itself refuses the values.
    """
    values = {}
    for field in option_fields(cls):
        if _is_present(message, field):
            values[field.name] = _read(field, getattr(message, field.name))
    return cls(**values)


def options_to_message(instance: Any, schema: Schema | None = None) -> Message:
    """Returns the message of an options dataclass; fields at their default stay absent."""
    schema = schema or current_schema()
    message = schema.message_class(options_message(type(instance)).full_name)()
    _fill(message, instance)
    return message


def options_from_fields(cls: type[O], fields: Mapping[str, Any]) -> O:
    """Returns the dataclass instance that plain values say, named as in a graph file.

    Raises:
        ValueError: an unknown name, or a value of another kind; the message says which.
    """
    schema = current_schema()
    message = schema.message_class(options_message(cls).full_name)()
    try:
        json_format.ParseDict(dict(fields), message, descriptor_pool=schema.pool)
    except (json_format.ParseError, TypeError, AttributeError) as error:
        raise ValueError(f"{cls.__name__}: {error}") from error
    return options_from_message(cls, message)


def merge_options(base: O, over: O, *, replaces_lists: bool = False) -> O:
    """Returns `base` with every field that `over` sets: what an `OPTIONS` side packet does.

    As in protobuf merging, repeated fields append and nested messages merge; with
    `replaces_lists`, repeated fields take the place of those there were.
    """
    changes = {}
    fields = option_fields(type(base))
    chosen = {field.oneof for field in fields if getattr(over, field.name) != field.default}
    for field in fields:
        ours, theirs = getattr(base, field.name), getattr(over, field.name)
        if theirs == field.default:
            if field.oneof and field.oneof in chosen and ours != field.default:
                changes[field.name] = field.default
            continue
        if field.is_repeated:
            changes[field.name] = theirs if replaces_lists else (*ours, *theirs)
        elif field.kind == "message" and ours is not None and not native_message(field.type):
            changes[field.name] = merge_options(ours, theirs, replaces_lists=replaces_lists)
        else:
            changes[field.name] = theirs
    return dataclasses.replace(base, **changes) if changes else base  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class NativeMessage:
    """How a class that is a message of the graph schema itself is read and written."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Message]


_natives: dict[type, NativeMessage] = {}


def register_native_message(cls: type, native: NativeMessage) -> None:
    """Lets options hold values of `cls`, whose message the schema has already."""
    _natives[cls] = native


def _is_present(message: Message, field: OptionField) -> bool:
    if field.is_repeated:
        return len(getattr(message, field.name)) > 0
    return bool(message.HasField(field.name))


def _read(field: OptionField, value: Any) -> Any:
    if field.is_repeated:
        return tuple(_read_one(field, each) for each in value)
    return _read_one(field, value)


def _read_one(field: OptionField, value: Any) -> Any:
    if field.kind == "message":
        if native_message(field.type):
            return _natives[field.type].read(value)
        return options_from_message(field.type, value)
    if field.kind == "enum":
        return field.type(value)
    return _shortest_float32(value) if field.kind == "float" else value


def _shortest_float32(value: float) -> float:
    """Returns the number as its author wrote it: 0.3, not 0.30000001192092896."""
    wanted = struct.pack("f", value)
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if abs(short) < 3.4e38 and struct.pack("f", short) == wanted:
            return short
    return value


def _fill(message: Any, instance: Any) -> None:
    for field in option_fields(type(instance)):
        value = getattr(instance, field.name)
        if value is None or value == field.default:
            continue
        if field.kind == "message":
            _fill_messages(message, field, value)
        elif field.is_repeated:
            getattr(message, field.name).extend(value)
        else:
            setattr(message, field.name, value)


def _fill_messages(message: Any, field: OptionField, value: Any) -> None:
    target = getattr(message, field.name)
    for each in value if field.is_repeated else (value,):
        inner = target.add() if field.is_repeated else target
        if native_message(field.type):
            inner.MergeFromString(_natives[field.type].write(each).SerializeToString())
        else:
            inner.SetInParent()
            _fill(inner, each)
