"""Sound files and the sound tracks of video files, with the times they carry.

Times are those of the container, so sound and pictures of one file share one zero. MP3 is the
exception: its start is late by what the encoder put in front, which is no time at all.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import av

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.container import open_container, packets_to_cut, time_of
from flowlace.sources.decoding import exact_microseconds, float_samples
from flowlace.sources.skips import Skips
from flowlace.sources.sound_length import missing_sound, stated_length_us
from flowlace.sources.sound_shaper import FRAMES_A_SECOND, Samples, SoundShaper
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
)

_logger = logging.getLogger("flowlace.sources.sound_file")


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundFileOptions:
    """How a sound file is read."""

    rate: int | None = None
    """Samples a second to give; the file's own if not given."""

    channels: int | None = None
    """Channels to give, 1 mixes all; the file's own if not given."""

    track: int = 0
    """Which sound track of several, counted from 0."""

    def __post_init__(self) -> None:
        check_rate_and_channels(self.rate, self.channels)
        if self.track < 0:
            raise ValueError(f"option track={self.track} must not be negative")


def check_rate_and_channels(rate: int | None, channels: int | None) -> None:
    """Raises ValueError for a rate that no sound has or a number of channels below 1."""
    if rate is not None and not 1000 <= rate <= 768_000:
        raise ValueError(f"option rate={rate} must be from 1000 to 768000 samples a second")
    if channels is not None and not 1 <= channels <= 64:
        raise ValueError(f"option channels={channels} must be from 1 to 64")


class _Piece(NamedTuple):
    values: Samples
    rate: int
    start_us: Fraction | None


class SoundFileSource(Source):
    """Reads the sound of one file, lossless and as fast as it is asked, in frames of 50 ms.

    A damaged packet is skipped and counted as `corrupt`, which leaves a gap in time; a file that
    breaks off gives its sound up to there and counts `cut_off`. A change of rate or channels in
    the middle is brought to the first ones and counted. SourceError names the file if it can't be
    opened, holds no sound, or gives none at all.
    """

    medium = Medium.SOUND

    def __init__(self, path: str | Path, options: SoundFileOptions = SoundFileOptions()) -> None:
        self._name = str(path)
        self.counts = SourceCounts()
        self._skips = Skips(self._name, self.counts.skipped, _logger)
        self._lock = threading.Lock()  # libav must not be closed under a reader
        self._is_closed = False
        self._container = open_container(self._name, "sound")
        try:
            self._stream = self._track(options.track)
            # The first piece tells what the decoder really gives; headers of AAC are wrong.
            self._pieces = self._read_pieces()
            first = next(self._pieces, None)
            if first is None:
                raise SourceError(self._nothing())
        except BaseException:
            self._container.close()
            raise
        self._zero_us = self._zero()
        self._shaper = SoundShaper(
            self._skips,
            self.counts,
            rate=options.rate or first.rate,
            channels=options.channels or first.values.shape[0],
            tick_us=float(self._stream.time_base * 1_000_000),
        )
        self.header = self._shaper.header
        self.info = self._describe()
        self._frames = self._read_frames(first)

    @property
    def is_endless(self) -> bool:
        """Whether neither the file nor the server it lies on states any length."""
        return self.info.duration_us is None and self._container.size <= 0

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next frame, None at the end of the file or after `close`."""
        with self._lock:
            return None if self._is_closed else next(self._frames, None)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._is_closed = True
            self._container.close()

    def _track(self, number: int) -> Any:
        tracks = self._container.streams.audio
        if not tracks:
            raise SourceError(f"source {self._name!r}: the file holds no sound")
        if number >= len(tracks):
            raise SourceError(
                f"source {self._name!r}: there is no track={number}; the file holds {len(tracks)} "
                "sound tracks, counted from 0"
            )
        if tracks[number].codec_context is None:
            raise SourceError(f"source {self._name!r}: there is no decoder for its sound")
        if tracks[number].codec_context.name == "flac":
            # By itself FFmpeg lets a FLAC frame with a wrong checksum through, as loud noise.
            tracks[number].codec_context.options = {"err_detect": "crccheck+explode"}
        return tracks[number]

    def _zero(self) -> Fraction:
        start = self._stream.start_time
        if self._container.format.name != "mp3" or start is None:
            return Fraction(0)
        return exact_microseconds(start, self._stream.time_base)

    def _describe(self) -> SourceInfo:
        stated_us = stated_length_us(self._container, self._stream)
        frames = None if stated_us is None else round(stated_us * FRAMES_A_SECOND / 1_000_000)
        return SourceInfo(
            name=self._name,
            sample_rate_hz=self._shaper.rate,
            channels=self._shaper.channels,
            frame_rate=float(FRAMES_A_SECOND),
            frame_count=frames,
            duration_us=stated_us,
        )

    def _read_frames(self, first: _Piece) -> Iterator[Frame]:
        for piece in chain([first], self._pieces):
            start_us = None if piece.start_us is None else piece.start_us - self._zero_us
            yield from self._counted(self._shaper.add(piece.values, piece.rate, start_us))
        yield from self._counted(self._shaper.finish())
        self._check_end()

    def _counted(self, frames: list[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self.counts.read += 1
            yield frame

    def _read_pieces(self) -> Iterator[_Piece]:
        for packet in self._packets():
            try:
                decoded = packet.decode()
            except av.error.FFmpegError as error:
                self._skips.add("corrupt", f"packet at {time_of(packet)}: {error.strerror}")
                continue
            for frame in decoded:
                if frame.is_corrupt:
                    self._skips.add("corrupt", f"packet at {time_of(packet)} decodes with errors")
                elif frame.samples:
                    yield self._piece(frame)

    def _piece(self, frame: Any) -> _Piece:
        start_us = None
        if frame.pts is not None:
            base = frame.time_base or self._stream.time_base
            start_us = exact_microseconds(frame.pts, base)
        return _Piece(float_samples(frame), frame.sample_rate, start_us)

    def _packets(self) -> Iterator[Any]:
        return packets_to_cut(self._container, self._stream, self._cut_off)

    def _cut_off(self, error: av.error.FFmpegError) -> None:
        self._skips.add("cut_off", f"after {self._position()}: {error.strerror}")

    def _nothing(self) -> str:
        reasons = ", ".join(f"{why} ×{n}" for why, n in self.counts.skipped.items())
        return f"source {self._name!r}: no sound can be read ({reasons or 'there is none'})"

    def _check_end(self) -> None:
        if "cut_off" in self.counts.skipped:
            return
        end_us = self._shaper.end_us
        if missing := missing_sound(Path(self._name), self._container, self._stream, end_us):
            self._skips.add("cut_off", f"it ends after {self._position()}, {missing}")

    def _position(self) -> str:
        end_us = self._shaper.end_us if hasattr(self, "_shaper") else None
        return "the start" if end_us is None else f"{round(end_us)} µs"


def open_sound_file(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - files carry their time
    """Opens a sound file, or the sound of a video file, named on the command line."""
    return SoundFileSource(url.rest, url.read_options(SoundFileOptions))
