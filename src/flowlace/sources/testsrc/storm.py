"""`testsrc:storm`: rain that exists nowhere, of which the past and the future are known.

Cells are Gaussians that drift with a slowly turning wind, each at a speed a little of its own, so
they meet and merge; each grows and decays over its life, and new ones are born. What falls at any
time is a formula of that time, so a nowcast for any lead has an exact truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.source import Frame, Source, SourceCounts, SourceInfo

START_US = 1_700_000_400_000_000
"""14 November 2023, 22:20: the first observation."""

_PROJECTION = "+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84 +units=km +no_defs"


@dataclass(frozen=True, slots=True, kw_only=True)
class StormOptions:
    """What weather, seen how."""

    width: int = 256
    """Columns, of 1 km."""
    height: int = 256
    """Rows, of 1 km."""
    step_minutes: float = 5.0
    """From one observation to the next."""
    minutes: float = 120.0
    """Length; 0 has no end."""
    seed: int = 1
    """Another seed is another day."""
    speed_km_h: float = 45.0
    """How fast the wind carries the cells."""
    turn_degrees_h: float = 10.0
    """How far the wind turns in an hour."""
    life_minutes: float = 90.0
    """How long a cell lives; 0: for ever, without growth or decay."""
    density: float = 1.0
    """How many cells; 1 has about one in 1000 km², 0 none."""
    hole: bool = True
    """Leave a corner unseen, NaN, as behind a mountain."""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 32:
            raise ValueError(f"width={self.width} and height={self.height} must be at least 32")
        if self.step_minutes <= 0 or min(self.minutes, self.life_minutes, self.density) < 0:
            raise ValueError(
                "step_minutes must be positive, minutes, life_minutes and density not negative"
            )


class StormScene:
    """The weather as a formula of time."""

    def __init__(self, options: StormOptions) -> None:
        self._options = options
        random = np.random.default_rng(options.seed)
        self._heading = random.uniform(0, 2 * np.pi)
        area = (options.width + 200) * (options.height + 200)
        count = round(options.density * area / 1000)
        self._places = random.uniform(-100, (options.width + 100, options.height + 100), (count, 2))
        self._own_speed = random.normal(0, 0.08, (count, 2)) * options.speed_km_h / 60
        self._sizes_km = random.uniform(3, 12, count)
        self._peaks_mm_h = random.exponential(6, count) + 0.5
        self._phases = random.uniform(0, 1, count)

    def motion_km_a_minute(self, minutes: float) -> tuple[float, float]:
        """Returns how far the wind carries rain to the east and to the south in a minute."""
        heading = self._heading + np.radians(self._options.turn_degrees_h) * minutes / 60
        speed = self._options.speed_km_h / 60
        return float(speed * np.cos(heading)), float(speed * np.sin(heading))

    def rain_at(self, minutes: float) -> NDArray[np.float32]:
        """Returns the exact rain `[y, x]` in mm/h, `minutes` after the first observation."""
        options = self._options
        x, y = self._positions(minutes)
        strength = self._strengths(minutes)
        rows = np.exp(-((np.arange(options.height)[:, None] - y) ** 2) / (2 * self._sizes_km**2))
        columns = np.exp(-((np.arange(options.width)[:, None] - x) ** 2) / (2 * self._sizes_km**2))
        # A Gaussian is a product of rows and columns, so all cells are one product of matrices.
        rain = (rows * strength) @ columns.T
        return np.where(rain < 0.1, 0, rain).astype(np.float32)

    def grid_at(self, minutes: float) -> RadarGrid:
        """Returns what the radar sees then."""
        options = self._options
        rain = self.rain_at(minutes)
        if options.hole:
            size = min(options.width, options.height) // 6
            y, x = np.ogrid[: options.height, : options.width]
            rain[y + x < size] = np.nan
        half = options.width / 2, options.height / 2
        return RadarGrid(
            rain_rate_mm_h=rain,
            projection=_PROJECTION,
            extent=Extent(-half[0], -half[1], half[0], half[1]),
            observed_us=START_US + round(minutes * 60e6),
            source="testsrc:storm",
        )

    def _positions(self, minutes: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the middles of the cells; what leaves comes back far outside on the other side.

        The path is the integral of a wind that turns evenly.
        """
        options = self._options
        turn = np.radians(options.turn_degrees_h) / 60
        speed = options.speed_km_h / 60
        if abs(turn) > 1e-12:
            end = self._heading + turn * minutes
            drift = speed / turn * np.array(
                [np.sin(end) - np.sin(self._heading), np.cos(self._heading) - np.cos(end)]
            )  # fmt: skip
        else:
            drift = speed * minutes * np.array([np.cos(self._heading), np.sin(self._heading)])
        moved = self._places + drift + self._own_speed * minutes
        box = np.array([options.width + 200, options.height + 200])
        wrapped = (moved + 100) % box - 100
        return wrapped[:, 0], wrapped[:, 1]

    def _strengths(self, minutes: float) -> NDArray[np.float64]:
        life = self._options.life_minutes
        if not life:
            return self._peaks_mm_h
        age = (self._phases + minutes / life) % 1
        strengths: NDArray[np.float64] = self._peaks_mm_h * np.sin(np.pi * age) ** 2
        return strengths


class StormSource(Source):
    """Gives what a radar sees of a made storm; `scene` knows all of it, also later."""

    def __init__(self, options: StormOptions = StormOptions()) -> None:
        self._options = options
        self._next = 0
        self._is_closed = False
        self.scene = StormScene(options)
        count = int(options.minutes / options.step_minutes) + 1 if options.minutes else None
        self.counts = SourceCounts()
        self.info = SourceInfo(
            name="testsrc:storm",
            width_px=options.width,
            height_px=options.height,
            frame_count=count,
        )

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next observation, None after the last one or after `close`."""
        if self._is_closed or self._next == self.info.frame_count:
            return None
        grid = self.scene.grid_at(self._next * self._options.step_minutes)
        self._next += 1
        self.counts.read += 1
        return Frame(grid, grid.observed_us)

    def close(self) -> None:
        """Ends the stream."""
        self._is_closed = True


def open_storm(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - observations carry their time
    """Opens the storm named on the command line."""
    return StormSource(url.read_options(StormOptions))
