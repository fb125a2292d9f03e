"""Pictures as packets carry them.

An image is a numpy array with the meaning of its channels. The array is seen through a
read-only view and never copied, so passing a picture from node to node costs nothing and
a calculator that writes into its input fails at once instead of changing what its
neighbours see. Whoever made the array can still write to it and must not.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray


class ImageFormat(IntEnum):
    """What the channels of an image mean; names and numbers are MediaPipe's."""

    UNKNOWN = 0
    SRGB = 1
    SRGBA = 2
    GRAY8 = 3
    GRAY16 = 4
    YCBCR420P = 5
    YCBCR420P10 = 6
    SRGB48 = 7
    SRGBA64 = 8
    VEC32F1 = 9
    LAB8 = 10
    SBGRA = 11
    VEC32F2 = 12
    VEC32F4 = 13

    @property
    def channels(self) -> int:
        """The number of values a pixel has; ValueError for planar and unknown formats."""
        return _layout(self)[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of one value; ValueError for planar and unknown formats."""
        return np.dtype(_layout(self)[1])


_LAYOUTS: dict[ImageFormat, tuple[int, DTypeLike]] = {
    ImageFormat.SRGB: (3, np.uint8),
    ImageFormat.SRGBA: (4, np.uint8),
    ImageFormat.GRAY8: (1, np.uint8),
    ImageFormat.GRAY16: (1, np.uint16),
    ImageFormat.SRGB48: (3, np.uint16),
    ImageFormat.SRGBA64: (4, np.uint16),
    ImageFormat.VEC32F1: (1, np.float32),
    ImageFormat.LAB8: (3, np.uint8),
    ImageFormat.SBGRA: (4, np.uint8),
    ImageFormat.VEC32F2: (2, np.float32),
    ImageFormat.VEC32F4: (4, np.float32),
}

_TO_GRAY = {
    ImageFormat.SRGB: cv2.COLOR_RGB2GRAY,
    ImageFormat.SRGBA: cv2.COLOR_RGBA2GRAY,
    ImageFormat.SBGRA: cv2.COLOR_BGRA2GRAY,
    ImageFormat.SRGB48: cv2.COLOR_RGB2GRAY,
    ImageFormat.SRGBA64: cv2.COLOR_RGBA2GRAY,
}


def _layout(image_format: ImageFormat) -> tuple[int, DTypeLike]:
    try:
        return _LAYOUTS[image_format]
    except KeyError:
        known = ", ".join(one.name for one in _LAYOUTS)
        raise ValueError(
            f"an image can't hold format {image_format.name}; convert to one of: {known}"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture: format and read-only pixels, `[y, x]` or `[y, x, channel]`.

    Raises ValueError when shape or dtype don't fit the format. Images are equal when
    format and pixels are; they have no hash.
    """

    format: ImageFormat
    """What the channels mean."""

    pixels: NDArray[Any]
    """`[y, x]` for one channel, `[y, x, channel]` for more; a read-only view, not a copy."""

    def __post_init__(self) -> None:
        _check(self.format, self.pixels)
        view = self.pixels.view()
        view.flags.writeable = False
        object.__setattr__(self, "pixels", view)

    @property
    def width_px(self) -> int:
        """The number of columns."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """The number of rows."""
        return int(self.pixels.shape[0])

    @property
    def channels(self) -> int:
        """The number of values a pixel has."""
        return self.format.channels

    def gray(self) -> "Image":
        """Returns the brightness, GRAY8 or GRAY16 by depth; the image itself if it is gray."""
        if self.format in (ImageFormat.GRAY8, ImageFormat.GRAY16):
            return self
        if self.format is ImageFormat.LAB8:
            return Image(ImageFormat.GRAY8, self.pixels[:, :, 0])
        if self.format not in _TO_GRAY:
            raise ValueError(f"format {self.format.name} holds vectors, which have no gray")
        deep = self.format.dtype == np.uint16
        gray = cv2.cvtColor(self.pixels, _TO_GRAY[self.format])
        return Image(ImageFormat.GRAY16 if deep else ImageFormat.GRAY8, gray)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return NotImplemented
        return self.format is other.format and np.array_equal(self.pixels, other.pixels)

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is large

    def __repr__(self) -> str:
        return f"Image({self.format.name}, {self.width_px}×{self.height_px})"


def _check(image_format: ImageFormat, pixels: NDArray[Any]) -> None:
    channels, dtype = _layout(image_format)
    if not isinstance(pixels, np.ndarray):
        raise ValueError(f"pixels must be a numpy array, not {type(pixels).__name__}")
    if pixels.dtype != dtype:
        raise ValueError(
            f"format {image_format.name} expects dtype {np.dtype(dtype)}, "
            f"pixels have {pixels.dtype}"
        )
    wanted = "[y, x]" if channels == 1 else f"[y, x, {channels}]"
    fits = pixels.ndim == 2 if channels == 1 else pixels.shape[2:] == (channels,)
    if not fits or 0 in pixels.shape:
        raise ValueError(
            f"format {image_format.name} expects shape {wanted} with at least one pixel, "
            f"pixels have {pixels.shape}"
        )
