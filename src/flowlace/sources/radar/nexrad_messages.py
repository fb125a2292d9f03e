"""Takes NEXRAD Level II files apart: volume header, compressed records, messages, radials.

After the interface control documents 2620010 (archive II/user) and 2620002 (RDA/RPG). All numbers
are big-endian. Files are written by the radars' archive in one of three ways: bzip2 records, each
behind its length; messages without compression (the archive's gzip around them is taken off
elsewhere); and, before 2008, messages of type 1 with whole kilometres instead of type 31.
"""

from __future__ import annotations

import bz2
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds

BEGINNINGS = (b"AR2V00", b"ARCHIVE2.")
END_OF_VOLUME = 4

_VOLUME_HEADER = 24
_FRAME = 2432
"""Length of every message but those of type 31, with what comes before it."""
_TRANSPORT_HEADER, _MESSAGE_HEADER = 12, 16
_OLD_ANGLE = 180 / 4096 / 8


@dataclass(frozen=True, slots=True)
class Moment:
    """What was measured along one ray, as it was coded."""

    codes: NDArray[np.unsignedinteger]
    """`[bin]`: 0 below the threshold, 1 folded in range, else (code - offset) / scale."""
    scale: float
    offset: float
    first_bin_m: float
    """To the near end of the first bin."""
    bin_m: float


@dataclass(frozen=True, slots=True)
class Radial:
    """One ray."""

    azimuth_deg: float
    elevation_deg: float
    elevation_number: int
    """Counts the turns of the antenna."""
    status: int
    """0 begins a turn, 1 is inside, 2 ends it, 3 begins the volume, 4 ends it."""
    moments: dict[str, Moment]
    """`REF` and `RHO`, where there are."""
    place: tuple[float, float] | None
    """Latitude and longitude of the radar, where it is told."""


def volume_time_us(file: RadarFile) -> int:
    """Returns when the volume was begun, microseconds since 1970."""
    if len(file.data) < _VOLUME_HEADER:
        raise RadarFileError(f"{file.name}: the Level II file is cut off")
    days, milliseconds = struct.unpack_from(">II", file.data, 12)
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days - 1, milliseconds=milliseconds)
    return microseconds(start)


def radar_name(file: RadarFile) -> str:
    """Returns the four letters of the radar, such as KTLX; empty where there are none."""
    return file.data[20:24].strip(b"\0 ").decode("latin-1")


def radials(file: RadarFile) -> Iterator[Radial]:
    """Yields the rays of a volume in the order in which they were made."""
    for kind, body in _messages(_unpacked(file), file):
        try:
            if kind == 31:
                yield _radial_31(body, file)
            elif kind == 1:
                yield _radial_1(body)
        except (struct.error, ValueError) as error:
            raise RadarFileError(f"{file.name}: a ray of the Level II file is damaged") from error


def _unpacked(file: RadarFile) -> bytes:
    """Returns the messages without their compression."""
    data, at = file.data, _VOLUME_HEADER
    if data[at + 4 : at + 6] != b"BZ":
        return data[at:]
    parts = []
    while at + 4 <= len(data):
        (length,) = struct.unpack_from(">i", data, at)
        record = data[at + 4 : at + 4 + abs(length)]
        at += 4 + abs(length)
        if len(record) < abs(length):
            raise RadarFileError(f"{file.name}: the Level II file is cut off")
        if not record:
            break
        try:
            parts.append(bz2.decompress(record))
        except (OSError, ValueError) as error:
            raise RadarFileError(f"{file.name}: a record of it is damaged: {error}") from error
    return b"".join(parts)


def _messages(data: bytes, file: RadarFile) -> Iterator[tuple[int, memoryview]]:
    """Yields type and contents of each message that is one of rays."""
    view, at = memoryview(data), 0
    while at + _TRANSPORT_HEADER + _MESSAGE_HEADER <= len(data):
        halfwords, _, kind = struct.unpack_from(">HBB", data, at + _TRANSPORT_HEADER)
        end = at + _TRANSPORT_HEADER + 2 * halfwords
        if kind in (1, 31):
            if end > len(data):
                raise RadarFileError(f"{file.name}: the Level II file is cut off")
            yield kind, view[at + _TRANSPORT_HEADER + _MESSAGE_HEADER : end]
        at = end if kind == 31 else at + _FRAME


def _radial_31(body: memoryview, file: RadarFile) -> Radial:
    azimuth, compression = struct.unpack_from(">fB", body, 12)
    status, number = struct.unpack_from(">BB", body, 21)
    (elevation,) = struct.unpack_from(">f", body, 24)
    (count,) = struct.unpack_from(">H", body, 30)
    if compression:
        raise RadarFileError(f"{file.name}: rays compressed in way {compression} are not read")
    moments, place = {}, None
    for pointer in struct.unpack_from(f">{count}I", body, 32):
        name = bytes(body[pointer + 1 : pointer + 4]).decode("latin-1")
        if name == "VOL":
            place = struct.unpack_from(">ff", body, pointer + 8)
        elif name in ("REF", "RHO"):
            moments[name] = _moment(body, pointer)
    return Radial(azimuth, elevation, number, status & 15, moments, place)


def _moment(body: memoryview, at: int) -> Moment:
    bins, first_m, bin_m = struct.unpack_from(">HHH", body, at + 8)
    word_bits, scale, offset = struct.unpack_from(">Bff", body, at + 19)
    dtype = ">u2" if word_bits == 16 else "u1"
    codes = np.frombuffer(body, dtype, bins, at + 28)
    return Moment(codes, scale, offset, first_m - bin_m / 2, bin_m)


def _radial_1(body: memoryview) -> Radial:
    azimuth, _, status, elevation, number = struct.unpack_from(">HHHHH", body, 8)
    first_m, _, bin_m, _, bins = struct.unpack_from(">hhHHH", body, 18)
    (pointer,) = struct.unpack_from(">H", body, 36)
    moments = {}
    if bins and pointer:
        codes = np.frombuffer(body, "u1", bins, pointer)
        moments["REF"] = Moment(codes, 2.0, 66.0, first_m - bin_m / 2, bin_m)
    return Radial(azimuth * _OLD_ANGLE, elevation * _OLD_ANGLE, number, status & 15, moments, None)
