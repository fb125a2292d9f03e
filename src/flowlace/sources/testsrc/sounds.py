"""`testsrc:sounds`: sounds that were never made, with their exact times.

Time is cut into pages of eight seconds, and a page's events depend on the seed and its number
only. So an endless source needs no memory, and any moment can be asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.openers import Url
from flowlace.sources.sound_file import check_rate_and_channels
from flowlace.sources.sound_shaper import FRAMES_A_SECOND
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceInfo,
    SourceTimeoutError,
)
from flowlace.sources.testsrc.sound_kinds import (
    CLICK_MS,
    KINDS,
    PEAK,
    click_period_ms,
    drawn,
    rumble,
)
from flowlace.sources.testsrc.truth_file import check_truth, write_truth

_PAGE_MS = 8000
_FADE_MS = 5
_SHORTEST_MS = 250
_LONGEST_BACKLOG_US = 10_000_000  # as live sources keep


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundsOptions:
    """Which sounds, how many and how loud."""

    rate: int = 16_000
    """Samples a second. Events have the same times at every rate."""

    channels: int = 1
    """Channels, all alike."""

    seconds: float = 30.0
    """Length; 0 has no end."""

    seed: int = 1
    """Another seed is another scene."""

    density: float = 1.0
    """How busy: 1 has an event about every two seconds and some at the same time, 0 none."""

    noise: float = 1.0
    """How loud what lies behind the events is; 1 is about 50 dB below full scale, 0 is silence."""

    live: bool = False
    """Come by the clock, as a microphone does."""

    truth: str = ""
    """A file the events are written to: `.csv` or `.jsonl`."""

    def __post_init__(self) -> None:
        check_rate_and_channels(self.rate, self.channels)
        if self.seconds < 0 or not 0 <= self.density <= 4 or not 0 <= self.noise <= 20:
            raise ValueError("seconds must not be negative, density 0 to 4, noise 0 to 20")
        if 0 < self.seconds * self.rate < 1:
            raise ValueError(f"seconds={self.seconds:g} is less than one sample; 0 has no end")
        check_truth(self.truth, self.seconds)


class SoundPlan(NamedTuple):
    """One event of the scene; all times in whole milliseconds."""

    onset_ms: int
    offset_ms: int
    label: str
    seed: int
    peak: int


class SoundsSource(Source):
    """Gives the sound of a made-up scene, and knows what is in it.

    Sample n has time n / rate; a live one adds the time of its first read, and what its reader is
    more than ten seconds late for is dropped and counted.
    """

    medium = Medium.SOUND

    def __init__(
        self, options: SoundsOptions = SoundsOptions(), clock: Clock | None = None
    ) -> None:
        self._options = options
        self._clock = clock or MonotonicClock()
        self._is_closed = threading.Event()
        self._next = 0
        self._started_us: int | None = None
        self._length = max(1, options.rate // FRAMES_A_SECOND)
        self._samples = round(options.seconds * options.rate)
        self.is_live = options.live
        self.counts = SourceCounts()
        self.header = TimeSeriesHeader(
            sample_rate=float(options.rate), num_channels=options.channels
        )
        self.info = SourceInfo(
            name="testsrc:sounds",
            sample_rate_hz=options.rate,
            channels=options.channels,
            frame_rate=options.rate / self._length,
            frame_count=-(-self._samples // self._length) or None,
            duration_us=duration_us(self._samples, options.rate) or None,
        )

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next frame, None at the end or after `close`."""
        if self.is_live and not self._is_closed.is_set():
            self._wait_until_due(timeout_s)
        start = self._next
        length = self._length
        if self._samples:
            length = min(length, self._samples - start)
        if self._is_closed.is_set() or length <= 0:
            return None
        self._next += length
        self.counts.read += 1
        timestamp_us = (self._started_us or 0) + duration_us(start, self._options.rate)
        return Frame(Matrix(self.samples(start, length)), timestamp_us)

    def close(self) -> None:
        """Ends the reading."""
        self._is_closed.set()

    def truth(self, until_us: int | None = None) -> list[SoundEvent]:
        """Returns all events that begin before `until_us`, or before the end, by onset.

        Raises ValueError for an endless source without `until_us`.
        """
        if until_us is None:
            until_us = self.info.duration_us
        if until_us is None:
            raise ValueError("testsrc:sounds with seconds=0 has no end; give until_us")
        return [
            SoundEvent(
                onset_us=one.onset_ms * 1000,
                offset_us=one.offset_ms * 1000,
                label=one.label,
                score=1.0,
            )
            for page in range(-(-until_us // (1000 * _PAGE_MS)))
            for one in self._page(page)
            if one.onset_ms * 1000 < until_us
        ]

    def samples(self, start: int, count: int) -> NDArray[np.float32]:
        """Returns samples number `start` and on, `[channel, sample]`."""
        rate = self._options.rate
        numbers = np.arange(start, start + count, dtype=np.int64)
        level = round(self._options.noise * PEAK / 64)
        mixture = rumble(numbers, self._options.seed) * level // PEAK
        first = start * 1000 // rate // _PAGE_MS
        last = (start + count) * 1000 // rate // _PAGE_MS
        for page in range(first, last + 1):
            for one in self._page(page):
                self._add(mixture, one, start)
        values = (np.clip(mixture, -PEAK, PEAK) / (PEAK + 1)).astype(np.float32)
        return np.tile(values, (self._options.channels, 1))

    def _add(self, mixture: NDArray[np.int64], event: SoundPlan, start: int) -> None:
        rate = self._options.rate
        onset, offset = event.onset_ms * rate // 1000, event.offset_ms * rate // 1000
        low, high = max(onset, start), min(offset, start + len(mixture))
        if low >= high:
            return
        n = np.arange(low - onset, high - onset, dtype=np.int64)
        values = KINDS[event.label](n, offset - onset, rate, event.seed) * event.peak // PEAK
        fade = max(1, _FADE_MS * rate // 1000)
        edge = np.minimum(np.minimum(n + 1, offset - onset - n), fade)
        mixture[low - start : high - start] += values * edge // fade

    def _page(self, page: int) -> Iterator[SoundPlan]:
        """Gives the events of a page by onset; none leaves its page."""
        seed = self._options.seed * 1_000_003 + page
        count = round(4 * self._options.density)
        slot_ms = _PAGE_MS // max(count, 1)
        end_ms = min((page + 1) * _PAGE_MS, int(self._options.seconds * 1000) or 2**62)
        labels = list(KINDS)
        for index in range(count):
            # Each begins in its own slot; one in four may last into the next, within its page.
            first = 10 * index
            onset_ms = page * _PAGE_MS + index * slot_ms + drawn(seed, first, 100, slot_ms // 2)
            is_long = drawn(seed, first + 1, 0, 3) == 0
            longest_ms = slot_ms * 3 // 2 if is_long else slot_ms * 2 // 5
            lasts_ms = drawn(seed, first + 2, _SHORTEST_MS, max(longest_ms, _SHORTEST_MS))
            lasts_ms = min(lasts_ms, end_ms - onset_ms)
            if lasts_ms >= _SHORTEST_MS:
                label = labels[drawn(seed, first + 3, 0, len(labels) - 1)]
                peak = drawn(seed, first + 4, PEAK // 10, PEAK // 3)
                own_seed = seed * 31 + index
                if label == "click_train":  # it ends with its last click
                    period_ms = click_period_ms(own_seed)
                    lasts_ms = (lasts_ms - CLICK_MS) // period_ms * period_ms + CLICK_MS
                yield SoundPlan(onset_ms, onset_ms + lasts_ms, label, own_seed, peak)

    def _wait_until_due(self, timeout_s: float | None) -> None:
        """Waits until the next frame has been heard to its end."""
        now_us = self._clock.now_us()
        if self._started_us is None:
            self._started_us = now_us
        rate = self._options.rate
        late_us = now_us - self._started_us - duration_us(self._next + self._length, rate)
        if late_us > _LONGEST_BACKLOG_US:
            missed = (late_us - _LONGEST_BACKLOG_US) * rate // 1_000_000 // self._length
            self._next += missed * self._length
            self.counts.dropped += missed
        elif late_us < 0:
            wait_us = -late_us if timeout_s is None else min(-late_us, round(timeout_s * 1e6))
            if not self._clock.wait(self._is_closed, wait_us) and wait_us < -late_us:
                raise SourceTimeoutError("source 'testsrc:sounds': no sound in time")


def open_sounds(url: Url, clock: Clock) -> Source:
    """Opens the scene named on the command line, and writes its truth where that is asked."""
    options = url.read_options(SoundsOptions)
    source = SoundsSource(options, clock)
    if options.truth:
        write_truth(source.truth(), options.truth, url.text)
    return source
