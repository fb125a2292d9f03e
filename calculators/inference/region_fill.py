"""Writes a part of a picture into an array: cut, scaled, turned, in another range of values.

The geometry is that of MediaPipe on the CPU: output pixel (u, v) shows the picture at the region's
corner plus (u, v) output pixels, rounded to 1/32 of a pixel, with whole-number weights. Models give
the same results to the last bit, and boxes come out where MediaPipe's tasks put them. OpenCV's
`resize` would be faster by a quarter of a millisecond and moves what a model sees by up to half a
pixel, which changes scores by several hundredths.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.inference.region import Region
from flowlace.formats.image import Image, ImageFormat

Pixels = NDArray[Any]

WITHOUT_ALPHA = {
    ImageFormat.SRGBA: cv2.COLOR_RGBA2RGB,
    ImageFormat.SBGRA: cv2.COLOR_BGRA2RGB,
}
CHANNELS = {
    ImageFormat.SRGB: 3,
    ImageFormat.SRGBA: 3,
    ImageFormat.SBGRA: 3,
    ImageFormat.GRAY8: 1,
}
"""The picture formats a model can be given, and the channels it then sees."""

_DEPTHS = {
    np.dtype(np.uint8): cv2.CV_8U,
    np.dtype(np.int8): cv2.CV_8S,
    np.dtype(np.float32): cv2.CV_32F,
}


@dataclass(frozen=True, slots=True)
class RegionFill:
    """Fills `[1, y, x, channel]` with what a region shows; the same each time, on any thread."""

    image: Image
    region: Region
    scale: float
    """What a step of the picture's 0–255 is worth."""
    offset: float
    """What the picture's 0 becomes."""
    is_border_zero: bool
    """Whether pixels outside of the picture are 0, before the range changes, or repeat the edge."""

    def __call__(self, out: NDArray[Any]) -> None:
        """Writes every value of `out`: uint8, int8 or float32."""
        target = out[0, :, :, 0] if out.shape[3] == 1 else out[0]
        is_plain = out.dtype == np.uint8 and self.scale == 1 and self.offset == 0
        color = WITHOUT_ALPHA.get(self.image.format)
        if is_plain and color is None:
            self._cut(target)
            return
        channels = self.image.channels
        cut = np.empty(target.shape[:2] + ((channels,) if channels > 1 else ()), np.uint8)
        self._cut(cut)
        if color is not None:
            cut = cv2.cvtColor(cut, color, dst=target if is_plain else None)
        if not is_plain:
            self._convert(cut, target)

    def _cut(self, out: Pixels) -> None:
        height, width = out.shape[:2]
        border = cv2.BORDER_CONSTANT if self.is_border_zero else cv2.BORDER_REPLICATE
        whole, parts = _pixel_map(self.region, width, height)
        cv2.remap(self.image.pixels, whole, parts, cv2.INTER_LINEAR, dst=out, borderMode=border)

    def _convert(self, pixels: Pixels, out: Pixels) -> None:
        if out.dtype == np.int8 and self.scale == 1 and self.offset == -128:
            np.bitwise_xor(pixels, np.uint8(128), out=out.view(np.uint8))
        elif out.dtype == np.float32 and self.offset == 0:
            np.multiply(pixels, np.float32(self.scale), out=out)
        else:
            # The one call of OpenCV that scales, shifts, rounds and limits in a single pass.
            depth = _DEPTHS[out.dtype]
            cv2.addWeighted(pixels, self.scale, pixels, 0, self.offset, dst=out, dtype=depth)


# Most graphs look at the same part of every frame; the map for it is made once.
@lru_cache(maxsize=8)
def _pixel_map(region: Region, width: int, height: int) -> tuple[Pixels, Pixels]:
    """Returns where each output pixel lies in the picture, as OpenCV's fixed-point maps."""
    along, across = region.width / width, region.height / height
    c, s = cos(region.rotation), sin(region.rotation)
    u, v = np.arange(width) - width / 2, np.arange(height)[:, None] - height / 2
    x = region.x_center + along * c * u - across * s * v
    y = region.y_center + along * s * u + across * c * v
    return cv2.convertMaps(x.astype(np.float32), y.astype(np.float32), cv2.CV_16SC2)
