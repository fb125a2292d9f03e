"""Tells the time of samples by counting them, and notices where sound is missing.

Containers and devices round their timestamps, so a packet is taken to continue the one before it
as long as its timestamp is about right. A larger step is a gap: the clock starts anew there.
"""

from typing import Final

from flowlace.formats.time_series import MICROSECONDS, duration_us

_TOLERANCE_SAMPLES: Final = 2
_TOLERANCE_US: Final = 1_000


class SampleClock:
    """Time of the columns of one stream, counted from an anchor.

    Args:
        sample_rate: columns a second.
    """

    __slots__ = ("_sample_rate", "_tolerance_us", "anchor_us", "count")

    def __init__(self, sample_rate: float) -> None:
        self._sample_rate = sample_rate
        rounding = _TOLERANCE_SAMPLES * MICROSECONDS / sample_rate
        self._tolerance_us = max(rounding, _TOLERANCE_US)
        self.anchor_us: int | None = None
        """When column 0 began; None before the first one."""
        self.count = 0
        """Columns seen since the anchor."""

    @property
    def next_us(self) -> int:
        """When the next column is due."""
        return self.time_of(self.count)

    def time_of(self, column: int) -> int:
        """Returns when a column begins."""
        assert self.anchor_us is not None
        return self.anchor_us + duration_us(column, self._sample_rate)

    def is_gap(self, timestamp: int) -> bool:
        """Returns whether sound is missing before a packet at `timestamp`."""
        return self.anchor_us is not None and timestamp - self.next_us > self._tolerance_us

    def overlap(self, timestamp: int) -> int:
        """Returns how many columns of a packet at `timestamp` were there already."""
        if self.anchor_us is None or self.next_us - timestamp <= self._tolerance_us:
            return 0
        return round((self.next_us - timestamp) * self._sample_rate / MICROSECONDS)

    def start(self, timestamp: int) -> None:
        """Starts to count at a timestamp."""
        self.anchor_us, self.count = timestamp, 0

    def advance(self, columns: int) -> None:
        """Counts more columns."""
        self.count += columns
