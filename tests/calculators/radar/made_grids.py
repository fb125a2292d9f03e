"""Radar grids for tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.packet import Packet
from tests.nowcasting.made_rain import moving_rain

START_US = 1_700_000_000_000_000
KILOMETRES = "+proj=laea +lat_0=50 +lon_0=10 +units=km"


def grid(
    rain: NDArray[np.floating] | Sequence[Sequence[float]],
    minute: float = 0,
    extent: Extent | None = None,
    projection: str = KILOMETRES,
) -> RadarGrid:
    """Returns a grid of pixels of 1 km, its lower left corner at 0, 0."""
    values = np.asarray(rain, np.float32)
    return RadarGrid(
        rain_rate_mm_h=values,
        projection=projection,
        extent=extent or Extent(0, 0, values.shape[1], values.shape[0]),
        observed_us=START_US + round(minute * 60e6),
    )


def packet(one: RadarGrid) -> Packet[RadarGrid]:
    """Returns the grid at the time of its observation."""
    return Packet(one, one.observed_us)


def moving_grids(minutes: Sequence[float], dx: float = 0.5, dy: float = 0.0) -> list[RadarGrid]:
    """Returns cells that move `dx`, `dy` pixels a minute."""
    rain = moving_rain(minutes, dx, dy)
    return [grid(one, minute) for one, minute in zip(rain, minutes, strict=True)]


def minutes_of(timestamps: Sequence[int]) -> list[float]:
    """Returns timestamps in minutes after the start."""
    return [(one - START_US) / 60e6 for one in timestamps]
