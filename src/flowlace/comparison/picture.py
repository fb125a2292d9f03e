"""The first difference as a picture: expected, actual and what differs, beside each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.streams import Comparison, Difference
from flowlace.drawing.rain_colours import RAIN, UNKNOWN
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import RadarGrid

Pixels = NDArray[np.uint8]
"""`[y, x, rgb]`."""

CAPTION_PX = 22
SMALLEST_PX = 200
"""Smaller pictures are enlarged, whole pixels, so that one of them can be seen."""
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


def difference_picture(difference: Difference) -> Pixels | None:
    """Returns expected | actual | difference; None where the payloads are no pictures.

    What is alike is pale in the third part, what differs the redder the more it does: the full red
    stands for the largest error there is. A picture that only one side has stands alone.
    """
    sides = [difference.expected, difference.actual]
    rule = next((_RULES[type(each)] for each in sides if type(each) in _RULES), None)
    if rule is None:
        return None
    drawn = [rule(each, sides) for each in sides if type(each) in _RULES]
    named = [
        name
        for name, each in zip(("expected", "actual"), sides, strict=True)
        if type(each) in _RULES
    ]
    if len(drawn) == 2 and drawn[0].shape == drawn[1].shape:
        drawn.append(_marked(drawn[0], drawn[1]))
        named.append("difference")
    height = max(each.shape[0] for each in drawn)
    scale = max(1, -(-SMALLEST_PX // height))
    parts = [_captioned(each, name, scale, height) for each, name in zip(drawn, named, strict=True)]
    return np.concatenate(parts, axis=1)


def write_difference_picture(comparison: Comparison, path: str | Path) -> bool:
    """Writes the first difference that is a picture as PNG; tells whether there was one.

    Raises:
        ComparisonError: the file can't be written.
    """
    drawn = map(difference_picture, comparison.differences)
    picture = next((each for each in drawn if each is not None), None)
    if picture is None:
        return False
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    try:
        Path(path).write_bytes(encoded.tobytes())
    except OSError as error:
        raise ComparisonError(
            f"picture {str(path)!r} can't be written: {error.strerror}"
        ) from error
    return True


def _marked(expected: Pixels, actual: Pixels) -> Pixels:
    error = np.abs(expected.astype(np.int16) - actual).max(axis=2).astype(np.float32)
    strength = error / max(float(error.max()), 1.0)
    strength[error > 0] = np.maximum(strength[error > 0], 0.2)  # one step of 255 shows too
    pale = 200 + 0.2 * expected.mean(axis=2)
    red = np.array((220, 0, 30), np.float32)
    mixed = pale[..., None] * (1 - strength[..., None]) + red * strength[..., None]
    return np.asarray(mixed.astype(np.uint8))


def _captioned(pixels: Pixels, name: str, scale: int, height: int) -> Pixels:
    large = np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)
    below = height * scale - large.shape[0]
    part = cv2.copyMakeBorder(large, CAPTION_PX, below, 2, 2, cv2.BORDER_CONSTANT, value=_PAPER)
    place = (4, CAPTION_PX - 7)
    cv2.putText(part, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.asarray(part, np.uint8)


def _of_image(image: Image, sides: list[Any]) -> Pixels:
    pixels = image.pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype == np.float32:
        both = [each.pixels for each in sides if isinstance(each, Image)]
        low, high = min(map(np.nanmin, both)), max(map(np.nanmax, both))
        scaled = (pixels - low) / max(float(high - low), 1e-12) * 255
        pixels = np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    if image.format is ImageFormat.LAB8:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_LAB2RGB), np.uint8)
    if image.format is ImageFormat.SBGRA:
        pixels = pixels[..., 2::-1]
    if pixels.shape[2] == 2:
        pixels = np.concatenate((pixels, np.zeros_like(pixels[..., :1])), axis=2)
    return np.ascontiguousarray(pixels[..., :3])


def _of_rain(rain_mm_h: NDArray[np.float32]) -> Pixels:
    painted = RAIN.table()[RAIN.classes(rain_mm_h)]
    painted[np.isnan(rain_mm_h)] = UNKNOWN
    return painted


def _of_nowcast(nowcast: Nowcast, sides: list[Any]) -> Pixels:
    """Draws the lead that differs most."""
    both = [each.rain_mm_h for each in sides if isinstance(each, Nowcast)]
    lead = 0
    if len(both) == 2 and both[0].shape == both[1].shape:
        first, second = (np.nan_to_num(each, nan=-1.0) for each in both)
        lead = int(np.abs(first - second).sum(axis=(1, 2)).argmax())
    return _of_rain(nowcast.rain_mm_h[lead])


_RULES: dict[type, Callable[[Any, list[Any]], Pixels]] = {
    Image: _of_image,
    RadarGrid: lambda grid, _: _of_rain(grid.rain_rate_mm_h),
    Nowcast: _of_nowcast,
}
