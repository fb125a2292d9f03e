"""What files and network streams share: from a decoded frame to an `Image` or to samples."""

from fractions import Fraction
from typing import Any, Final, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.sources.source import SourceCounts

SizeChange = Literal["error", "rescale"]

_PLANES_PYAV_COUNTS: Final = 7
"""With more, it reads beyond libav's table of planes for the end mark that is not there."""

_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


def to_microseconds(pts: int, time_base: Fraction) -> int:
    """Returns `pts` in microseconds, rounded to the nearest in exact arithmetic."""
    scaled = pts * time_base.numerator * 1_000_000
    return (2 * scaled + time_base.denominator) // (2 * time_base.denominator)


def upright_rgb(frame: Any) -> NDArray[np.uint8]:
    """Returns the frame of PyAV as `[y, x, 3]` RGB, turned as its metadata asks."""
    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    turn = _TURNS.get(round(frame.rotation) % 360)
    return pixels if turn is None else cv2.rotate(pixels, turn).astype(np.uint8, copy=False)


def exact_microseconds(pts: int, time_base: Fraction) -> Fraction:
    """Returns `pts` in microseconds, not rounded."""
    return pts * time_base * 1_000_000


def float_samples(frame: Any) -> NDArray[np.float32]:
    """Returns the sound of a frame of PyAV as `[channel, sample]`, full scale -1..1."""
    if frame.format.is_planar and frame.layout.nb_channels > _PLANES_PYAV_COUNTS:
        (frame,) = av.AudioResampler(format=frame.format.packed).resample(frame)
    values: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    return full_scale(values)


def full_scale(values: NDArray[Any]) -> NDArray[np.float32]:
    """Returns samples of any type as floats of -1..1; unsigned ones lie about 128.

    >>> full_scale(np.array([-32768, 16384], np.int16))
    array([-1. ,  0.5], dtype=float32)
    """
    if values.dtype.kind == "u":
        return (values.astype(np.float32) - np.float32(128)) / np.float32(128)
    if values.dtype.kind == "i":
        # A power of two, so the product is exact: one rounding, from integer to float.
        return values.astype(np.float32) * np.float32(2.0 ** (1 - 8 * values.dtype.itemsize))
    with np.errstate(over="ignore"):  # what float32 can't hold becomes infinite, and is reported
        return values.astype(np.float32)


class SizeKeeper:
    """Holds a stream to the size of its first picture.

    Graphs size their buffers once. A picture of another size is an error, or is scaled
    and counted, as `on_change` says.
    """

    def __init__(self, on_change: SizeChange, counts: SourceCounts) -> None:
        if on_change not in ("error", "rescale"):
            raise ValueError(f"size_change={on_change!r} must be 'error' or 'rescale'")
        self._on_change = on_change
        self._counts = counts
        self.size: tuple[int, int] | None = None

    def image(self, pixels: NDArray[np.uint8]) -> Image:
        """Returns RGB pixels as an image of the first size; ValueError names both sizes."""
        size = (pixels.shape[1], pixels.shape[0])
        if self.size is None:
            self.size = size
        if size == self.size:
            return Image(ImageFormat.SRGB, pixels)
        if self._on_change == "error":
            raise ValueError(
                f"the size changes from {self.size[0]}×{self.size[1]} to {size[0]}×{size[1]}; "
                "use size_change=rescale to scale it to the first size"
            )
        self._counts.rescaled += 1
        shrinks = size[0] > self.size[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return Image(ImageFormat.SRGB, cv2.resize(pixels, self.size, interpolation=how))
