"""NEXRAD Level II volumes, of message 31 (since 2008) and of message 1."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.radar.nexrad_messages import (
    END_OF_VOLUME,
    Moment,
    Radial,
    radar_name,
    radials,
    volume_time_us,
)
from flowlace.sources.radar.polar_clutter import is_not_rain
from flowlace.sources.radar.polar_grid import grid_polar
from flowlace.sources.radar.polar_sweep import PolarSweep, PolarVolume
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError
from flowlace.sources.radar.rain_values import ReadRules


def read_nexrad_level2(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:
    """Returns the reflectivity of a volume as rain on a grid; its time is that of its beginning."""
    return [grid_polar(nexrad_volume(file, rules), rules)]


def nexrad_volume(file: RadarFile, rules: ReadRules) -> PolarVolume:
    """Returns the turns with reflectivity.

    A volume without the ray that ends it is cut off, or was broken off by the radar: which of its
    turns are whole is not known, and it is an error.
    """
    found = list(radials(file))
    if not found:
        raise RadarFileError(f"{file.name}: the Level II file holds no rays")
    if found[-1].status != END_OF_VOLUME:
        raise RadarFileError(f"{file.name}: the Level II file is cut off: its volume does not end")
    places = (one.place for one in found if one.place is not None)
    place = rules.polar.place or next(places, None)
    if place is None:
        raise RadarFileError(
            f"{file.name}: it does not tell where the radar {radar_name(file)} is (files from "
            "before 2008 do not); say ?radar_lat=…&radar_lon=…"
        )
    turns = [list(turn) for _, turn in groupby(found, key=lambda one: one.elevation_number)]
    sweeps = [_sweep(turn, rules) for turn in turns if "REF" in turn[0].moments and len(turn) > 1]
    if not sweeps:
        raise RadarFileError(f"{file.name}: the Level II file holds no reflectivity")
    return PolarVolume(
        sweeps=sweeps,
        is_rate=False,
        latitude_deg=place[0],
        longitude_deg=place[1],
        observed_us=volume_time_us(file),
        source=f"NEXRAD {radar_name(file)}",
    )


def _sweep(turn: list[Radial], rules: ReadRules) -> PolarSweep:
    rays = [one for one in turn if "REF" in one.moments]
    first = rays[0].moments["REF"]
    dbz, codes = _values([one.moments["REF"] for one in rays])
    dbz[codes == 0] = -np.inf
    return PolarSweep(
        values=dbz,
        azimuths_deg=np.array([one.azimuth_deg for one in rays]),
        elevation_deg=float(np.median([one.elevation_deg for one in rays])),
        first_bin_m=first.first_bin_m,
        bin_m=first.bin_m,
        is_clutter=_clutter(rays, first, dbz.shape, rules.polar.min_rhohv),
    )


def _values(moments: list[Moment]) -> tuple[NDArray[np.float32], NDArray[np.unsignedinteger]]:
    """Returns values and codes `[ray, bin]`; codes 0 and 1, and bins a ray lacks, are NaN."""
    codes = np.ones((len(moments), max(len(one.codes) for one in moments)), np.uint16)
    for row, moment in zip(codes, moments, strict=True):
        row[: len(moment.codes)] = moment.codes
    values = (codes - np.float32(moments[0].offset)) / np.float32(moments[0].scale)
    values[codes < 2] = np.nan
    return values, codes


def _clutter(
    rays: list[Radial], first: Moment, shape: tuple[int, ...], min_rhohv: float
) -> NDArray[np.bool_] | None:
    """Returns where both polarisations differ too much for rain; unknown is not clutter."""
    moments = [one.moments.get("RHO") for one in rays]
    known = [one for one in moments if one is not None]
    if min_rhohv <= 0 or not known or len(known) < len(rays):
        return None
    if (known[0].first_bin_m, known[0].bin_m) != (first.first_bin_m, first.bin_m):
        return None
    rhohv, _ = _values(known)
    bins = min(shape[1], rhohv.shape[1])
    is_clutter = np.zeros(shape, np.bool_)
    is_clutter[:, :bins] = is_not_rain(rhohv[:, :bins], min_rhohv)
    return is_clutter
