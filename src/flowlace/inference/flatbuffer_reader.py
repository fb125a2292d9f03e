"""Reads flatbuffer tables by field number: no package with classes for their schema is needed.

Every place is checked to lie within the data before it is read, so files that were cut or damaged
raise ValueError and nothing else.
"""

import struct
from typing import Any, Final

_OFFSET: Final = struct.Struct("<I")
_SIGNED_OFFSET: Final = struct.Struct("<i")
_ENTRY: Final = struct.Struct("<H")
_UINT8: Final = struct.Struct("<B")
_INT32: Final = struct.Struct("<i")
_UINT64: Final = struct.Struct("<Q")
_FLOAT32: Final = struct.Struct("<f")


class TableReader:
    """One table; fields are numbered from 0 in the order of the schema."""

    __slots__ = ("_data", "_field_places", "_place")

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self._place = place
        vtable = place - self._read(_SIGNED_OFFSET, place)
        size = self._read(_ENTRY, vtable)
        if size < 4 or vtable + size > len(data):
            raise ValueError(f"the flatbuffer is damaged: no table at {place}")
        # The vtable starts with its own size and that of the table.
        self._field_places = struct.unpack_from(f"<{size // 2 - 2}H", data, vtable + 4)

    @classmethod
    def root(cls, data: bytes) -> "TableReader":
        """Returns the root table of a flatbuffer."""
        if len(data) < 8:
            raise ValueError(f"a flatbuffer has at least 8 bytes, this has {len(data)}")
        return cls(data, _OFFSET.unpack_from(data)[0])

    def text(self, field: int) -> str:
        """Returns a string; empty where it is absent."""
        return self.data(field).decode("utf-8", "replace")

    def byte(self, field: int) -> int:
        """Returns an unsigned byte, or the type of a union; 0 where it is absent."""
        return int(self._scalar(field, _UINT8, 0))

    def integer(self, field: int, default: int = 0) -> int:
        """Returns an int32; `default` where it is absent."""
        return int(self._scalar(field, _INT32, default))

    def index(self, field: int) -> int:
        """Returns a uint32; 0 where it is absent."""
        return int(self._scalar(field, _OFFSET, 0))

    def long_index(self, field: int) -> int:
        """Returns a uint64; 0 where it is absent."""
        return int(self._scalar(field, _UINT64, 0))

    def number(self, field: int, default: float = 0.0) -> float:
        """Returns a float32; `default` where it is absent."""
        return float(self._scalar(field, _FLOAT32, default))

    def table(self, field: int) -> "TableReader | None":
        """Returns a table, or the value of a union."""
        place = self._field(field)
        return self._table_at(place) if place else None

    def tables(self, field: int) -> list["TableReader"]:
        """Returns a vector of tables."""
        start, length = self._vector(field, 4)
        return [self._table_at(start + 4 * index) for index in range(length)]

    def numbers(self, field: int) -> tuple[float, ...]:
        """Returns a vector of float32."""
        return self._values(field, "f", 4)

    def wholes(self, field: int) -> tuple[int, ...]:
        """Returns a vector of uint32."""
        return self._values(field, "I", 4)

    def integers(self, field: int) -> tuple[int, ...]:
        """Returns a vector of int32."""
        return self._values(field, "i", 4)

    def longs(self, field: int) -> tuple[int, ...]:
        """Returns a vector of int64."""
        return self._values(field, "q", 8)

    def data(self, field: int) -> bytes:
        """Returns a vector of bytes."""
        start, length = self._vector(field, 1)
        return bytes(self._data[start : start + length])

    def length(self, field: int) -> int:
        """Returns how many bytes a vector of bytes has, without reading them."""
        return self._vector(field, 1)[1]

    def _field(self, field: int) -> int:
        """Returns where a field lies; 0 where it is absent."""
        if field >= len(self._field_places) or not self._field_places[field]:
            return 0
        return self._place + int(self._field_places[field])

    def _scalar(self, field: int, kind: struct.Struct, default: float) -> Any:
        place = self._field(field)
        return self._read(kind, place) if place else default

    def _values(self, field: int, kind: str, size: int) -> tuple[Any, ...]:
        start, length = self._vector(field, size)
        return struct.unpack_from(f"<{length}{kind}", self._data, start)

    def _table_at(self, place: int) -> "TableReader":
        return TableReader(self._data, place + self._read(_OFFSET, place))

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Returns where a vector's values of `size` bytes start, and how many there are."""
        place = self._field(field)
        if not place:
            return 0, 0
        place += self._read(_OFFSET, place)
        start, length = place + 4, self._read(_OFFSET, place)
        if start + size * length > len(self._data):
            raise ValueError(f"the flatbuffer is damaged: {length} values at {place} reach too far")
        return start, int(length)

    def _read(self, kind: struct.Struct, place: int) -> Any:
        if not 0 <= place <= len(self._data) - kind.size:
            raise ValueError(
                f"the flatbuffer is damaged: something should lie at {place}, but there are "
                f"{len(self._data)} bytes"
            )
        return kind.unpack_from(self._data, place)[0]
