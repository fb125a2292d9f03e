"""Pictures as an animated GIF that loops.

`out.gif` gets every picture, as it comes. `out.gif?last=7` holds the newest seven and is replaced
whole with each: what a web page shows of a live run. GIFs have no real times: every picture is
shown for 1/`fps` s, whenever it was made.
"""

from __future__ import annotations

import io
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.openers import Url
from flowlace.sinks.dated_file import DatedFile
from flowlace.sinks.encoded_file import EncodedFileSink
from flowlace.sinks.gif_palette import GifPalette
from flowlace.sinks.sink import Sink, SinkCounts, SinkError

Indexed = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""`[y, x]` indices and the palette `[256, argb]`."""

_TO_RGB = {
    ImageFormat.SRGB: None,
    ImageFormat.SRGBA: cv2.COLOR_RGBA2RGB,
    ImageFormat.SBGRA: cv2.COLOR_BGRA2RGB,
    ImageFormat.GRAY8: cv2.COLOR_GRAY2RGB,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GifOptions:
    """How GIFs are written."""

    fps: float = 2.5
    """Pictures a second, up to 50; a GIF counts in hundredths of a second."""

    last: int = 0
    """Keep the newest pictures only, this many; 0 keeps all."""

    def check(self) -> None:
        """Raises ValueError for what a GIF can't be."""
        if not 0.01 <= self.fps <= 50:
            raise ValueError(f"option fps={self.fps:g} must lie within 0.01 and 50")
        if self.last < 0:
            raise ValueError(f"option last={self.last} must be 0 or more")


class GifSink(EncodedFileSink["_Encoder"]):
    """Writes images to one GIF; the first one sets the size.

    Pictures of up to 256 colours keep them; others are dithered. SinkError names the path when an
    image has another size than the first, and when the disk is full.
    """

    def __init__(
        self,
        path: str | Path,
        options: GifOptions = GifOptions(),
        file: IO[bytes] | None = None,
    ) -> None:
        options.check()
        super().__init__(path, file)
        self._options = options
        self._palette = GifPalette()

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Adds one image."""
        self._check_open()
        place = f"sink {self._path!r} at {timestamp_us} µs"
        shape = None if self._encoder is None else self._encoder.shape
        indexed = self._palette.apply(_checked(place, payload, shape))
        try:
            if self._encoder is None:
                self._encoder = _Encoder(self._file, self._options.fps, indexed[0].shape)
            self._encoder.encode(indexed)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error
        self._file.check(self._error)
        self.counts.written += 1


class NewestGifSink(Sink):
    """Replaces a GIF with each image by one of the newest images."""

    def __init__(self, path: str | Path, options: GifOptions) -> None:
        options.check()
        self._path = Path(path)
        self._options = options
        self._place = DatedFile(str(path).replace("%", "%%"))
        self._palette = GifPalette()
        self._kept: deque[Indexed] = deque(maxlen=options.last)
        self.counts = SinkCounts()

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Adds one image and forgets the oldest."""
        place = f"sink {str(self._path)!r} at {timestamp_us} µs"
        shape = self._kept[0][0].shape if self._kept else None
        self._kept.append(self._palette.apply(_checked(place, payload, shape)))
        self._place.write(self._path, self._encoded())
        self.counts.written += 1

    def close(self) -> None:
        """Has nothing to do: the file has been in its place since the last image."""

    def _encoded(self) -> memoryview:
        file = io.BytesIO()
        encoder = _Encoder(file, self._options.fps, self._kept[0][0].shape)
        for one in self._kept:
            encoder.encode(one)
        encoder.close()
        return file.getbuffer()


class _Encoder:
    """The open GIF; made when the first image tells the size."""

    def __init__(self, file: Any, fps: float, shape: tuple[int, ...]) -> None:
        self.shape = shape
        rate = Fraction(str(fps)).limit_denominator(1000)
        self._container = av.open(
            file, "w", format="gif", options={"loop": "0", "flush_packets": "1"}
        )
        self._stream = cast(Any, self._container.add_stream("gif", rate=rate))
        self._stream.height, self._stream.width = shape
        self._stream.pix_fmt = "pal8"
        self._tick = 1 / rate
        self._count = 0

    def encode(self, indexed: Indexed) -> None:
        frame = av.VideoFrame.from_ndarray(cast(Any, indexed), format="pal8")
        frame.pts, frame.time_base = self._count, self._tick
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def _checked(place: str, payload: Any, shape: tuple[int, ...] | None) -> NDArray[np.uint8]:
    """Returns the `[y, x, rgb]` pixels of an image; SinkError where a GIF can't hold it."""
    if not isinstance(payload, Image):
        raise SinkError(f"{place} takes images, not {type(payload).__name__}")
    if payload.format not in _TO_RGB:
        raise SinkError(f"{place} can't hold images of format {payload.format.name}")
    if shape is not None and payload.pixels.shape[:2] != shape:
        raise SinkError(
            f"{place}: the image is {payload.width_px}×{payload.height_px}, the ones before are "
            f"{shape[1]}×{shape[0]}; scale them to one size in the graph"
        )
    conversion = _TO_RGB[payload.format]
    pixels = payload.pixels if conversion is None else cv2.cvtColor(payload.pixels, conversion)
    return cast(NDArray[np.uint8], pixels)


def open_gif(url: Url) -> Sink:
    """Opens a GIF named on the command line."""
    options = url.read_options(GifOptions)
    return NewestGifSink(url.rest, options) if options.last else GifSink(url.rest, options)
