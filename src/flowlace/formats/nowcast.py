"""Rain that is to come, with what it was made from and how old that is."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RainMotion:
    """How rain moves, everywhere on a grid."""

    pixels_a_minute: NDArray[np.float32]
    """`[2, y, x]`: columns to the right and rows down; read-only."""

    def __post_init__(self) -> None:
        self.pixels_a_minute.flags.writeable = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RainAmount:
    """How much fell in a span of time."""

    rain_mm: NDArray[np.float32]
    """`[y, x]`; NaN where too little of the span was seen; read-only."""
    start_us: int
    end_us: int
    projection: str
    extent: Extent

    def __post_init__(self) -> None:
        self.rain_mm.flags.writeable = False


class Coverage(IntEnum):
    """Why a pixel of a forecast has a value or none."""

    UNKNOWN = 0
    """No radar saw anything there."""
    INFLOW = 1
    """Radar sees it now, but by then its air has come from where nothing was seen."""
    FORECAST = 2
    """It has a value, and 0 is dry."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Nowcast:
    """Rain of the next minutes, lead by lead; arrays are read-only."""

    method: str
    """What it was made with; another than was asked for where the history was too short."""
    observed_us: int
    """When the newest observation it was made from was seen; leads count from here."""
    received_us: int | None
    """When that observation arrived; None where the source was not live."""
    leads_minutes: tuple[float, ...]
    rain_mm_h: NDArray[np.float32]
    """`[lead, y, x]`; NaN where rain would come from outside of what is known."""
    thresholds_mm_h: tuple[float, ...] = ()
    probability: NDArray[np.float32] | None = None
    """`[lead, threshold, y, x]` of at least that much rain, 0..1; None without thresholds."""
    frames: int
    """Observations it was made from."""
    history_minutes: float
    """From the oldest to the newest of them."""
    pixel_km: float
    """Side of a pixel."""
    projection: str
    extent: Extent
    observed_mm_h: NDArray[np.float32] | None = None
    """`[y, x]` the newest observation; None where it was not kept, then no inflow is told."""

    def __post_init__(self) -> None:
        self.rain_mm_h.flags.writeable = False
        if self.probability is not None:
            self.probability.flags.writeable = False

    @property
    def data_age_s(self) -> float | None:
        """How old the newest observation was when it arrived; None where that is not known."""
        if self.received_us is None:
            return None
        return (self.received_us - self.observed_us) / 1e6

    @property
    def valid_us(self) -> tuple[int, ...]:
        """The times the leads are for, microseconds since 1970."""
        return tuple(self.observed_us + round(lead * 60e6) for lead in self.leads_minutes)

    def coverage(self, lead: int) -> NDArray[np.uint8]:
        """Returns `[y, x]` of `Coverage` at one lead, counted from 0."""
        return coverage_of(self.rain_mm_h[lead], self.observed_mm_h)


def coverage_of(
    forecast: NDArray[np.float32], observed: NDArray[np.float32] | None
) -> NDArray[np.uint8]:
    """Returns `Coverage` of a forecast, given the observation it starts from.

    >>> nan = np.float32("nan")
    >>> coverage_of(np.array([0, nan, nan], "f4"), np.array([nan, 5, nan], "f4"))
    array([2, 1, 0], dtype=uint8)
    """
    covered = np.isfinite(forecast).view(np.uint8) * np.uint8(Coverage.FORECAST)
    if observed is not None:
        np.maximum(covered, np.isfinite(observed).view(np.uint8), out=covered)
    return covered


@dataclass(frozen=True, kw_only=True, slots=True)
class NowcastSummary:
    """One lead of a nowcast in a few numbers, for a line of JSON."""

    valid_us: int
    """The time the forecast is for, microseconds since 1970."""
    lead_minutes: float
    method: str
    observed_us: int
    data_age_s: float | None
    frames: int
    known_share: float
    """Share of the pixels with a forecast, 0..1."""
    mean_mm_h: float
    largest_mm_h: float
    wet_share: float
    """Share of the known pixels with at least 0.1 mm/h."""
