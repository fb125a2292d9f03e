"""Pictures into a folder, each named by its timestamp."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.openers import Url
from flowlace.sinks.sink import Sink, SinkCounts, SinkError

_TO_FILE = {  # OpenCV writes BGR
    ImageFormat.SRGB: cv2.COLOR_RGB2BGR,
    ImageFormat.SRGBA: cv2.COLOR_RGBA2BGRA,
    ImageFormat.SRGB48: cv2.COLOR_RGB2BGR,
    ImageFormat.SRGBA64: cv2.COLOR_RGBA2BGRA,
    ImageFormat.LAB8: cv2.COLOR_Lab2BGR,
}
_AS_IS = (ImageFormat.GRAY8, ImageFormat.GRAY16, ImageFormat.SBGRA)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolderOptions:
    """How pictures are written."""

    quality: int = 92
    """Of JPEG, 1 to 100."""


class ImageFolderSink(Sink):
    """Writes each image to `pattern % timestamp_us`, for example `out/%012d.png`.

    The folder is made. A picture appears under its name only when it is whole. Read back
    with the same timestamps: `out/*.png?timestamps=name`.
    """

    def __init__(
        self, pattern: str | Path, options: ImageFolderOptions = ImageFolderOptions()
    ) -> None:
        self._pattern = str(pattern)
        if not re.fullmatch(r"[^%]*%0?\d*d[^%]*", Path(self._pattern).name):
            raise ValueError("the file name needs one %d (such as %012d) for the timestamp in µs")
        if not 1 <= options.quality <= 100:
            raise ValueError(f"option quality={options.quality} must lie within 1 and 100")
        self._folder = Path(self._pattern).parent
        self._name = Path(self._pattern).name
        self._parameters = [cv2.IMWRITE_JPEG_QUALITY, options.quality]
        self.counts = SinkCounts()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _error(self._folder, error) from error

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes one image."""
        path = self._folder / (self._name % timestamp_us)
        data = self._encode(path, payload)
        unfinished = path.with_name(f".{path.name}.part")
        try:
            unfinished.write_bytes(data)
            os.replace(unfinished, path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise _error(path, error) from error
        self.counts.written += 1

    def close(self) -> None:
        """Has nothing to do: each picture is finished when it is written."""

    def _encode(self, path: Path, payload: Any) -> bytes:
        if not isinstance(payload, Image):
            raise SinkError(f"sink {str(path)!r} takes images, not {type(payload).__name__}")
        is_jpeg = path.suffix.lower() in (".jpg", ".jpeg")
        pixels = _file_pixels(path, payload)
        parameters = self._parameters if is_jpeg else []
        return cv2.imencode(path.suffix, pixels, parameters)[1].tobytes()


def _file_pixels(path: Path, image: Image) -> NDArray[Any]:
    is_jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    if is_jpeg and image.format.dtype != np.uint8:
        raise SinkError(f"sink {str(path)!r}: JPEG can't hold {image.format.name}; use .png")
    if image.format in _AS_IS:
        return image.pixels
    if image.format not in _TO_FILE:
        raise SinkError(f"sink {str(path)!r} can't hold images of format {image.format.name}")
    return cv2.cvtColor(image.pixels, _TO_FILE[image.format])


def _error(path: Path, error: OSError) -> SinkError:
    return SinkError(f"sink {str(path)!r} can't be written: {error.strerror or error}")


def open_image_folder(url: Url) -> Sink:
    """Opens a folder or name pattern named on the command line."""
    pattern = f"{url.rest.rstrip('/')}/%012d.png" if url.name == "folder" else url.rest
    return ImageFolderSink(pattern, url.read_options(ImageFolderOptions))
