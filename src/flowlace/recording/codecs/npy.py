"""Arrays as `.npy` bytes: numpy's own format, with its headers remembered.

The arrays of a stream mostly have one shape and type, and numpy takes longer to write and read the
header of a short piece of sound than all else takes.
"""

import io
import math
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.recording.errors import CodecError

_LENGTHS = {(1, 0): ("<H", 2), (2, 0): ("<I", 4), (3, 0): ("<I", 4)}
_MAGIC_BYTES = 8


def array_bytes(array: NDArray[Any]) -> bytes:
    """Returns an array as `.npy`; CodecError for arrays of Python objects."""
    if array.dtype.hasobject:
        raise CodecError("an array of Python objects can't be recorded; use a list of them")
    if array.dtype.names is None and array.flags.c_contiguous:
        return _header(array.dtype.str, array.shape) + array.tobytes()
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=False)
    return out.getvalue()


def array_from_bytes(data: bytes | memoryview) -> NDArray[Any]:
    """Returns a read-only array over `.npy` bytes, without a copy; CodecError if they are none."""
    try:
        kind, length_bytes = _LENGTHS[data[6], data[7]]
        (length,) = struct.unpack_from(kind, data, _MAGIC_BYTES)
        begin = _MAGIC_BYTES + length_bytes + length
        shape, is_fortran, dtype = _parsed(bytes(data[:begin]))
        flat = np.frombuffer(data, dtype, math.prod(shape), begin)
    except (LookupError, ValueError, EOFError, OverflowError, struct.error) as error:
        raise CodecError(f"an array of the recording can't be read: {error}") from error
    flat = np.require(flat, requirements="A")
    flat.flags.writeable = False
    return flat.reshape(shape, order="F" if is_fortran else "C")


@lru_cache(maxsize=256)
def _header(descr: str, shape: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, fields)
    return out.getvalue()


@lru_cache(maxsize=256)
def _parsed(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    stream = io.BytesIO(header)
    version = np.lib.format.read_magic(stream)
    # numpy reads versions 2 and 3 by the same function, but has no name for the latter.
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, is_fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    return shape, is_fortran, dtype
