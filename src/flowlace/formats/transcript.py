"""What was said: words with their places in the sound, and how a transcript grows.

Places are samples counted from the start of the stream, at the rate the transcriber was opened
with, so they never drift and never depend on how the sound was cut into packets.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One spoken word."""

    text: str
    """As the engine writes it."""
    start_sample: int
    """Its first sample."""
    end_sample: int
    """The sample after its last one."""
    confidence: float | None = None
    """Probability that it is right, 0..1; None where the engine does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptUpdate:
    """One state of one segment; it replaces earlier states of the same segment."""

    segment_id: int
    """Counts segments from 0."""
    revision: int
    """Counts the states of a segment from 0."""
    is_final: bool
    """Whether this is the segment's last state; a final one never changes."""
    words: tuple[Word, ...]
    """In the order they were spoken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WordRow:
    """One final word as users read it: one row a word."""

    start_us: int
    """When it begins."""
    end_us: int
    """When it ends."""
    word: str
    """As the engine writes it."""
    confidence: float | None
    """Probability that it is right, 0..1; None where the engine does not say."""
    segment_id: int
    """The segment it belongs to."""
