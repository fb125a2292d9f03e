"""Reads flatbuffer tables by field number: for schemas that no installed package has classes for.

Files that were cut or damaged raise ValueError, whatever the reader underneath fails with.
"""

import struct
from typing import Final

import flatbuffers
from flatbuffers import number_types as types
from flatbuffers.table import Table

_FIRST_FIELD: Final = 4
"""Bytes of a vtable before its entries."""


class TableReader:
    """One table; fields are numbered from 0 in the order of the schema."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def root(cls, data: bytes) -> "TableReader":
        """Returns the root table of a flatbuffer."""
        if len(data) < 8:
            raise ValueError(f"a flatbuffer has at least 8 bytes, this has {len(data)}")
        offset = flatbuffers.encode.Get(types.UOffsetTFlags.packer_type, data, 0)
        if offset >= len(data):
            raise ValueError("the flatbuffer's root lies behind its end")
        return cls(Table(bytearray(data), offset))

    def _place(self, field: int) -> int:
        try:
            offset = self._table.Offset(_FIRST_FIELD + 2 * field)
        except (struct.error, IndexError, TypeError) as error:
            raise ValueError(f"the flatbuffer is damaged: {error}") from error
        return int(self._table.Pos + offset) if offset else 0

    def text(self, field: int) -> str:
        """Returns a string; empty where it is absent."""
        place = self._place(field)
        return self._table.String(place).decode("utf-8", "replace") if place else ""

    def byte(self, field: int) -> int:
        """Returns an unsigned byte, or the type of a union; 0 where it is absent."""
        place = self._place(field)
        return int(self._table.Get(types.Uint8Flags, place)) if place else 0

    def integer(self, field: int) -> int:
        """Returns an int32; 0 where it is absent."""
        place = self._place(field)
        return int(self._table.Get(types.Int32Flags, place)) if place else 0

    def number(self, field: int) -> float:
        """Returns a float32; 0 where it is absent."""
        place = self._place(field)
        return float(self._table.Get(types.Float32Flags, place)) if place else 0.0

    def table(self, field: int) -> "TableReader | None":
        """Returns a table, or the value of a union."""
        place = self._place(field)
        if not place:
            return None
        return TableReader(Table(self._table.Bytes, self._table.Indirect(place)))

    def tables(self, field: int) -> list["TableReader"]:
        """Returns a vector of tables."""
        start, length = self._vector(field)
        places = (self._table.Indirect(start + 4 * index) for index in range(length))
        return [TableReader(Table(self._table.Bytes, place)) for place in places]

    def numbers(self, field: int) -> tuple[float, ...]:
        """Returns a vector of float32."""
        start, length = self._vector(field)
        return tuple(
            float(self._table.Get(types.Float32Flags, start + 4 * index)) for index in range(length)
        )

    def wholes(self, field: int) -> tuple[int, ...]:
        """Returns a vector of uint32."""
        start, length = self._vector(field)
        return tuple(
            int(self._table.Get(types.Uint32Flags, start + 4 * index)) for index in range(length)
        )

    def data(self, field: int) -> bytes:
        """Returns a vector of bytes."""
        start, length = self._vector(field)
        return bytes(self._table.Bytes[start : start + length])

    def _vector(self, field: int) -> tuple[int, int]:
        offset = self._place(field) and self._place(field) - self._table.Pos
        if not offset:
            return 0, 0
        return int(self._table.Vector(offset)), int(self._table.VectorLen(offset))
