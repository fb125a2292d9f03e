"""DWD's RADOLAN composites: amounts of rain in two bytes a pixel, the head in letters."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds
from flowlace.sources.radar.rain_values import ReadRules

_HEAD = re.compile(rb"^([A-Z][A-Z0-9])(\d{6})\d{5}(\d{4})BY")
_PROJECTION = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6370040 +units=km +no_defs"
_CORNERS_KM = {(900, 900): (-523.4622, -4658.645), (1100, 900): (-443.4622, -4758.645)}
"""Lower left corners, by rows and columns."""
_NOTHING, _NEGATIVE, _CLUTTER = 0x2000, 0x4000, 0x8000


def read_radolan(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:  # noqa: ARG001
    """Returns the picture; amounts are divided by their interval, clutter is nothing seen."""
    end = file.data.find(b"\x03")
    head = file.data[: max(end, 0)]
    match = _HEAD.match(head)
    size = re.search(rb"GP\s*(\d+)x\s*(\d+)", head)
    precision = re.search(rb"PR\s*E([-+]\d+)", head)
    interval = re.search(rb"INT\s*(\d+)", head)
    if not (match and size and precision and interval):
        raise RadarFileError(f"{file.name}: the RADOLAN head lacks its size, precision or interval")
    shape = int(size[1]), int(size[2])
    raw = np.frombuffer(file.data[end + 1 : end + 1 + 2 * shape[0] * shape[1]], "<u2")
    if raw.size < shape[0] * shape[1]:
        raise RadarFileError(f"{file.name}: the RADOLAN data is cut off")
    if shape not in _CORNERS_KM:
        raise RadarFileError(f"{file.name}: a RADOLAN grid of {shape[0]} × {shape[1]} is not known")
    raw = raw.reshape(shape)[::-1]  # it begins in the south
    scale = 10.0 ** int(precision[1]) * 60 / max(int(interval[1]), 1)
    rain = (raw & 0x0FFF).astype(np.float32) * np.float32(scale)
    rain[(raw & (_NOTHING | _NEGATIVE | _CLUTTER)) != 0] = np.nan
    left, bottom = _CORNERS_KM[shape]
    text = (match[3] + match[2]).decode()
    return [
        RadarGrid(
            rain_rate_mm_h=rain,
            projection=_PROJECTION,
            extent=Extent(left, bottom, left + shape[1], bottom + shape[0]),
            observed_us=microseconds(datetime.strptime(text, "%m%y%d%H%M")),
            source=f"RADOLAN {match[1].decode()}",
        )
    ]
