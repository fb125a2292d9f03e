"""Rain that is coming to a place, as one line to act on."""

from dataclasses import dataclass
from enum import Enum


class RainEvent(Enum):
    """What happened at a place."""

    BEGINS = "begins"
    """Rain is there or is expected, and was not before."""
    ENDS = "ends"
    """It is neither there nor expected any more."""
    UNKNOWN = "unknown"
    """It can't be told any more whether it rains there: radar does not see it."""
    KNOWN = "known"
    """It can be told again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RainAlert:
    """An event at a place; one rain has one beginning and one end."""

    event: RainEvent
    place: str
    """Its name."""
    threshold_mm_h: float
    """Less than this is no rain."""

    lead_minutes: float | None = None
    """Of a beginning: the first lead with rain, 0 where it was observed."""
    valid_us: int | None = None
    """When it begins, or since when it has not been expected; microseconds since 1970."""
    until_us: int | None = None
    """Of a beginning: the first lead without rain after it; None where that is not foreseen."""
    probability: float | None = None
    """Of a beginning: of at least the threshold, 0..1."""
    is_probabilistic: bool = False
    """Whether the method gave it; else it is 1 where the forecast rain reaches the threshold."""
    rain_rate_mm_h: float | None = None
    """Of a beginning: how much is forecast for then; None where only a probability is."""

    known_minutes: float | None = None
    """How far ahead the place is known without a gap; None where it is not known at all."""
    observed_us: int
    """When the newest observation was seen."""
    data_age_s: float | None = None
    """How old that was when it arrived; None where that is not known."""
    method: str
    """What the nowcast was made with."""
