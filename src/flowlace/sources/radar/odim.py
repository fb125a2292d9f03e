"""ODIM HDF5: composites (OPERA, CIRRUS and national ones) here; polar volumes elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.hdf5_file import attribute, hdf5_of
from flowlace.sources.radar.odim_polar import read_odim_polar
from flowlace.sources.radar.odim_values import (
    attributes_of,
    in_number_order,
    odim_time,
    odim_values,
)
from flowlace.sources.radar.radar_file import MissingPackageError, RadarFile, RadarFileError
from flowlace.sources.radar.rain_values import ReadRules

_REFLECTIVITY = ("DBZH", "TH", "DBZV", "TV")
_KNOWN = ("RATE", "ACRR", *_REFLECTIVITY)


def read_odim(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the first data set of rain or reflectivity; `what/date` and `time` are its time.

    A polar volume becomes one grid.
    """
    with hdf5_of(file) as opened:
        kind = attribute(opened["what"], "object")
        if kind in ("PVOL", "SCAN"):
            return read_odim_polar(opened, file, rules)
        if kind not in ("COMP", "IMAGE"):
            raise RadarFileError(
                f"{file.name}: an ODIM {kind}; read are COMP, IMAGE, PVOL and SCAN"
            )
        data, what = _find_data(opened, file)
        values = odim_values(data["data"][:], what)
        return [
            RadarGrid(
                rain_rate_mm_h=_rain(values, what, rules),
                projection=attribute(opened["where"], "projdef"),
                extent=_extent(opened["where"], data["data"].shape),
                observed_us=odim_time(opened["what"], file),
                source=f"ODIM {attribute(opened['what'], 'source', '')}",
            )
        ]


def _find_data(opened: Any, file: RadarFile) -> tuple[Any, dict[str, Any]]:
    seen = []
    for name in in_number_order(opened, "dataset"):
        for part in in_number_order(opened[name], "data"):
            data = opened[name][part]
            what = attributes_of(opened["what"], opened[name].get("what"), data.get("what"))
            if what.get("quantity") in _KNOWN:
                return data, what
            seen.append(str(what.get("quantity")))
    raise RadarFileError(f"{file.name}: holds {', '.join(seen) or 'no data'}, no rain or dBZ")


def _rain(
    values: NDArray[np.float32], what: dict[str, Any], rules: ReadRules
) -> NDArray[np.float32]:
    if what["quantity"] in _REFLECTIVITY:
        return rules.relation().rain(values)
    if what["quantity"] == "ACRR":
        start, end = (_clock(what, one) for one in ("start", "end"))
        values = values * np.float32(3600 / max((end - start).total_seconds(), 1))
    return np.maximum(values, np.float32(0))


def _clock(what: dict[str, Any], which: str) -> datetime:
    return datetime.strptime(what[f"{which}date"] + what[f"{which}time"], "%Y%m%d%H%M%S")


def _extent(where: Any, shape: tuple[int, int]) -> Extent:
    """Returns the extent from the upper left corner, which ODIM tells in degrees."""
    try:
        import pyproj
    except ImportError as error:
        raise MissingPackageError("pyproj", "ODIM (its corners are in degrees)") from error
    project = pyproj.Proj(attribute(where, "projdef"))
    x, y = project(attribute(where, "UL_lon"), attribute(where, "UL_lat"))
    width, height = attribute(where, "xscale"), attribute(where, "yscale")
    return Extent(x, y - shape[0] * height, x + shape[1] * width, y)
