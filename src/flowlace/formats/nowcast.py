"""Rain that is to come, with what it was made from and how old that is."""

from dataclasses import dataclass

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
