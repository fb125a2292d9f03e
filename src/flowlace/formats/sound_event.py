"""What was heard and when: events, and the bars of a coloured waveform."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundEvent:
    """One sound from its first to its last moment."""

    onset_us: int
    """When it began."""
    offset_us: int
    """When it ended; later than its onset."""
    label: str
    """What it is."""
    score: float
    """Probability that it is that, 0..1: the highest one between onset and offset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundBar:
    """One step of a coloured waveform, 50 ms as graphs set it."""

    timestamp_us: int
    """When the step begins."""
    label: str
    """The dominant sound; empty where none is certain enough."""
    score: float
    """Probability of that sound, 0..1; 0 where there is none."""
    dbfs: float
    """Root mean square level of the step in decibels below full scale; -inf for digital silence."""
