"""Opens NetCDF 3 (classic, 64-bit offset, CDF-5) in memory, in the shape h5py gives NetCDF 4.

After the format's specification: a header of dimensions, attributes and variables, big-endian,
each in multiples of four bytes; then the arrays as they are. Read here and not by the netCDF
library, because that ends the process when a header is damaged (tried with 1.7.5), and files of a
feed are damaged at times.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.sources.radar.radar_file import RadarFile, RadarFileError

_TYPES = ("", "i1", "S1", ">i2", ">i4", ">f4", ">f8", "u1", ">u2", ">u4", ">i8", ">u8")
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12


@dataclass(frozen=True, slots=True)
class ClassicVariable:
    """A variable as it is stored: neither scaled nor masked."""

    name: str
    attrs: dict[str, Any]
    values: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its dimensions."""
        return self.values.shape

    @property
    def size(self) -> int:
        """Number of its values."""
        return self.values.size

    def __getitem__(self, where: Any) -> Any:
        return self.values[where]


class ClassicFile(dict[str, ClassicVariable]):
    """Variables by name, and the attributes of the file."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        header = _Header(data)
        count = header.number()
        lengths = [header.number() for _ in header.named(_DIMENSIONS)]
        self.attrs = header.attributes()
        places = [header.place(name, lengths) for name in header.named(_VARIABLES)]
        records = [one for one in places if one.is_record]
        # A single variable of records is the only one whose records are not filled up to 4 bytes.
        step = sum(one.padded for one in records) if len(records) > 1 else 0
        for one in places:
            self[one.name] = one.read(data, count, step)


@contextmanager
def netcdf3_of(file: RadarFile) -> Iterator[ClassicFile]:
    """Gives the whole file; what is missing or damaged in it becomes a RadarFileError."""
    try:
        opened = ClassicFile(file.data)
    except (struct.error, ValueError, TypeError, LookupError, OverflowError) as error:
        raise RadarFileError(f"{file.name}: the NetCDF file is cut off or damaged") from error
    try:
        yield opened
    except KeyError as error:
        raise RadarFileError(f"{file.name}: the NetCDF file lacks {error}") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the values of a variable are."""

    name: str
    attrs: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    begin: int

    @property
    def is_record(self) -> bool:
        """Whether its first dimension grows, so that its values lie apart."""
        return bool(self.shape) and self.shape[0] == 0

    @property
    def padded(self) -> int:
        """Bytes of one of its records."""
        return -(-self._record_bytes // 4) * 4

    @property
    def _record_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def read(self, data: bytes, records: int, step: int) -> ClassicVariable:
        """Returns the variable; TypeError or ValueError if the data ends before it does."""
        if not self.is_record:
            values: NDArray[Any] = np.ndarray(self.shape, self.dtype, data, self.begin)
        else:
            shape = (records, *self.shape[1:])
            inner = np.empty((1, *shape[1:]), self.dtype).strides[1:]
            strides = (step or self._record_bytes, *inner)
            values = np.ndarray(shape, self.dtype, data, self.begin, strides)
        return ClassicVariable(self.name, self.attrs, values)


class _Header:
    """Reads the header from its beginning on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        version = data[3]
        if version not in (1, 2, 5):
            raise ValueError(f"version {version} of the format is not known")
        self._number = ">Q" if version == 5 else ">I"
        self._offset = ">I" if version == 1 else ">Q"

    def number(self) -> int:
        """Returns a count or a length."""
        return self._take(self._number)

    def named(self, wanted: int) -> Iterator[str]:
        """Yields the name of each entry of a list; its rest is to be read in between."""
        tag, count = self._take(">I"), self.number()
        if tag != wanted and (tag or count):
            raise ValueError(f"a list of kind {tag} where {wanted} is expected")
        for _ in range(count):
            yield self._bytes(self.number()).decode()

    def attributes(self) -> dict[str, Any]:
        """Returns a list of attributes: text, or numbers `[value]`."""
        found: dict[str, Any] = {}
        for name in self.named(_ATTRIBUTES):
            dtype, count = self._dtype(), self.number()
            raw = self._bytes(count * dtype.itemsize)
            is_text = dtype.kind == "S"
            found[name] = raw.decode("utf-8", "replace") if is_text else np.frombuffer(raw, dtype)
        return found

    def place(self, name: str, lengths: list[int]) -> _Place:
        """Returns what a variable's entry tells."""
        shape = tuple(lengths[self.number()] for _ in range(self.number()))
        attrs, dtype = self.attributes(), self._dtype()
        self.number()  # its size, which is too small a number for large variables
        return _Place(name, attrs, shape, dtype, self._take(self._offset))

    def _dtype(self) -> np.dtype[Any]:
        return np.dtype(_TYPES[self._take(">I")])

    def _take(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return int(value)

    def _bytes(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the header ends too early")
        self._at += -(-count // 4) * 4
        return taken
