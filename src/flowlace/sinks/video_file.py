"""Video files that keep every timestamp and survive being killed.

Written under the final name from the start: MP4 in fragments, one a second or so (a normal
MP4 once it is closed), Matroska in clusters, so what is on the disk can be played at any
moment, also after a kill or on a full disk.

Bytes go through a Python file, not through FFmpeg's: FFmpeg notes a full disk only at
some later flush, and the reason is lost.

MP4 holds microseconds exactly. Matroska holds milliseconds; AVI holds slots of 1 / `fps`
counted from the first frame. There a frame that would share its predecessor's slot is
skipped and counted.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.openers import Url
from flowlace.sinks.encoded_file import EncodedFileSink
from flowlace.sinks.sink import Sink, SinkError
from flowlace.sinks.watched_file import WatchedFile

_logger = logging.getLogger("flowlace.sinks.video_file")
_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi"}
_PIXELS = {
    ImageFormat.SRGB: "rgb24",
    ImageFormat.SRGBA: "rgba",
    ImageFormat.SBGRA: "bgra",
    ImageFormat.GRAY8: "gray",
    ImageFormat.GRAY16: "gray16le",
    ImageFormat.SRGB48: "rgb48le",
    ImageFormat.SRGBA64: "rgba64le",
}
_HYBRID_SINCE = (61, 3)  # libavformat that can finish a fragmented MP4 as a normal one
_BT709 = 1
_LONGEST_MP4_GAP_US = (1 << 31) - 1  # FFmpeg replaces longer ones by 1 µs without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFileOptions:
    """How video is encoded."""

    codec: str = ""
    """FFmpeg's name of an encoder; libx264, or mpeg4 in AVI and where x264 is missing."""

    crf: int = 20
    """Quality of libx264: 0 is lossless, 18 hardly visible, 28 coarse."""

    preset: str = "veryfast"
    """Speed of libx264."""

    fps: float = 30.0
    """Nominal rate. Timestamps don't depend on it, except in AVI, which knows no others."""

    even_fps: float = 0.0
    """A time-lapse: images follow each other at this rate whatever their times; 0 keeps times."""


class VideoFileSink(EncodedFileSink["_Encoder"]):
    """Writes images to one video file; the first one sets the size.

    A width or height that is odd, which 4:2:0 colour can't hold, is padded by one by
    repeating the last column or row. SinkError names the path when an image has another
    size than the first, when a timestamp doesn't grow, and when the disk is full.
    """

    def __init__(
        self,
        path: str | Path,
        options: VideoFileOptions = VideoFileOptions(),
        file: IO[bytes] | None = None,
    ) -> None:
        self._kind = _CONTAINERS.get(Path(path).suffix.lower(), "")
        if not self._kind:
            raise ValueError(f"video files end in {', '.join(_CONTAINERS)}")
        if options.fps <= 0:
            raise ValueError(f"option fps={options.fps:g} must be positive")
        if not 0 <= options.even_fps <= 1000:
            raise ValueError(f"option even_fps={options.even_fps:g} must lie within 0 and 1000")
        self._options = options
        self._rate = Fraction(str(options.fps)).limit_denominator(1001)
        super().__init__(path, file)
        self._first_us: int | None = None
        self._last_us: int | None = None
        self._last_tick: int | None = None

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Encodes one image."""
        self._check_open()
        if self._options.even_fps:
            timestamp_us = round(self.counts.written * 1_000_000 / self._options.even_fps)
        image = self._checked(timestamp_us, payload)
        tick = self._tick(timestamp_us)
        if self._last_tick is not None and tick <= self._last_tick:
            self._skip(timestamp_us)
            return
        self._first_us = timestamp_us if self._first_us is None else self._first_us
        self._last_us, self._last_tick = timestamp_us, tick
        try:
            if self._encoder is None:
                self._encoder = _Encoder(self._file, self._kind, self._rate, self._options, image)
            self._encoder.encode(image, tick)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error
        self._file.check(self._error)
        self.counts.written += 1

    def _checked(self, timestamp_us: int, payload: Any) -> Image:
        place = f"sink {self._path!r} at {timestamp_us} µs"
        if not isinstance(payload, Image):
            raise SinkError(f"{place} takes images, not {type(payload).__name__}")
        if payload.format not in _PIXELS:
            raise SinkError(f"{place} can't hold images of format {payload.format.name}")
        if self._encoder is not None and payload.pixels.shape[:2] != self._encoder.shape:
            height, width = self._encoder.shape
            raise SinkError(
                f"{place}: the image is {payload.width_px}×{payload.height_px}, the ones before "
                f"are {width}×{height}; scale them to one size in the graph"
            )
        self._check_time(place, timestamp_us)
        return payload

    def _check_time(self, place: str, timestamp_us: int) -> None:
        if self._last_us is None:
            return
        if timestamp_us <= self._last_us:
            raise SinkError(f"{place}: the image before is at {self._last_us} µs, time must grow")
        if self._kind in ("mp4", "mov") and timestamp_us - self._last_us > _LONGEST_MP4_GAP_US:
            raise SinkError(
                f"{place}: the image before is at {self._last_us} µs, and MP4 in microseconds "
                "holds no gap of more than 35 minutes; use .mkv"
            )

    def _tick(self, timestamp_us: int) -> int:
        if self._kind == "avi":
            first_us = timestamp_us if self._first_us is None else self._first_us
            return round((timestamp_us - first_us) * self._rate / 1_000_000)
        return round(timestamp_us / 1000) if self._kind == "matroska" else timestamp_us

    def _skip(self, timestamp_us: int) -> None:
        self.counts.skipped["shares_a_slot"] += 1
        if self.counts.skipped["shares_a_slot"] == 1:
            slot = "1 ms" if self._kind == "matroska" else f"1/{self._options.fps:g} s"
            _logger.warning(
                "%s: the frame at %d µs is less than %s after another and is skipped, as will be "
                "others; MP4 keeps all",
                self._path,
                timestamp_us,
                slot,
            )


class _Encoder:
    """The open container and its one stream; made when the first image tells the size."""

    def __init__(
        self,
        file: WatchedFile,
        kind: str,
        rate: Fraction,
        options: VideoFileOptions,
        first: Image,
    ) -> None:
        self.shape = first.pixels.shape[:2]
        self._tick = {"matroska": Fraction(1, 1000), "avi": 1 / rate}.get(kind, Fraction(1, 10**6))
        self._container = av.open(
            file, "w", format=kind, options=_container_options(kind), buffer_size=1 << 18
        )
        codec = options.codec or _codec(kind)
        self._stream = cast(Any, self._container.add_stream(codec, rate=rate))
        self._stream.width = first.width_px + first.width_px % 2
        self._stream.height = first.height_px + first.height_px % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._tick
        self._configure(codec, rate, options)
        self._ticks: deque[int] = deque()
        self._count = 0

    def _configure(self, codec: str, rate: Fraction, options: VideoFileOptions) -> None:
        context = self._stream.codec_context
        context.max_b_frames = 0  # frames leave in order, so their ticks can be queued
        context.gop_size = max(1, round(rate))  # a fragment, and what a kill loses, is a second
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        if codec == "libx264":
            self._stream.options = {
                "preset": options.preset,
                "crf": str(options.crf),
                "rc-lookahead": "10",
            }
        else:
            context.bit_rate = round(self._stream.width * self._stream.height * float(rate) * 0.2)

    def encode(self, image: Image, tick: int) -> None:
        pixels = _even(image.pixels)
        frame = av.VideoFrame.from_ndarray(pixels, format=_PIXELS[image.format])
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        # The encoder counts; the true time goes on its packets. Encoders need a coarse and
        # even time base (mpeg4: at most 65535 ticks a second), files don't.
        frame.pts = self._count
        frame.time_base = 1 / self._stream.codec_context.framerate
        self._count += 1
        self._ticks.append(tick)
        self._mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._mux(self._stream.encode(None))
        finally:
            self._container.close()

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            packet.time_base = self._tick
            packet.pts = packet.dts = self._ticks.popleft()
            packet.stream = self._stream
            self._container.mux(packet)


def _container_options(kind: str) -> dict[str, str]:
    if kind not in ("mp4", "mov"):
        clusters = {"cluster_time_limit": "1000"} if kind == "matroska" else {}
        return {"flush_packets": "1", **clusters}
    hybrid = "+hybrid_fragmented" if av.library_versions["libavformat"] >= _HYBRID_SINCE else ""
    # delay_moov: without it the first timestamp is lost and the file starts at 0.
    return {
        "movflags": f"+frag_keyframe+delay_moov+default_base_moof{hybrid}",
        "video_track_timescale": "1000000",
        "movie_timescale": "1000000",  # of the start time
        "flush_packets": "1",
    }


def _codec(kind: str) -> str:
    has_x264 = "libx264" in av.codecs_available
    return "libx264" if has_x264 and kind != "avi" else "mpeg4"


def _even(pixels: NDArray[Any]) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    padding = [(0, height % 2), (0, width % 2)] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(pixels, padding, "edge") if height % 2 or width % 2 else pixels
    return np.ascontiguousarray(padded)


def open_video_file(url: Url) -> Sink:
    """Opens a video file named on the command line."""
    return VideoFileSink(url.rest, url.read_options(VideoFileOptions))
