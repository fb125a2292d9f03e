"""GeoTIFF: OpenCV decodes the pixels; the tags that say where they lie are read here."""

from __future__ import annotations

import re
import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, time_in_name
from flowlace.sources.radar.rain_values import ReadRules

_TYPES = {1: "u1", 2: "S1", 3: "u2", 4: "u4", 11: "f4", 12: "f8", 16: "u8"}
_BEGINNINGS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
"""Byte orders; with a plus it is a BigTIFF, whose places and numbers have eight bytes."""
_SCALE, _TIEPOINT, _GEO_KEYS = 33550, 33922, 34735
_GDAL_METADATA, _GDAL_NODATA = 42112, 42113
_GEOGRAPHIC_KEY, _PROJECTED_KEY = 2048, 3072


def read_geotiff(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the picture; its values are dBZ or mm/h, as `?quantity=` says, else by the type.

    Bytes are half decibels from -32 dBZ on, 255 nothing, where no scale is written (FMI's); floats
    are mm/h. The time is that of the file's name.
    """
    tags = _tags(file)
    raw = _pixels(file)
    if raw is None or raw.ndim != 2:
        raise RadarFileError(f"{file.name}: its TIFF picture is damaged or not of one channel")
    time = time_in_name(file.name)
    if time is None:
        raise RadarFileError(f"{file.name}: a GeoTIFF needs its time in its name, YYYYmmddHHMM")
    return [
        RadarGrid(
            rain_rate_mm_h=_rain(raw, tags, rules),
            projection=_projection(tags),
            extent=_extent(tags, raw.shape, file),
            observed_us=time,
            source="GeoTIFF",
        )
    ]


def _pixels(file: RadarFile) -> NDArray[Any] | None:
    log = cv2.utils.logging
    level = log.setLogLevel(log.LOG_LEVEL_ERROR)  # it warns of each tag it does not know
    try:
        return cv2.imdecode(np.frombuffer(file.data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    finally:
        log.setLogLevel(level)


def _rain(
    raw: NDArray[Any], tags: dict[int, NDArray[Any]], rules: ReadRules
) -> NDArray[np.float32]:
    notes = tags[_GDAL_METADATA].tobytes().decode("latin-1") if _GDAL_METADATA in tags else ""
    scale, offset = (
        re.search(rf'role="{one}">\s*([-+.\deE]+)', notes) for one in ("scale", "offset")
    )
    is_bytes = raw.dtype == np.uint8
    is_dbz = rules.quantity == "dbz" or (not rules.quantity and is_bytes)
    gain, base = (0.5, -32.0) if is_bytes and is_dbz and scale is None else (1.0, 0.0)
    gain = float(scale[1]) if scale else gain
    base = float(offset[1]) if offset else base
    values: NDArray[np.float32] = raw.astype(np.float32) * np.float32(gain) + np.float32(base)
    nodata = tags.get(_GDAL_NODATA)
    missing = float(nodata.tobytes().strip(b"\0 ")) if nodata is not None else None
    if missing is None and is_bytes:
        missing = 255.0
    if missing is not None:
        values[raw == missing] = np.nan
    if not is_dbz:
        rain: NDArray[np.float32] = np.maximum(values, np.float32(0))
        return rain
    rain = rules.relation().rain(values)
    rain[values <= -31.5] = 0  # the lowest value stands for no echo
    return rain


def _tags(file: RadarFile) -> dict[int, NDArray[Any]]:
    order = _BEGINNINGS[file.data[:4]]
    is_big = b"+" in file.data[:4]
    count_form, entry_form = (
        (f"{order}Q", f"{order}HHQQ") if is_big else (f"{order}H", f"{order}HHII")
    )
    entry_bytes, value_at, value_bytes = (20, 12, 8) if is_big else (12, 8, 4)
    try:
        (start,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", file.data, value_bytes)
        (count,) = struct.unpack_from(count_form, file.data, start)
        first = start + struct.calcsize(count_form)
        found = {}
        for at in range(first, first + entry_bytes * count, entry_bytes):
            tag, kind, number, place = struct.unpack_from(entry_form, file.data, at)
            if kind in _TYPES and tag >= _SCALE:
                dtype = np.dtype(_TYPES[kind]).newbyteorder(order)  # type: ignore[arg-type]
                is_inline = dtype.itemsize * number <= value_bytes
                place = at + value_at if is_inline else place
                found[tag] = np.frombuffer(file.data, dtype, number, place)
    except (struct.error, ValueError) as error:
        raise RadarFileError(f"{file.name}: the TIFF is cut off") from error
    return found


def _extent(tags: dict[int, NDArray[Any]], shape: tuple[int, ...], file: RadarFile) -> Extent:
    if _SCALE not in tags or _TIEPOINT not in tags:
        raise RadarFileError(f"{file.name}: a TIFF without a place on the earth (no GeoTIFF tags)")
    width, height = (float(one) for one in tags[_SCALE][:2])
    column, row, _, x, y = (float(one) for one in tags[_TIEPOINT][:5])
    left, top = x - column * width, y + row * height
    return Extent(left, top - shape[0] * height, left + shape[1] * width, top)


def _projection(tags: dict[int, NDArray[Any]]) -> str:
    keys = tags.get(_GEO_KEYS, np.zeros(4, np.uint16)).reshape(-1, 4)[1:]
    found = {int(key): int(value) for key, place, _, value in keys if place == 0}
    code = found.get(_PROJECTED_KEY)
    if code is not None and code != 32767:
        return epsg_text(code)
    if found.get(_GEOGRAPHIC_KEY):
        return "+proj=longlat +datum=WGS84 +no_defs"
    return ""


def epsg_text(code: int) -> str:
    """Returns the PROJ text of a code: UTM zones spelt out, others as `EPSG:…`.

    >>> epsg_text(32633), epsg_text(3067)
    ('+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs', '+proj=utm +zone=35 +ellps=GRS80 +units=m +no_defs')
    """  # noqa: E501
    if code == 4326:
        return "+proj=longlat +datum=WGS84 +no_defs"
    if code == 3067:
        return "+proj=utm +zone=35 +ellps=GRS80 +units=m +no_defs"
    if 32601 <= code <= 32660 or 32701 <= code <= 32760:
        south = " +south" if code > 32700 else ""
        return f"+proj=utm +zone={code % 100}{south} +datum=WGS84 +units=m +no_defs"
    return f"EPSG:{code}"
