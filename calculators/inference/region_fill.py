"""Writes a part of a picture into an array: cut, scaled, turned, in another range of values.

Pixels are areas, not points: the middle of the output's first pixel is half an output pixel inside
the region. OpenCV's `resize` and MediaPipe's converters for the GPU do the same; its converter for
the CPU takes pixels for points, which moves what it sees by less than a pixel.
"""

from dataclasses import dataclass
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
_WHOLE = 1e-3
"""A thousandth of a pixel off counts as on the edge of a pixel."""


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
        parts = None
        if self.region.rotation == 0:
            parts = _whole_pixels(self.region, self.image, width, height)
        if parts is None:
            self._warp(out)
        else:
            _resize_inside(self.image.pixels, out, *parts, self.is_border_zero)

    def _warp(self, out: Pixels) -> None:
        height, width = out.shape[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_CONSTANT if self.is_border_zero else cv2.BORDER_REPLICATE
        way = _pixel_map(self.region, width, height)
        cv2.warpAffine(
            self.image.pixels, way, (width, height), dst=out, flags=flags, borderMode=border
        )

    def _convert(self, pixels: Pixels, out: Pixels) -> None:
        if out.dtype == np.int8 and self.scale == 1 and self.offset == -128:
            np.bitwise_xor(pixels, np.uint8(128), out=out.view(np.uint8))
        elif out.dtype == np.float32 and self.offset == 0:
            np.multiply(pixels, np.float32(self.scale), out=out)
        else:
            # The one call of OpenCV that scales, shifts, rounds and limits in a single pass.
            depth = _DEPTHS[out.dtype]
            cv2.addWeighted(pixels, self.scale, pixels, 0, self.offset, dst=out, dtype=depth)


def _pixel_map(region: Region, width: int, height: int) -> NDArray[np.float64]:
    """Returns the 2×3 matrix from indices of the output to indices of the picture."""
    along, across = region.width / width, region.height / height
    c, s = cos(region.rotation), sin(region.rotation)
    way = np.array([[along * c, -across * s, 0], [along * s, across * c, 0]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    way[:, 2] = (region.x_center - 0.5, region.y_center - 0.5) - way[:, :2] @ middle
    return way


def _whole_pixels(
    region: Region, image: Image, width: int, height: int
) -> tuple[slice, slice, slice, slice] | None:
    """Returns rows and columns of the picture, and of the output they fill.

    None where the region or the picture's edge cuts a pixel, so that no plain resize will do.
    """
    x = _whole_span(region.x_center, region.width, image.width_px, width)
    y = _whole_span(region.y_center, region.height, image.height_px, height)
    return None if x is None or y is None else (y[0], x[0], y[1], x[1])


def _whole_span(
    center: float, length: float, picture: int, output: int
) -> tuple[slice, slice] | None:
    start, stop = center - length / 2, center + length / 2
    inside = max(start, 0.0), min(stop, float(picture))
    filled = [(edge - start) / length * output for edge in inside]
    edges = [*inside, *filled]
    whole = [round(edge) for edge in edges]
    if any(abs(a - b) > _WHOLE for a, b in zip(edges, whole, strict=True)):
        return None
    from_start, from_stop, to_start, to_stop = whole
    if from_start >= from_stop or to_start >= to_stop:
        return None
    return slice(from_start, from_stop), slice(to_start, to_stop)


def _resize_inside(
    pixels: Pixels,
    out: Pixels,
    from_rows: slice,
    from_columns: slice,
    to_rows: slice,
    to_columns: slice,
    is_border_zero: bool,
) -> None:
    inner = out[to_rows, to_columns]
    size = (inner.shape[1], inner.shape[0])
    cv2.resize(pixels[from_rows, from_columns], size, dst=inner, interpolation=cv2.INTER_LINEAR)
    top, bottom, left, right = to_rows.start, to_rows.stop, to_columns.start, to_columns.stop
    for border, edge in (
        (out[top:bottom, :left], out[top:bottom, left : left + 1]),
        (out[top:bottom, right:], out[top:bottom, right - 1 : right]),
        (out[:top], out[top : top + 1]),
        (out[bottom:], out[bottom - 1 : bottom]),
    ):
        if border.size:
            border[...] = 0 if is_border_zero else edge
