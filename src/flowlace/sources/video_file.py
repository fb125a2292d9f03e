"""Video files, frame by frame, with the timestamps they carry.

Nothing is re-timed: a frame without a timestamp, or one that doesn't grow, is skipped and
counted, because a graph's timestamps must grow. AVI is the exception it has to be: the
container stores no presentation times, only one slot a frame, so the n-th picture shown
gets the n-th slot.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.container import open_container, packets_to_cut, time_of
from flowlace.sources.decoding import SizeChange, SizeKeeper, to_microseconds, upright_rgb
from flowlace.sources.skips import Skips
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
)

_logger = logging.getLogger("flowlace.sources.video_file")


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoFileOptions:
    """How a video file is read."""

    size_change: str = "error"
    """What a change of size inside the file does: `error`, or `rescale` to the first size."""


class VideoFileSource(Source):
    """Reads one video file, lossless and as fast as it is asked.

    A damaged frame is skipped and counted as `corrupt`; a file that breaks off gives its
    frames up to there and counts `cut_off`. SourceError names the file if it can't be
    opened, holds no video, or gives no frame at all.
    """

    medium = Medium.PICTURES

    def __init__(self, path: str | Path, options: VideoFileOptions = VideoFileOptions()) -> None:
        self._name = str(path)
        self.counts = SourceCounts()
        self._skips = Skips(self._name, self.counts.skipped, _logger)
        self._sizes = SizeKeeper(_size_change(options.size_change), self.counts)
        self._container = open_container(self._name, "video")
        self._stream = self._first_video_stream()
        self.info = self._describe()
        self._slots: deque[int] | None = deque() if self._container.format.name == "avi" else None
        self._first_us: int | None = None
        self._last_us: int | None = None
        self._lock = threading.Lock()  # libav must not be closed under a reader
        self._is_closed = False
        self._frames = self._read_frames()

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next frame, None at the end of the file or after `close`."""
        with self._lock:
            return None if self._is_closed else next(self._frames, None)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._is_closed = True
            self._container.close()

    def _first_video_stream(self) -> Any:
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"source {self._name!r}: the file holds no video stream")
        stream = self._container.streams.video[0]
        if stream.codec_context is None:
            self._container.close()
            raise SourceError(f"source {self._name!r}: there is no decoder for its video")
        stream.thread_type = "AUTO"
        return stream

    def _describe(self) -> SourceInfo:
        stream = self._stream
        return SourceInfo(
            name=self._name,
            width_px=stream.width,
            height_px=stream.height,
            frame_rate=float(stream.average_rate) if stream.average_rate else None,
            frame_count=stream.frames or None,
            duration_us=self._container.duration,
        )

    def _read_frames(self) -> Iterator[Frame]:
        for decoded in self._decoded():
            timestamp_us = self._timestamp_us(decoded)
            if timestamp_us is not None:
                self._last_us = timestamp_us
                self._first_us = timestamp_us if self._first_us is None else self._first_us
                self.counts.read += 1
                yield Frame(self._image(decoded, timestamp_us), timestamp_us)
        self._check_end()

    def _decoded(self) -> Iterator[Any]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                self._skips.add("corrupt", f"packet at {time_of(packet)}: {error.strerror}")
                if self._slots:
                    self._slots.popleft()
                continue
            yield from frames

    def _packets(self) -> Iterator[Any]:
        for packet in packets_to_cut(self._container, self._stream, self._cut_off):
            if self._slots is not None and packet.size:
                self._slots.append(packet.dts)
            yield packet

    def _cut_off(self, error: av.error.FFmpegError) -> None:
        self._skips.add("cut_off", f"after {self._position()}: {error.strerror}")

    def _timestamp_us(self, decoded: Any) -> int | None:
        pts = self._slots.popleft() if self._slots else decoded.pts
        if pts is None:
            self._skips.add("no_timestamp", f"the frame after {self._position()}")
            return None
        timestamp_us = to_microseconds(pts, decoded.time_base or self._stream.time_base)
        if decoded.is_corrupt:
            self._skips.add("corrupt", f"the frame at {timestamp_us} µs decodes with errors")
        elif self._last_us is not None and timestamp_us <= self._last_us:
            reason = "repeated_timestamp" if timestamp_us == self._last_us else "time_goes_back"
            self._skips.add(reason, f"{timestamp_us} µs comes after {self._last_us} µs")
        else:
            return timestamp_us
        return None

    def _image(self, decoded: Any, timestamp_us: int) -> Any:
        try:
            return self._sizes.image(upright_rgb(decoded))
        except ValueError as error:
            raise SourceError(f"source {self._name!r} at {timestamp_us} µs: {error}") from error

    def _check_end(self) -> None:
        if self.counts.read == 0:
            reasons = ", ".join(f"{why} ×{n}" for why, n in self.counts.skipped.items())
            raise SourceError(
                f"source {self._name!r}: not one frame can be read ({reasons or 'it is empty'})"
            )
        if "cut_off" not in self.counts.skipped and (missing := self._missing()):
            self._skips.add("cut_off", f"it ends after {self._position()}, {missing}")

    def _missing(self) -> str:
        """Says what the container promised and didn't give; nothing where it can't be known.

        Transport streams and fragmented MP4 state no length, so their cut ends pass unseen.
        """
        stated_us, frames = self.info.duration_us, self.info.frame_count
        if stated_us is None or self._first_us is None or self._last_us is None:
            return ""
        period_us = 1e6 / (self.info.frame_rate or 2)
        if frames is not None:
            counted = self.counts.read + self.counts.skipped.total()
            is_short = self._last_us - self._first_us + 2 * period_us < stated_us
            return f"{counted} of {frames} frames" if counted < frames and is_short else ""
        is_short = self._last_us + max(2 * period_us, 500_000) < stated_us
        is_short = is_short and len(self._container.streams) == 1  # sound may last longer
        return f"its length should be {stated_us} µs" if is_short else ""

    def _position(self) -> str:
        return "the start" if self._last_us is None else f"{self._last_us} µs"


def open_video_file(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - files carry their time
    """Opens a video file named on the command line."""
    return VideoFileSource(url.rest, url.read_options(VideoFileOptions))


def _size_change(text: str) -> SizeChange:
    if text == "error":
        return "error"
    if text == "rescale":
        return "rescale"
    raise ValueError(f"option size_change={text!r} must be 'error' or 'rescale'")
