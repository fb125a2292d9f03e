"""NetCDF with CF metadata, 4 (which is HDF5) and 3: rates, amounts or reflectivity."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.hdf5_file import attribute, hdf5_of
from flowlace.sources.radar.netcdf3_file import netcdf3_of
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds
from flowlace.sources.radar.rain_values import ReadRules

_RATES = {
    "mm h-1": 1.0, "mm/h": 1.0, "mm/hr": 1.0, "mm hr-1": 1.0, "kg m-2 h-1": 1.0,
    "kg m-2 s-1": 3600.0, "mm s-1": 3600.0, "mm/s": 3600.0, "m s-1": 3.6e6,
}  # fmt: skip
_AMOUNTS = {"kg m-2": 1.0, "mm": 1.0, "m": 1000.0}
_SECONDS = {"seconds": 1, "second": 1, "s": 1, "minutes": 60, "hours": 3600, "days": 86400}
_PROJECTIONS = {
    "albers_conical_equal_area": "aea",
    "lambert_azimuthal_equal_area": "laea",
    "lambert_conformal_conic": "lcc",
    "polar_stereographic": "stere",
    "stereographic": "stere",
    "transverse_mercator": "tmerc",
    "mercator": "merc",
    "latitude_longitude": "longlat",
}
_PARAMETERS = {
    "longitude_of_central_meridian": "lon_0",
    "longitude_of_projection_origin": "lon_0",
    "straight_vertical_longitude_from_pole": "lon_0",
    "latitude_of_projection_origin": "lat_0",
    "false_easting": "x_0",
    "false_northing": "y_0",
    "semi_major_axis": "a",
    "semi_minor_axis": "b",
    "earth_radius": "R",
    "scale_factor_at_central_meridian": "k_0",
    "scale_factor_at_projection_origin": "k_0",
}


def read_cf_netcdf(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns every time of the first variable whose units are those of rain or reflectivity."""
    with netcdf3_of(file) if file.data[:3] == b"CDF" else hdf5_of(file) as opened:
        variable = _find_variable(opened, rules, file)
        times = _times(opened, variable, file)
        values = _decoded(variable).reshape(len(times), *variable.shape[-2:])
        values = _rain(values, variable, opened, rules, file)
        y, x = (_axis(opened, variable, name, file) for name in "yx")
        projection = _projection(opened, variable, x[1])
        if y[0][0] < y[0][-1]:
            values = values[:, ::-1]
        extent = Extent(*_edges(x[0], y[0]))
        return [
            RadarGrid(
                rain_rate_mm_h=one,
                projection=projection,
                extent=extent,
                observed_us=time,
                source=f"NetCDF {attribute(opened, 'title', '')}".strip(),
            )
            for one, time in zip(values, times, strict=True)
        ]


def _units(variable: Any) -> str:
    return " ".join(str(attribute(variable, "units", "")).split())


def _find_variable(opened: Any, rules: ReadRules, file: RadarFile) -> Any:
    grids = [one for one in opened.values() if len(getattr(one, "shape", ())) in (2, 3)]
    for one in grids:
        units = _units(one)
        is_known = units in _RATES or units in _AMOUNTS or units.lower() == "dbz"
        if min(one.shape[-2:]) > 2 and (is_known or rules.quantity):
            return one
    raise RadarFileError(f"{file.name}: no variable in units of rain or dBZ")


def _decoded(variable: Any) -> NDArray[np.float32]:
    raw = variable[:]
    values: NDArray[np.float32] = raw.astype(np.float32)
    values *= np.float32(attribute(variable, "scale_factor", 1.0))
    values += np.float32(attribute(variable, "add_offset", 0.0))
    for name in ("_FillValue", "missing_value"):
        if (missing := attribute(variable, name)) is not None:
            values[raw == missing] = np.nan
    return values


def _rain(
    values: NDArray[np.float32], variable: Any, opened: Any, rules: ReadRules, file: RadarFile
) -> NDArray[np.float32]:
    units = _units(variable)
    if rules.quantity == "dbz" or (units.lower() == "dbz" and not rules.quantity):
        return rules.relation().rain(values)
    if units in _AMOUNTS and not rules.quantity:
        seconds = _interval_s(opened, variable, file)
        values *= np.float32(_AMOUNTS[units] * 3600 / seconds)
    else:
        values *= np.float32(_RATES.get(units, 1.0))
    return np.maximum(values, np.float32(0), out=values)


def _interval_s(opened: Any, variable: Any, file: RadarFile) -> float:
    """Returns how long rain was added up: from `start_time`, or the bounds of time."""
    ends = [one for one in ("valid_time", "end_time") if one in opened]
    if "start_time" in opened and ends:
        start, end = (float(np.ravel(opened[one][()])[0]) for one in ("start_time", ends[0]))
        factor = _SECONDS[str(attribute(opened["start_time"], "units")).split()[0].lower()]
        return max((end - start) * factor, 1.0)
    for name in ("time_bnds", "time_bounds"):
        if name in opened and "time" in opened:
            low, high = np.ravel(opened[name][()])[:2]
            units = str(attribute(opened["time"], "units"))
            return max(float(high - low) * _SECONDS[units.split()[0].lower()], 1.0)
    raise RadarFileError(
        f"{file.name}: {variable.name} is an amount, and nothing says over how long; "
        "it needs start_time and valid_time, or time_bnds"
    )


def _times(opened: Any, variable: Any, file: RadarFile) -> list[int]:
    count = variable.shape[0] if len(variable.shape) == 3 else 1
    for name in ("valid_time", "time"):
        if name in opened and opened[name].size == count:
            values = np.ravel(opened[name][()]).astype(float)
            return [_time(float(one), str(attribute(opened[name], "units"))) for one in values]
    raise RadarFileError(f"{file.name}: no valid_time or time for its {count} fields")


def _time(value: float, units: str) -> int:
    unit, _, since = units.partition(" since ")
    numbers = [int(one) for one in re.findall(r"\d+", since)[:6]]
    start = datetime(*[*numbers, 0, 0, 0][: max(len(numbers), 3)])  # type: ignore[arg-type]
    return microseconds(start + timedelta(seconds=value * _SECONDS[unit.lower()]))


def _axis(
    opened: Any, variable: Any, which: str, file: RadarFile
) -> tuple[NDArray[np.float64], str]:
    """Returns the coordinates of an axis and their units."""
    size = variable.shape[-2 if which == "y" else -1]
    names = {"y": ("y", "lat", "latitude"), "x": ("x", "lon", "longitude")}[which]
    for name in names:
        if name in opened and opened[name].shape == (size,):
            return opened[name][:].astype(np.float64), _units(opened[name])
    raise RadarFileError(f"{file.name}: no coordinate {' or '.join(names)} of {size} values")


def _edges(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float, float]:
    half_x, half_y = abs(x[-1] - x[0]) / (len(x) - 1) / 2, abs(y[-1] - y[0]) / (len(y) - 1) / 2
    edges = x.min() - half_x, y.min() - half_y, x.max() + half_x, y.max() + half_y
    return float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])


def _projection(opened: Any, variable: Any, units: str) -> str:
    """Returns the PROJ text of the grid mapping; degrees need none, unknown ones stay empty."""
    name = attribute(variable, "grid_mapping", "")
    if units.startswith("degree"):
        return "+proj=longlat +datum=WGS84 +no_defs"
    if name not in opened:
        return ""
    mapping = opened[name]
    proj = _PROJECTIONS.get(attribute(mapping, "grid_mapping_name", ""))
    if proj is None:
        return ""
    parts = [f"+proj={proj}"]
    parallels = np.ravel(mapping.attrs.get("standard_parallel", []))
    keys = ("lat_ts",) if proj in ("stere", "merc") else ("lat_1", "lat_2")
    parts += [f"+{key}={one:g}" for key, one in zip(keys, parallels, strict=False)]
    parts += [
        f"+{key}={float(attribute(mapping, cf)):.10g}"
        for cf, key in _PARAMETERS.items()
        if cf in mapping.attrs
    ]
    return " ".join([*parts, f"+units={'km' if units == 'km' else 'm'}", "+no_defs"])
