"""FMI's PGM pictures: reflectivity in half decibels, the map in the comments."""

from __future__ import annotations

import math
import re
from datetime import datetime

import numpy as np

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds
from flowlace.sources.radar.rain_values import ReadRules, ZRRelation

FINNISH_RAIN = ZRRelation(a=223.0, b=1.53)
_HEAD = re.compile(rb"P5\s+((?:#[^\n]*\n\s*)*)(\d+)\s+(\d+)\s+(\d+)\s")
_RADIUS_M = 6_371_288.0


def read_fmi_pgm(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the picture as rain: dBZ = (value - 64) / 2, 255 is nothing seen."""
    head = _HEAD.match(file.data)
    if head is None:
        raise RadarFileError(f"{file.name}: the head of the PGM is not understood")
    notes = dict(re.findall(r"#?\s*(\w+) +([^\n{]+)", head[1].decode("latin-1")))
    columns, rows = int(head[2]), int(head[3])
    pixels = np.frombuffer(file.data, np.uint8, offset=head.end())
    if pixels.size < rows * columns:
        raise RadarFileError(f"{file.name}: the PGM is cut off")
    if missing := {"obstime", "metersperpixel_x", "bottomleft"} - notes.keys():
        raise RadarFileError(f"{file.name}: its comments lack {min(missing)}")
    dbz = ((np.arange(256) - 64) / 2).astype(np.float32)
    table = rules.relation(FINNISH_RAIN).rain(dbz)
    table[0], table[255] = 0.0, np.nan
    left, bottom = _stereographic(notes)
    width, height = float(notes["metersperpixel_x"]), float(notes["metersperpixel_y"])
    return [
        RadarGrid(
            rain_rate_mm_h=table[pixels[: rows * columns].reshape(rows, columns)],
            projection=(
                f"+proj=stere +lat_0=90 +lat_ts={notes['truelatitude']} "
                f"+lon_0={notes['centrallongitude']} +R={_RADIUS_M:.0f} +units=m +no_defs"
            ),
            extent=Extent(left, bottom, left + columns * width, bottom + rows * height),
            observed_us=microseconds(datetime.strptime(notes["obstime"].strip(), "%Y%m%d%H%M")),
            source=f"FMI {notes.get('productname', '').strip()}",
        )
    ]


def _stereographic(notes: dict[str, str]) -> tuple[float, float]:
    """Returns the lower left corner in metres, on a sphere (Snyder 1987, page 158)."""
    longitude, latitude = (math.radians(float(one)) for one in notes["bottomleft"].split())
    true, middle = (math.radians(float(notes[one])) for one in ("truelatitude", "centrallongitude"))
    radius = _RADIUS_M * (1 + math.sin(true)) * math.tan(math.pi / 4 - latitude / 2)
    return radius * math.sin(longitude - middle), -radius * math.cos(longitude - middle)
