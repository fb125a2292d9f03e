"""KNMI's own HDF5: accumulated rain or reflectivity on a polar stereographic grid."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.hdf5_file import attribute, hdf5_of
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds
from flowlace.sources.radar.rain_values import ReadRules

_FORMULA = re.compile(r"GEO\s*=\s*([-+.\deE]+)\s*\*\s*PV\s*([-+][.\deE]+)?")
_TIME = "%d-%b-%Y;%H:%M:%S.%f"


def read_knmi(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the first image; the end of its interval is its time."""
    with hdf5_of(file) as opened:
        image, overview = opened["image1"], opened["overview"]
        end = datetime.strptime(attribute(overview, "product_datetime_end"), _TIME)
        start = datetime.strptime(attribute(overview, "product_datetime_start"), _TIME)
        raw = image["image_data"][:]
        calibration = image["calibration"]
        formula = _FORMULA.search(attribute(calibration, "calibration_formulas", ""))
        if formula is None:
            raise RadarFileError(f"{file.name}: its calibration formula is not understood")
        values = raw.astype(np.float32) * np.float32(formula[1])
        values += np.float32(formula[2] or 0)
        for name in ("calibration_missing_data", "calibration_out_of_image"):
            values[raw == attribute(calibration, name)] = np.nan
        if "REFLECTIVITY" in attribute(image, "image_geo_parameter", "").upper():
            values = rules.relation().rain(values)
        else:
            values *= np.float32(3600 / max((end - start).total_seconds(), 1))
        return [
            RadarGrid(
                rain_rate_mm_h=values,
                projection=_projection(opened["geographic/map_projection"]),
                extent=_extent(opened["geographic"], raw.shape),
                observed_us=microseconds(end),
                source=f"KNMI {attribute(image, 'image_product_name', '')}",
            )
        ]


def _projection(group: Any) -> str:
    """Returns the projection in kilometres; KNMI writes the earth's axes in them instead."""
    text: str = attribute(group, "projection_proj4_params")
    if "+units" in text:
        return text
    axes = re.compile(r"\+([ab])=(\d{4}\.?\d*)\b")
    return axes.sub(lambda found: f"+{found[1]}={float(found[2]) * 1000:.0f}", text) + " +units=km"


def _extent(group: Any, shape: tuple[int, int]) -> Extent:
    width = attribute(group, "geo_pixel_size_x")
    height = abs(attribute(group, "geo_pixel_size_y"))
    left = attribute(group, "geo_column_offset") * width
    top = -attribute(group, "geo_row_offset") * height
    return Extent(left, top - shape[0] * height, left + shape[1] * width, top)
