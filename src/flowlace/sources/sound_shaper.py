"""Decoded pieces of sound → frames of one rate, one number of channels and one length.

Time is counted in samples from an anchor, the exact time of a piece, so nothing is added up and
nothing drifts. A piece that begins where the one before ended, give or take what a container
rounds, goes on; one that begins later is a gap: what is pending is given, and counting starts
anew. The resampler's output has no delay: its first sample is the time of its first input.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from fractions import Fraction
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from flowlace.formats.time_series import MICROSECONDS, Matrix, TimeSeriesHeader, are_samples
from flowlace.sources.skips import Skips
from flowlace.sources.source import Frame, SourceCounts

_logger = logging.getLogger("flowlace.sources.sound")

FRAMES_A_SECOND = 20
"""50 ms each: short enough for live results, long enough to cost little."""

_LEAST_GAP_US = 1000
_FULL_SCALE = 1 - 2**-15  # the largest 16-bit sample
_CLIPPED_SHARE = 0.01

Samples = NDArray[np.float32]


class SoundShaper:
    """Takes pieces with their times, gives frames of 1 / 20 s, the last before a gap shorter.

    A piece of another rate is resampled, one of other channels is mixed: to one channel the mean,
    from one channel copies, from more to fewer the first ones. NaN and infinity become 0.
    """

    def __init__(
        self, skips: Skips, counts: SourceCounts, *, rate: int, channels: int, tick_us: float = 0
    ) -> None:
        self.rate = rate
        self.channels = channels
        self._skips = skips
        self._counts = counts
        self._tick_us = tick_us
        self._first_shape: tuple[int, int] | None = None
        self._in_rate = 0
        self._anchor_us = Fraction(0)
        self._taken = 0  # samples since the anchor, at the rate of the input
        self._given = 0  # samples since the anchor, at the rate of the output
        self._resampler: soxr.ResampleStream | None = None
        self._pending: deque[Samples] = deque()
        self._pending_samples = 0
        self._last_us: int | None = None

    @property
    def header(self) -> TimeSeriesHeader:
        """The header of a stream of what comes out."""
        return TimeSeriesHeader(sample_rate=float(self.rate), num_channels=self.channels)

    @property
    def end_us(self) -> Fraction | None:
        """When the next sample is expected; None before the first."""
        if not self._in_rate:
            return None
        return self._anchor_us + Fraction(self._taken * MICROSECONDS, self._in_rate)

    def add(self, values: Samples, rate: int, start_us: Fraction | None) -> list[Frame]:
        """Returns the frames that `values` `[channel, sample]` complete.

        Without `start_us` the piece begins where the one before ended. What lies before that end
        has been given already and is skipped.
        """
        if not values.shape[1]:
            return []
        self._note_change(values.shape[0], rate)
        values = mixed(self._finite(values), self.channels)
        frames: list[Frame] = []
        expected_us = self.end_us
        if expected_us is None:
            self._begin(rate, start_us or Fraction(0))
        elif start_us is not None and start_us - expected_us > self._tolerance_us(rate):
            self._counts.flaws["after_a_gap"] += 1
            frames += self.finish()
            self._begin(rate, start_us)
        else:
            if start_us is not None and expected_us - start_us > self._tolerance_us(rate):
                values = self._without_repeat(values, rate, start_us, expected_us)
            if rate != self._in_rate:
                frames += self.finish()
                self._begin(rate, expected_us)
        return frames + self._append(values)

    def finish(self) -> list[Frame]:
        """Returns what is pending, up to the end of the input; a next piece starts anew."""
        if self._resampler is not None:
            none_left = np.zeros((0, self.channels), np.float32)
            self._push(self._resampler.resample_chunk(none_left, last=True).T)
            self._resampler = None
        frames = self._whole_frames()
        if self._pending_samples:
            frames.append(self._frame(self._pending_samples))
        end_us = self.end_us
        if end_us is not None:
            self._begin(self._in_rate, end_us)
        return frames

    def _begin(self, rate: int, start_us: Fraction) -> None:
        self._in_rate, self._anchor_us = rate, start_us
        self._taken = self._given = 0
        self._resampler = None
        if rate != self.rate:
            self._resampler = soxr.ResampleStream(rate, self.rate, self.channels)

    def _append(self, values: Samples) -> list[Frame]:
        self._taken += values.shape[1]
        if self._resampler is not None:
            values = self._resampler.resample_chunk(np.ascontiguousarray(values.T)).T
        self._push(values)
        return self._whole_frames()

    def _push(self, values: NDArray[Any]) -> None:
        if values.shape[1]:
            self._pending.append(values.astype(np.float32, copy=False))
            self._pending_samples += values.shape[1]

    def _whole_frames(self) -> list[Frame]:
        length = max(1, self.rate // FRAMES_A_SECOND)
        frames = []
        while self._pending_samples >= length:
            frames.append(self._frame(length))
        return frames

    def _frame(self, length: int) -> Frame:
        exact_us = self._anchor_us + Fraction(self._given * MICROSECONDS, self.rate)
        timestamp_us = round(exact_us)
        if self._last_us is not None:
            timestamp_us = max(timestamp_us, self._last_us + 1)
        self._last_us = timestamp_us
        values = self._cut(length)
        self._given += length
        if np.count_nonzero(np.abs(values) >= _FULL_SCALE) > _CLIPPED_SHARE * values.size:
            self._counts.flaws["clipped"] += 1
        return Frame(Matrix(values), timestamp_us)

    def _cut(self, length: int) -> Samples:
        parts: list[Samples] = []
        missing = length
        while missing:
            part = self._pending.popleft()
            if part.shape[1] > missing:
                self._pending.appendleft(part[:, missing:])
                part = part[:, :missing]
            parts.append(part)
            missing -= part.shape[1]
        self._pending_samples -= length
        return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1))

    def _tolerance_us(self, rate: int) -> float:
        return max(2 * MICROSECONDS / rate, _LEAST_GAP_US) + self._tick_us

    def _without_repeat(
        self, values: Samples, rate: int, start_us: Fraction, expected_us: Fraction
    ) -> Samples:
        self._skips.add(
            "time_goes_back", f"{round(start_us)} µs comes after {round(expected_us)} µs"
        )
        return values[:, math.ceil((expected_us - start_us) * rate / MICROSECONDS) :]

    def _note_change(self, channels: int, rate: int) -> None:
        shape = (channels, rate)
        if self._first_shape is None:
            self._first_shape = shape
        if shape != self._first_shape:
            self._counts.resampled += 1

    def _finite(self, values: Samples) -> Samples:
        is_finite = are_samples(values)
        if is_finite.all():
            return values
        self._counts.flaws["not_finite"] += 1
        if self._counts.flaws["not_finite"] == 1:
            _logger.warning(
                "%s: %d samples are NaN, infinite or above 1e10 and become 0, as will be others",
                self._skips.name,
                values.size - np.count_nonzero(is_finite),
            )
        return np.where(is_finite, values, np.float32(0))


def mixed(values: Samples, channels: int) -> Samples:
    """Returns `[channel, sample]` with so many channels.

    >>> mixed(np.array([[0.5], [0.25]], np.float32), 1)
    array([[0.375]], dtype=float32)
    """
    if values.shape[0] == channels:
        return values
    if values.shape[0] > channels > 1:
        return values[:channels]
    mono = values.mean(axis=0, keepdims=True, dtype=np.float32)
    return np.repeat(mono, channels, axis=0)
