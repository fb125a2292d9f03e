"""From azimuth and range to a grid of square pixels around the radar.

Each pixel takes the bin its middle lies in (nearest neighbour): no value is made up, and echoes
stay as strong as they were. Rays are found through a table of the circle, so that a sweep that
begins anywhere, turns unevenly or lacks rays is placed rightly; a place without a ray is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, Quality, RadarGrid
from flowlace.sources.radar.polar_rules import PolarRules
from flowlace.sources.radar.polar_sweep import (
    PolarSweep,
    PolarVolume,
    beam_height_m,
    slant_range_m,
)
from flowlace.sources.radar.rain_values import ReadRules

_SLOTS = 7200
"""Of the table of the circle: rays are half a degree wide at least."""
_SAME_ELEVATION_DEG = 0.15


class _Places(NamedTuple):
    """Of the middles of the pixels, `[y, x]`."""

    ground_m: NDArray[np.float64]
    slot: NDArray[np.intp]


class _Seen(NamedTuple):
    """A sweep on the grid, `[y, x]`; NaN and False where it does not reach."""

    values: NDArray[np.float32]
    is_clutter: NDArray[np.bool_]
    is_in_reach: NDArray[np.bool_]


def grid_polar(volume: PolarVolume, rules: ReadRules) -> RadarGrid:
    """Returns the volume on an azimuthal equidistant grid, the radar in the middle of four pixels.

    Places no sweep reaches are NaN and `RANGE`; clutter by the radar's moments is dry and
    `CLUTTER`.
    """
    how = rules.polar
    side = round(how.range_km / how.pixel_km)
    half_m = side * how.pixel_km * 1000
    seen = _product(volume, how, _places(side, how.pixel_km * 1000))
    rain = np.maximum(seen.values, 0) if volume.is_rate else rules.relation().rain(seen.values)
    rain[seen.is_clutter] = 0
    quality = np.zeros(rain.shape, np.uint8)
    quality[seen.is_clutter] = Quality.CLUTTER
    quality[~seen.is_in_reach] = Quality.RANGE
    return RadarGrid(
        rain_rate_mm_h=rain,
        projection=f"+proj=aeqd +lat_0={volume.latitude_deg:.5f} "
        f"+lon_0={volume.longitude_deg:.5f} +ellps=WGS84 +units=m +no_defs",
        extent=Extent(-half_m, -half_m, half_m, half_m),
        observed_us=volume.observed_us,
        source=volume.source,
        quality=quality,
    )


def _product(volume: PolarVolume, how: PolarRules, places: _Places) -> _Seen:
    if how.product == "lowest":
        return _on_grid(next(_elevations(volume.sweeps)), places)
    first, *others = ((one, _on_grid(one, places)) for one in _elevations(volume.sweeps))
    best = first[1]
    off_m = _height_off_m(first, places, how)
    for sweep, seen in others:
        if how.product == "max":
            is_better = ~(seen.values <= _without_clutter(best)) & ~np.isnan(seen.values)
            is_better &= ~seen.is_clutter | np.isnan(best.values)
        else:
            sweep_off_m = _height_off_m((sweep, seen), places, how)
            is_better = sweep_off_m < off_m
            off_m = np.minimum(sweep_off_m, off_m)
        best = _Seen(
            np.where(is_better, seen.values, best.values),
            np.where(is_better, seen.is_clutter, best.is_clutter),
            seen.is_in_reach | best.is_in_reach,
        )
    return best


def _without_clutter(seen: _Seen) -> NDArray[np.float32]:
    return np.where(seen.is_clutter, np.float32(-np.inf), seen.values)


def _height_off_m(
    of: tuple[PolarSweep, _Seen], places: _Places, how: PolarRules
) -> NDArray[np.float64]:
    """Returns how far the beam is from the wanted height; infinite where it does not reach."""
    sweep, seen = of
    off = np.abs(beam_height_m(places.ground_m, sweep.elevation_deg) - how.cappi_km * 1000)
    off[~seen.is_in_reach] = np.inf
    return off


def _elevations(sweeps: list[PolarSweep]) -> Iterator[PolarSweep]:
    """Yields the first sweep of each elevation, from below.

    Radars turn several times at one elevation (with another pulse, or to be quicker): the first
    turn reaches farthest and has the moments that tell clutter.
    """
    before: PolarSweep | None = None
    for sweep in sorted(sweeps, key=lambda one: round(one.elevation_deg / _SAME_ELEVATION_DEG)):
        if before is None or sweep.elevation_deg - before.elevation_deg > _SAME_ELEVATION_DEG:
            before = sweep
            yield sweep


@lru_cache(maxsize=4)
def _places(side: int, pixel_m: float) -> _Places:
    middles = (np.arange(-side, side) + 0.5) * pixel_m
    x, y = middles[None, :], -middles[:, None]
    azimuths = np.degrees(np.arctan2(x, y)) % 360
    slots = np.minimum((azimuths * (_SLOTS / 360)).astype(np.intp), _SLOTS - 1)
    return _Places(np.hypot(x, y), slots)


def _on_grid(sweep: PolarSweep, places: _Places) -> _Seen:
    slant = slant_range_m(places.ground_m, sweep.elevation_deg)
    bins = np.floor((slant - sweep.first_bin_m) / sweep.bin_m).astype(np.intp)
    # Nearer than the first bin is over the radar, not out of its reach.
    is_in_reach = bins < sweep.values.shape[1]
    rays = _ray_of_slot(sweep)[places.slot]
    is_seen = is_in_reach & (bins >= 0) & (rays >= 0)
    values = np.full(slant.shape, np.nan, np.float32)
    where = rays[is_seen], bins[is_seen]
    values[is_seen] = sweep.values[where]
    is_clutter = np.zeros(slant.shape, np.bool_)
    if sweep.is_clutter is not None:
        is_clutter[is_seen] = sweep.is_clutter[where]
    return _Seen(values, is_clutter, is_in_reach)


def _ray_of_slot(sweep: PolarSweep) -> NDArray[np.intp]:
    """Returns the ray nearest to each slot of the circle; -1 where there is none near."""
    azimuths = sweep.azimuths_deg % 360
    order = np.argsort(azimuths, kind="stable")
    inside = azimuths[order]
    around = np.concatenate([[inside[-1] - 360], inside, [inside[0] + 360]])
    rays = np.concatenate([[order[-1]], order, [order[0]]])
    middles = (np.arange(_SLOTS) + 0.5) * (360 / _SLOTS)
    after = np.searchsorted(around, middles).clip(1, len(around) - 1)
    is_before = middles - around[after - 1] <= around[after] - middles
    nearest = np.where(is_before, after - 1, after)
    width = max(float(np.median(np.diff(around))), 360 / _SLOTS)
    off = np.abs(around[nearest] - middles)
    return np.where(off <= 0.75 * width, rays[nearest], -1)
