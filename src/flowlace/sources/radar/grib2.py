"""GRIB2: the PNG-packed messages of MRMS at once, all others through eccodes.

A message of MRMS is a PNG picture of whole numbers X on a grid of latitudes and longitudes, worth
`(R + X 2^E) / 10^D` (template 5.41); OpenCV decodes it without eccodes.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.eccodes_worker import NOT_INSTALLED
from flowlace.sources.radar.radar_file import (
    MissingPackageError,
    RadarFile,
    RadarFileError,
    microseconds,
)
from flowlace.sources.radar.rain_values import ReadRules

GEOGRAPHIC = "+proj=longlat +R=6371229 +no_defs"

_ECCODES_TIMEOUT_S = 120
_STRIP_ROWS = 64

T = TypeVar("T", bound=np.generic)

Parameter = tuple[int, int, int]
"""Discipline, category and number."""

_RATES_MM_H = {(209, 6, 1), (209, 6, 0)}
_RATES_MM_S = {(0, 1, 7), (0, 1, 52), (0, 1, 65)}


def read_grib2(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the fields of a GRIB2 file."""
    return [_read_message(one, file, rules) for one in _messages(file)]


def _messages(file: RadarFile) -> Iterator[bytes]:
    data, start = file.data, 0
    while data[start : start + 4] == b"GRIB":
        if data[start + 7] != 2:
            raise RadarFileError(f"{file.name}: GRIB edition {data[start + 7]}; only 2 is read")
        (length,) = struct.unpack(">Q", data[start + 8 : start + 16])
        message = data[start : start + length]
        if len(message) < length or message[-4:] != b"7777":
            raise RadarFileError(f"{file.name}: the GRIB message is cut off")
        yield message
        start += length


def _read_message(message: bytes, file: RadarFile, rules: ReadRules) -> RadarGrid:
    sections = _sections(message, file)
    parameter = (message[6], sections[4][9], sections[4][10])
    is_png = struct.unpack(">H", sections[5][9:11])[0] == 41
    is_plain = struct.unpack(">H", sections[3][12:14])[0] == 0
    has_bitmap = sections[6][5] != 255
    if is_png and is_plain and not has_bitmap:
        codes, extent = _png_codes(sections, file)
        # Of the 65536 values there can be, not of the 24 million pixels of a continent.
        rain = _looked_up(
            _rain(_value_of_code(sections[5], codes.dtype), parameter, rules, file), codes
        )
    else:
        values, extent = _from_eccodes(message, file)
        rain = _rain(values, parameter, rules, file)
    year, *rest = struct.unpack(">HBBBBB", sections[1][12:19])
    return RadarGrid(
        rain_rate_mm_h=rain,
        projection=GEOGRAPHIC,
        extent=extent,
        observed_us=microseconds(datetime(year, *rest)),
        source=f"GRIB2 {'/'.join(map(str, parameter))}",
    )


def _sections(message: bytes, file: RadarFile) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    start = 16
    while message[start : start + 4] != b"7777":
        (length,) = struct.unpack(">I", message[start : start + 4])
        found.setdefault(message[start + 4], message[start : start + length])
        start += max(length, 5)
    missing = {1, 3, 4, 5, 6, 7} - found.keys()
    if missing:
        raise RadarFileError(f"{file.name}: the GRIB message has no section {min(missing)}")
    return found


def _signed(raw: int, bits: int) -> int:
    """Returns a number whose first bit is its sign, as GRIB writes them."""
    top = 1 << (bits - 1)
    return -(raw & (top - 1)) if raw & top else raw


def _png_codes(
    sections: dict[int, bytes], file: RadarFile
) -> tuple[NDArray[np.unsignedinteger], Extent]:
    picture = cv2.imdecode(np.frombuffer(sections[7][5:], np.uint8), cv2.IMREAD_UNCHANGED)
    columns, rows = struct.unpack(">II", sections[3][30:38])
    if picture is None or picture.shape != (rows, columns):
        raise RadarFileError(f"{file.name}: the PNG picture in it is damaged")
    codes: NDArray[np.unsignedinteger] = picture  # type: ignore[assignment]  # 8 or 16 bit
    first, last, steps = _corners(sections[3])
    return _north_up(codes, sections[3][71], file), _extent(first, last, steps)


def _value_of_code(section: bytes, dtype: np.dtype[np.unsignedinteger]) -> NDArray[np.float32]:
    """Returns what each code of the picture stands for."""
    reference, binary, decimal = struct.unpack(">fHH", section[11:19])
    codes = np.arange(np.iinfo(dtype).max + 1)
    scaled = reference + codes * 2.0 ** _signed(binary, 16)
    values: NDArray[np.float32] = (scaled * 10.0 ** -_signed(decimal, 16)).astype(np.float32)
    return values


def _looked_up(
    table: NDArray[np.float32], codes: NDArray[np.unsignedinteger]
) -> NDArray[np.float32]:
    """Returns `table[codes]`; in strips, because numpy makes indices of 8 bytes of codes of 2."""
    found = np.empty(codes.shape, np.float32)
    for row in range(0, len(codes), _STRIP_ROWS):
        strip = slice(row, row + _STRIP_ROWS)
        np.take(table, codes[strip], out=found[strip], mode="clip")
    return found


def _corners(
    section: bytes,
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Returns first and last point as latitude and longitude, and the steps."""
    words = struct.unpack(">IIBIIII", section[46:71])
    first = _signed(words[0], 32) * 1e-6, words[1] * 1e-6
    last = _signed(words[3], 32) * 1e-6, words[4] * 1e-6
    return first, last, (words[6] * 1e-6, words[5] * 1e-6)


def _extent(
    first: tuple[float, float], last: tuple[float, float], steps: tuple[float, float]
) -> Extent:
    west, east = (one - 360 if one > 180 else one for one in (first[1], last[1]))
    south, north = sorted((first[0], last[0]))
    half_y, half_x = steps[0] / 2, steps[1] / 2
    return Extent(west - half_x, south - half_y, east + half_x, north + half_y)


def _north_up(values: NDArray[T], mode: int, file: RadarFile) -> NDArray[T]:
    """Returns the rows from north to south; `mode` is the scanning mode of the message."""
    if mode & 0b1011_1111:
        raise RadarFileError(f"{file.name}: scanning mode {mode:#010b} is not read")
    return values[::-1] if mode & 0b0100_0000 else values


def _rain(
    values: NDArray[np.float32], parameter: Parameter, rules: ReadRules, file: RadarFile
) -> NDArray[np.float32]:
    is_dbz = rules.quantity == "dbz" or (
        not rules.quantity and (parameter[:2] in ((209, 9), (209, 10), (0, 15), (0, 16)))
    )
    if is_dbz:
        # MRMS: -99 is no echo, -999 is no coverage.
        values[values <= -900] = np.nan
        return rules.relation().rain(values)
    if parameter in _RATES_MM_S and not rules.quantity:
        values *= np.float32(3600)
    elif parameter not in _RATES_MM_H and rules.quantity != "rate":
        raise RadarFileError(
            f"{file.name}: GRIB2 parameter {parameter} is no rain rate or reflectivity that is "
            "known; say which with ?quantity=rate or ?quantity=dbz"
        )
    values[values < 0] = np.nan  # MRMS: -3 is no coverage, -1 is missing
    return values


def _from_eccodes(message: bytes, file: RadarFile) -> tuple[NDArray[np.float32], Extent]:
    worker = [sys.executable, "-m", "flowlace.sources.radar.eccodes_worker"]
    try:
        done = subprocess.run(
            worker, input=message, capture_output=True, timeout=_ECCODES_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RadarFileError(f"{file.name}: eccodes took over {_ECCODES_TIMEOUT_S} s") from error
    if done.returncode == NOT_INSTALLED:
        raise MissingPackageError("eccodes", "GRIB2 that is not packed as PNG")
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
        raise RadarFileError(f"{file.name}: eccodes: {reason}")
    with np.load(io.BytesIO(done.stdout)) as read:
        first, last, steps = (
            (float(read[one][0]), float(read[one][1])) for one in ("first", "last", "steps")
        )
        return _north_up(read["values"], int(read["mode"]), file), _extent(first, last, steps)
