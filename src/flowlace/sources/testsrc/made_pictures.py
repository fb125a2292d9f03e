"""What built-in sources of pictures have in common: an even rate, an end, a live mode."""

from __future__ import annotations

import threading
from abc import abstractmethod
from fractions import Fraction

from flowlace.formats.image import Image
from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceInfo,
    SourceTimeoutError,
)


class MadePictures(Source):
    """Gives frames that depend on their index only, not on what was read before.

    Frame n has timestamp n / fps; a live one adds the time of its first read, sleeps until a
    frame is due, and counts the frames whose time has passed as dropped.

    Args:
        name: as the user typed it.
        width_px: columns.
        height_px: rows.
        fps: frames a second.
        seconds: length; 0 has no end.
        is_live: come by the clock.
        clock: for live ones.
    """

    medium = Medium.PICTURES

    def __init__(
        self,
        name: str,
        *,
        width_px: int,
        height_px: int,
        fps: float,
        seconds: float,
        is_live: bool,
        clock: Clock | None = None,
    ) -> None:
        self._rate = Fraction(str(fps)).limit_denominator(1001)
        self._clock = clock or MonotonicClock()
        self._is_closed = threading.Event()
        self._next = 0
        self._started_us: int | None = None
        self.is_live = is_live
        self.counts = SourceCounts()
        count = round(seconds * self._rate)
        self.info = SourceInfo(
            name=name,
            width_px=width_px,
            height_px=height_px,
            frame_rate=fps,
            frame_count=count or None,
            duration_us=round(count / self._rate * 1_000_000) or None,
        )

    @abstractmethod
    def image(self, frame_index: int) -> Image:
        """Returns frame number `frame_index`, the same every time."""

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next frame, None at the end or after `close`."""
        if self.is_live and not self._wait_until_due(timeout_s):
            return None
        index = self._next
        if self._is_closed.is_set() or self._is_past_the_end(index):
            return None
        self._next += 1
        self.counts.read += 1
        started_us = self._started_us or 0
        return Frame(self.image(index), started_us + self.timestamp_us(index))

    def close(self) -> None:
        """Ends the reading."""
        self._is_closed.set()

    def timestamp_us(self, frame_index: int) -> int:
        """Returns the time of a frame from the start of the clip."""
        return round(frame_index * 1_000_000 / self._rate)

    def _is_past_the_end(self, index: int) -> bool:
        return self.info.frame_count is not None and index >= self.info.frame_count

    def _wait_until_due(self, timeout_s: float | None) -> bool:
        """Sleeps until frame `_next` is due and skips those whose time has passed."""
        now_us = self._clock.now_us()
        if self._started_us is None:
            self._started_us = now_us
        due = int((now_us - self._started_us) * self._rate / 1_000_000)
        if self.info.frame_count is not None:
            due = min(due, self.info.frame_count)
        if due > self._next:
            self.counts.dropped += due - self._next
            self._next = due
        if self._is_past_the_end(self._next):
            return True
        left_us = self._started_us + self.timestamp_us(self._next) - now_us
        if timeout_s is not None and left_us > timeout_s * 1e6:
            self._clock.wait(self._is_closed, round(timeout_s * 1e6))
            if self._is_closed.is_set():
                return False
            raise SourceTimeoutError(f"source {self.info.name!r}: no frame in {timeout_s:g} s")
        return not self._clock.wait(self._is_closed, max(left_us, 0))
