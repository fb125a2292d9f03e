"""What was almost a sound event, and why it is none."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedSound:
    """One candidate that did not become an event."""

    onset_us: int
    """When it would have begun."""
    offset_us: int
    """When it would have ended."""
    label: str
    """What it would have been."""
    score: float
    """Its highest probability, 0..1."""
    reason: str
    """`below threshold` or `too short`."""
