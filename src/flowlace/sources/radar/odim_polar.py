"""ODIM HDF5 polar volumes and scans (`PVOL`, `SCAN`)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.radar.hdf5_file import attribute
from flowlace.sources.radar.odim_values import (
    attributes_of,
    in_number_order,
    odim_time,
    odim_values,
)
from flowlace.sources.radar.polar_clutter import is_not_rain
from flowlace.sources.radar.polar_grid import grid_polar
from flowlace.sources.radar.polar_sweep import PolarSweep, PolarVolume
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError
from flowlace.sources.radar.rain_values import ReadRules

_QUANTITIES = ("RATE", "DBZH", "DBZV", "TH", "TV")
"""The best first: a rate is the network's own, DBZ has its clutter taken away, T has not."""


def read_odim_polar(opened: Any, file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the volume as rain on a grid; `what/date` and `time` are its time."""
    return [grid_polar(odim_volume(opened, file, rules), rules)]


def odim_volume(opened: Any, file: RadarFile, rules: ReadRules) -> PolarVolume:
    """Returns the scans of the best quantity there is."""
    scans = [opened[one] for one in in_number_order(opened, "dataset")]
    held = [_quantities(opened, one) for one in scans]
    known = [one for one in _QUANTITIES if any(one in each for each in held)]
    if not known:
        seen = ", ".join(sorted({name for each in held for name in each}))
        raise RadarFileError(f"{file.name}: holds {seen or 'no data'}, no rain or dBZ")
    where = opened["where"]
    place = attribute(where, "lat"), attribute(where, "lon")
    return PolarVolume(
        sweeps=[
            _sweep(scan, each, known[0], rules, _range_unit_m(opened))
            for scan, each in zip(scans, held, strict=True)
            if known[0] in each
        ],
        is_rate=known[0] == "RATE",
        latitude_deg=(rules.polar.place or place)[0],
        longitude_deg=(rules.polar.place or place)[1],
        observed_us=odim_time(opened["what"], file),
        source=f"ODIM {attribute(opened['what'], 'source', '')}",
    )


def _quantities(opened: Any, scan: Any) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Returns the data of a scan and what is said of them, by quantity."""
    found = {}
    for name in in_number_order(scan, "data"):
        what = attributes_of(opened["what"], scan.get("what"), scan[name].get("what"))
        found[str(what.get("quantity"))] = scan[name], what
    return found


def _range_unit_m(opened: Any) -> float:
    """Returns the unit of `rstart`: kilometres, but metres since version 2.4."""
    version = re.search(r"V(\d+)_(\d+)", str(attribute(opened, "Conventions", "")))
    is_new = version is not None and (int(version[1]), int(version[2])) >= (2, 4)
    return 1.0 if is_new else 1000.0


def _sweep(
    scan: Any,
    held: dict[str, tuple[Any, dict[str, Any]]],
    quantity: str,
    rules: ReadRules,
    range_unit_m: float,
) -> PolarSweep:
    data, what = held[quantity]
    values = odim_values(data["data"][:], what)
    where = scan["where"]
    return PolarSweep(
        values=values,
        azimuths_deg=_azimuths(scan, len(values)),
        elevation_deg=float(attribute(where, "elangle")),
        first_bin_m=float(attribute(where, "rstart", 0.0)) * range_unit_m,
        bin_m=float(attribute(where, "rscale")),
        is_clutter=_clutter(held, values.shape, rules.polar.min_rhohv),
    )


def _azimuths(scan: Any, rays: int) -> NDArray[np.float64]:
    """Returns the middles of the rays; the first begins in the north if nothing else is said."""
    how = scan.get("how")
    if how is not None and "startazA" in how.attrs and "stopazA" in how.attrs:
        start, stop = (np.ravel(how.attrs[one]).astype(float) for one in ("startazA", "stopazA"))
        if start.size == stop.size == rays:
            middles: NDArray[np.float64] = (start + (stop - start) % 360 / 2) % 360
            return middles
    return (np.arange(rays, dtype=np.float64) + 0.5) * (360 / rays)


def _clutter(
    held: dict[str, tuple[Any, dict[str, Any]]], shape: tuple[int, ...], min_rhohv: float
) -> NDArray[np.bool_] | None:
    if min_rhohv <= 0 or "RHOHV" not in held:
        return None
    data, what = held["RHOHV"]
    rhohv = odim_values(data["data"][:], what)
    rhohv[np.isinf(rhohv)] = np.nan  # no echo says nothing of correlation
    return is_not_rain(rhohv, min_rhohv) if rhohv.shape == shape else None
