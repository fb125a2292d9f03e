"""Large bytes in and out of protobuf messages without the library's copies.

Setting, writing and reading a field of a megabyte through the library costs more than the rest of
recording it; the wire format allows for putting it last, and for stepping over it. Source:
https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from flowlace.recording.codecs.codec import Buffer

_BYTES = 2
_FIXED = {1: 8, 5: 4}


def with_bytes(message: Any, number: int, values: Sequence[Any]) -> list[Buffer]:
    """Returns a message as pieces of bytes, with a field of bytes, once for each value, at its end.

    Args:
        message: without that field.
        number: of the field.
        values: anything with a buffer of bytes in C order; it is not copied.
    """
    parts: list[Buffer] = [message.SerializeToString()]
    for value in values:
        view = memoryview(value).cast("B")
        parts += [_varint(number << 3 | _BYTES), _varint(view.nbytes), view]
    return parts


def without_bytes(data: bytes, number: int) -> tuple[bytes, list[memoryview]]:
    """Returns a message as bytes without one of its fields of bytes, and that field's values.

    Raises:
        DecodeError: the data are no protobuf message.
    """
    view = memoryview(data)
    rest = b""
    values = []
    for field, kind, start, content, end in _fields(view):
        if field == number and kind == _BYTES:
            values.append(view[content:end])
        else:
            rest += view[start:end]
    return rest, values


def _fields(view: memoryview) -> Iterator[tuple[int, int, int, int, int]]:
    """Yields number, wire type, and where each field begins, its content begins, and it ends."""
    position = 0
    while position < len(view):
        start = position
        tag, position = _read_varint(view, position)
        kind = tag & 7
        if kind == _BYTES:
            length, position = _read_varint(view, position)
            content, position = position, position + length
        elif kind in _FIXED:
            content, position = position, position + _FIXED[kind]
        elif kind == 0:
            content = position
            _, position = _read_varint(view, position)
        else:
            raise DecodeError(f"a field has the wire type {kind}")
        if position > len(view):
            raise DecodeError("a field is longer than the message")
        yield tag >> 3, kind, start, content, position


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _read_varint(view: memoryview, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if position >= len(view):
            raise DecodeError("the message is cut off")
        byte = view[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
    raise DecodeError("a number in the message is too long")
