"""Live sound: the newest seconds, oldest first, so that what is read has no needless gaps.

Pictures that come too fast may be thinned; sound may not. So the box holds `buffer_s` of it, and
only what even that can't hold is dropped, oldest first, and counted: a graph may fall behind for
some seconds and catch up without a gap.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from fractions import Fraction

from flowlace.framework.clock import Clock
from flowlace.sources.newest import Newest
from flowlace.sources.skips import Skips
from flowlace.sources.sound_shaper import FRAMES_A_SECOND, Samples, SoundShaper
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    SourceTimeoutError,
)

_logger = logging.getLogger("flowlace.sources.live_sound")
_LONGEST_BUFFER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSoundShape:
    """What a source of live sound gives, whatever arrives."""

    rate: int
    """Samples a second."""

    channels: int
    """Channels."""

    buffer_s: float = 10.0
    """Sound that may wait for its reader; older sound is dropped."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.buffer_s <= _LONGEST_BUFFER_S:
            raise ValueError(f"option buffer_s={self.buffer_s:g} must be from 0.1 to 3600 seconds")


class LiveSound(Source):
    """Gives the sound that somebody puts in, in frames of 50 ms.

    `close` ends the putting; what has arrived until then can still be read.
    """

    is_live = True
    medium = Medium.SOUND

    def __init__(
        self, name: str, shape: LiveSoundShape, clock: Clock, counts: SourceCounts | None = None
    ) -> None:
        self._counts = counts or SourceCounts()
        self._clock = clock
        self._skips = Skips(name, self._counts.skipped, _logger)
        self._shaper = SoundShaper(
            self._skips, self._counts, rate=shape.rate, channels=shape.channels
        )
        self._box: Newest[Frame] = Newest(limit=max(1, round(shape.buffer_s * FRAMES_A_SECOND)))
        self._putting = threading.Lock()
        self.header = self._shaper.header
        self.info = SourceInfo(
            name=name,
            sample_rate_hz=shape.rate,
            channels=shape.channels,
            frame_rate=float(FRAMES_A_SECOND),
        )

    @property
    def counts(self) -> SourceCounts:  # type: ignore[override]  # filled in when asked
        """What became of the frames so far."""
        self._counts.dropped = self._box.dropped
        return self._counts

    @property
    def end_us(self) -> Fraction | None:
        """When the next sample is expected; None before the first."""
        return self._shaper.end_us

    def put(self, values: Samples, rate: int, start_us: Fraction | None) -> None:
        """Takes sound `[channel, sample]` that began at `start_us`, or right after the last."""
        with self._putting:
            for frame in self._shaper.add(values, rate, start_us):
                self._box.put(frame)

    def on_reconnect(self) -> None:
        """Counts that the stream is opened again."""
        self._counts.reconnects += 1

    def on_end(self, error: SourceError) -> None:
        """Ends the reading with an error."""
        self._box.close(error)

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the oldest frame that waits; None after `close` and the last one."""
        timeout_us = None if timeout_s is None else round(timeout_s * 1e6)
        try:
            frame = self._box.take(self._clock, timeout_us)
        except TimeoutError:
            raise SourceTimeoutError(f"source {self.info.name!r}: no sound in time") from None
        if frame is not None:
            self._counts.read += 1
        return frame

    def close(self) -> None:
        """Ends the putting and, once all is read, the reading."""
        with self._putting:
            for frame in self._shaper.finish():
                self._box.put(frame)
            self._box.close()
