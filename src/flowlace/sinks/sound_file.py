"""Sound files that survive being killed.

Written under the final name from the start and handed to the system packet by packet, so what is
on the disk can be played at any moment, also after a kill or on a full disk: FLAC loses less than
a third of a second at 16 kHz, WAV and Opus less. Bytes go through a Python file, not through
FFmpeg's, so that a full disk is noticed at once.

Sound files know no gaps. One in the stream is filled with silence, so that a moment of the file
is as far from its start as it was when it was heard.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from flowlace.formats.time_series import MICROSECONDS, Matrix, TimeSeriesHeader
from flowlace.framework.openers import Url
from flowlace.sinks.encoded_file import EncodedFileSink
from flowlace.sinks.sink import Sink, SinkError
from flowlace.sinks.watched_file import WatchedFile

_logger = logging.getLogger("flowlace.sinks.sound_file")
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_LEAST_GAP_US = 1000
_LONGEST_GAP_US = 24 * 3600 * MICROSECONDS
_BLOCK = 4096


class _Kind(NamedTuple):
    container: str
    options: dict[str, str]


_FLUSHED = {"flush_packets": "1"}
_KINDS = {
    ".flac": _Kind("flac", _FLUSHED),
    ".wav": _Kind("wav", _FLUSHED),
    ".opus": _Kind("ogg", _FLUSHED | {"page_duration": "200000"}),
    ".ogg": _Kind("ogg", _FLUSHED | {"page_duration": "200000"}),
    ".oga": _Kind("ogg", _FLUSHED | {"page_duration": "200000"}),
}
_CODECS = {
    ("flac", 16): ("flac", "s16"),
    ("flac", 24): ("flac", "s32"),
    ("wav", 16): ("pcm_s16le", "s16"),
    ("wav", 24): ("pcm_s24le", "s32"),
    ("wav", 32): ("pcm_f32le", "flt"),
    ("ogg", 16): ("libopus", "flt"),
}
"""By container and bits: FFmpeg's encoder and the samples it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFileOptions:
    """How sound is encoded."""

    bits: int = 16
    """Of a sample: 16 or 24, in WAV also 32, which are floats. Opus has no use for it."""

    bit_rate: int = 64_000
    """Of Opus, bits a second; FLAC and WAV are lossless."""


class SoundFileSink(EncodedFileSink["_Encoder"]):
    """Writes matrices of sound to one file; time 0 of the file is that of the first packet.

    What goes beyond full scale is clipped, except in WAV of 32 bits. Gaps are filled and counted;
    what overlaps sound that is written already is skipped and counted. SinkError names the path
    when the stream doesn't tell its rate, when the number of channels changes, and when the disk
    is full.
    """

    def __init__(
        self,
        path: str | Path,
        options: SoundFileOptions = SoundFileOptions(),
        file: IO[bytes] | None = None,
    ) -> None:
        self._kind = _KINDS.get(Path(path).suffix.lower(), _Kind("", {}))
        if (self._kind.container, options.bits) not in _CODECS:
            raise ValueError(f"option bits={options.bits} is not possible in {Path(path).suffix!r}")
        self._options = options
        self.first_us: int | None = None
        """Time of the first sample; None before."""
        self.rate = 0
        """Samples a second of the stream; 0 before its header is known."""
        self.samples = 0
        """Samples of each channel so far, silence in gaps included."""
        self._header: TimeSeriesHeader | None = None
        super().__init__(path, file)

    @property
    def duration_us(self) -> int:
        """How long the sound is so far."""
        return round(self.samples * MICROSECONDS / self.rate) if self.rate else 0

    def take_header(self, header: Any) -> None:
        """Learns the rate of the stream."""
        self._header = header if isinstance(header, TimeSeriesHeader) else None

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Encodes one packet."""
        self._check_open()
        values = self._checked(timestamp_us, payload)
        try:
            self._place(values, timestamp_us)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error
        self._file.check(self._error)
        self.counts.written += 1

    def _checked(self, timestamp_us: int, payload: Any) -> NDArray[np.float32]:
        place = f"sink {self._path!r} at {timestamp_us} µs"
        if not isinstance(payload, Matrix) or payload.values.dtype != np.float32:
            raise SinkError(f"{place} takes sound, float32 matrices, not {_described(payload)}")
        if self._encoder is None:
            self._begin(place, timestamp_us, payload)
        assert self._encoder is not None
        if payload.rows != self._encoder.channels:
            raise SinkError(
                f"{place}: the packet has {payload.rows} channels, the ones before have "
                f"{self._encoder.channels}"
            )
        return payload.values

    def _begin(self, place: str, timestamp_us: int, payload: Matrix) -> None:
        rate = self._header.sample_rate if self._header is not None else None
        if not rate or rate != round(rate):
            raise SinkError(
                f"{place}: the stream's header must tell a whole number of samples a second, but "
                f"tells {rate}"
            )
        if payload.rows not in _LAYOUTS:
            raise SinkError(f"{place} holds 1 to {max(_LAYOUTS)} channels, not {payload.rows}")
        self.rate, self.first_us = round(rate), timestamp_us
        try:
            self._encoder = _Encoder(self._file, self._kind, self._options, self.rate, payload.rows)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error

    def _place(self, values: NDArray[np.float32], timestamp_us: int) -> None:
        """Writes a packet where it belongs: after silence, or without what is there already."""
        assert self._encoder is not None
        assert self.first_us is not None
        missing_us = timestamp_us - self.first_us - self.samples * MICROSECONDS / self.rate
        if missing_us > _LONGEST_GAP_US:
            raise ValueError("the sound before it ended more than a day ago; begin a new file")
        if abs(missing_us) > max(_LEAST_GAP_US, 2 * MICROSECONDS / self.rate):
            missing = round(missing_us * self.rate / MICROSECONDS)
            if missing > 0:
                self._fill(missing)
            else:
                self._skip(timestamp_us, -missing)
                values = values[:, -missing:]
        self._write(values)

    def _fill(self, samples: int) -> None:
        assert self._encoder is not None
        self.counts.filled_gaps += 1
        silence = np.zeros((self._encoder.channels, self.rate), np.float32)
        while samples > 0:
            self._write(silence[:, :samples])
            samples -= self.rate

    def _skip(self, timestamp_us: int, samples: int) -> None:
        self.counts.skipped["overlaps"] += 1
        if self.counts.skipped["overlaps"] == 1:
            _logger.warning(
                "%s: %d samples at %d µs are written already and are skipped, as will be others",
                self._path,
                samples,
                timestamp_us,
            )

    def _write(self, values: NDArray[np.float32]) -> None:
        assert self._encoder is not None
        self._encoder.encode(values)
        self.samples += values.shape[1]


class _Encoder:
    """The open container and its one stream; made when the first packet tells the channels."""

    def __init__(
        self, file: WatchedFile, kind: _Kind, options: SoundFileOptions, rate: int, channels: int
    ) -> None:
        self.channels = channels
        codec, self._samples = _CODECS[kind.container, options.bits]
        self._resampler: soxr.ResampleStream | None = None
        if codec == "libopus" and rate not in _OPUS_RATES:
            self._resampler = soxr.ResampleStream(rate, 48_000, channels)
            rate = 48_000
        self._rate = rate
        self._container = av.open(file, "w", format=kind.container, options=kind.options)
        self._stream = cast(
            Any, self._container.add_stream(codec, rate=rate, layout=_LAYOUTS[channels])
        )
        context = self._stream.codec_context
        context.format = self._samples
        if codec == "libopus":
            context.bit_rate = options.bit_rate
        context.open()
        self._size = context.frame_size or _BLOCK  # only bare samples take blocks of any size
        self._given = 0
        self._waiting: NDArray[np.float32] = np.zeros((channels, 0), np.float32)

    def encode(self, values: NDArray[np.float32], *, is_last: bool = False) -> None:
        if self._resampler is not None:
            columns = np.ascontiguousarray(values.T)
            values = self._resampler.resample_chunk(columns, last=is_last).T
        self._waiting = np.concatenate([self._waiting, values], axis=1)
        whole = self._waiting.shape[1] // self._size * self._size
        for start in range(0, whole, self._size):
            self._encode_block(self._waiting[:, start : start + self._size])
        self._waiting = self._waiting[:, whole:]

    def close(self) -> None:
        try:
            self.encode(np.zeros((self.channels, 0), np.float32), is_last=True)
            if self._waiting.shape[1]:
                self._encode_block(self._waiting)
            self._mux(self._stream.encode(None))
        finally:
            self._container.close()

    def _encode_block(self, values: NDArray[np.float32]) -> None:
        packed = np.ascontiguousarray(values.T).reshape(1, -1)
        layout = _LAYOUTS[self.channels]
        frame = av.AudioFrame.from_ndarray(
            _as_samples(packed, self._samples), self._samples, layout
        )
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._given, Fraction(1, self._rate)
        self._given += values.shape[1]
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)


def _as_samples(values: NDArray[np.float32], kind: str) -> NDArray[Any]:
    if kind == "flt":
        return values
    if kind == "s16":
        return np.clip(np.rint(values * 2**15), -(2**15), 2**15 - 1).astype(np.int16)
    scaled = np.clip(np.rint(values.astype(np.float64) * 2**23), -(2**23), 2**23 - 1)
    return scaled.astype(np.int32) << 8


def _described(payload: Any) -> str:
    if isinstance(payload, Matrix):
        return f"matrices of {payload.values.dtype}"
    return type(payload).__name__


def open_sound_file(url: Url) -> Sink:
    """Opens a sound file named on the command line."""
    return SoundFileSink(url.rest, url.read_options(SoundFileOptions))
