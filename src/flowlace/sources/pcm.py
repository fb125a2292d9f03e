"""Bare samples without a header, from the standard input or a file.

For what another program makes: `arecord -t raw -f S16_LE -r 16000 | flowlace run … --source
'pcm:-?rate=16000'`. Nothing is dropped: a pipe makes its writer wait.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.decoding import full_scale
from flowlace.sources.skips import Skips
from flowlace.sources.sound_file import check_rate_and_channels
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

_logger = logging.getLogger("flowlace.sources.pcm")
_FORMATS: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("u1"), "s16le": np.dtype("<i2"), "s16be": np.dtype(">i2"),
    "s32le": np.dtype("<i4"), "f32le": np.dtype("<f4"), "f64le": np.dtype("<f8"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmOptions:
    """What the bytes mean."""

    rate: int = 16_000
    """Samples a second of each channel."""

    channels: int = 1
    """Channels, one sample of each in turn."""

    format: str = "s16le"
    """A sample: `s16le`, `s16be`, `s32le`, `f32le`, `f64le` or `u8`."""

    def __post_init__(self) -> None:
        check_rate_and_channels(self.rate, self.channels)
        if self.format not in _FORMATS:
            raise ValueError(f"option format={self.format!r} must be one of {', '.join(_FORMATS)}")


class PcmSource(Source):
    """Reads samples until the writer closes; the first one has time 0, the rest are counted.

    `fd` is a file descriptor that is read but not closed. Bytes that make no whole sample at the
    end are counted as `cut_off`.
    """

    medium = Medium.SOUND

    def __init__(self, fd: int, name: str = "pcm:-", options: PcmOptions = PcmOptions()) -> None:
        self._fd = fd
        self._options = options
        self._format = _FORMATS[options.format]
        self.counts = SourceCounts()
        self._skips = Skips(name, self.counts.skipped, _logger)
        self._shaper = SoundShaper(
            self._skips, self.counts, rate=options.rate, channels=options.channels
        )
        self.header = self._shaper.header
        self.info = SourceInfo(
            name=name,
            sample_rate_hz=options.rate,
            channels=options.channels,
            frame_rate=float(FRAMES_A_SECOND),
        )
        self._left = b""
        self._frames: list[Frame] = []
        self._is_at_end = False
        self._is_closed = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._lock = threading.Lock()

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next frame once its bytes are there, None at the end or after `close`."""
        with self._lock:
            while not self._frames and not self._is_at_end and not self._is_closed.is_set():
                self._read_some(timeout_s)
            if self._is_closed.is_set() or not self._frames:
                return None
            self.counts.read += 1
            return self._frames.pop(0)

    def close(self) -> None:
        """Ends the reading, also one that waits."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        os.write(self._wake_write, b"x")
        with self._lock:
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _read_some(self, timeout_s: float | None) -> None:
        # Plain files and empty devices are always ready; only pipes and sockets wait.
        ready, _, _ = select.select([self._fd, self._wake_read], [], [], timeout_s)
        if not ready:
            raise SourceTimeoutError(f"source {self.info.name!r}: no sound in time")
        if self._fd not in ready:
            return
        size = self._format.itemsize * self._options.channels
        wanted = size * max(1, self._options.rate // FRAMES_A_SECOND)
        try:
            data = os.read(self._fd, wanted)
        except OSError as error:
            raise SourceError(f"source {self.info.name!r}: {error.strerror}") from error
        if not data:
            self._end()
            return
        data = self._left + data
        whole = len(data) - len(data) % size
        self._left = data[whole:]
        self._frames += self._shaper.add(self._samples(data[:whole]), self._options.rate, None)

    def _end(self) -> None:
        self._is_at_end = True
        if self._left:
            self._skips.add("cut_off", f"the last {len(self._left)} bytes are no whole sample")
        self._frames += self._shaper.finish()

    def _samples(self, data: bytes) -> Samples:
        values = np.frombuffer(data, self._format).reshape(-1, self._options.channels).T
        return full_scale(values)


class _PcmFile(PcmSource):
    """Samples of a file, which is closed with the source."""

    def close(self) -> None:
        if not self._is_closed.is_set():
            super().close()
            os.close(self._fd)


def open_pcm(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - samples carry their time
    """Opens bare samples named on the command line."""
    options = url.read_options(PcmOptions)
    if url.rest in ("", "-"):
        return PcmSource(_standard_input(), "pcm:-", options)
    try:
        return _PcmFile(os.open(url.rest, os.O_RDONLY), url.text, options)
    except OSError as error:
        raise SourceError(f"source {url.text!r} can't be opened: {error.strerror}") from error


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError) as error:
        raise SourceError("source 'pcm:-': there is no standard input") from error
