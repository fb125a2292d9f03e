"""`mp.ImageFrame` and `mp.ImageFormat`: flowlace's pictures in MediaPipe's class."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image as FlowImage
from flowlace.formats.image import ImageFormat

__all__ = ["ImageFormat", "ImageFrame", "PixelHolder"]

_ROW_ALIGNMENT: Final = 4


class PixelHolder:
    """What `ImageFrame` and `Image` have in common.

    Args:
        image_format: what the channels mean.
        data: `[y, x]` or `[y, x, channel]`; copied.

    Raises:
        TypeError: `data` is no array of uint8, uint16 or float32.
        RuntimeError: the format needs another of these.
        ValueError: the shape does not fit the format; MediaPipe reads foreign memory instead.
    """

    def __init__(self, image_format: ImageFormat, data: NDArray[Any]) -> None:
        _check_types(image_format, data)
        self._image = FlowImage(image_format, owned_pixels(image_format, data))
        # MediaPipe pads the rows of what it copies. Nothing is padded here, but code asks.
        self._step_bytes = -(-self._row_bytes // _ROW_ALIGNMENT) * _ROW_ALIGNMENT

    @classmethod
    def of(cls, image: FlowImage) -> Any:
        """Returns a flowlace picture in MediaPipe's clothes; the pixels are shared."""
        wrapped = cls.__new__(cls)
        wrapped._image = image
        wrapped._step_bytes = wrapped._row_bytes
        return wrapped

    @property
    def inner(self) -> FlowImage:
        """The flowlace picture."""
        return self._image

    @property
    def width(self) -> int:
        """The number of columns."""
        return self._image.width_px

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._image.height_px

    @property
    def channels(self) -> int:
        """The number of values a pixel has."""
        return self._image.channels

    @property
    def image_format(self) -> ImageFormat:
        """What the channels mean."""
        return self._image.format

    @property
    def _row_bytes(self) -> int:
        return self.width * self.channels * self._image.pixels.itemsize

    def is_empty(self) -> bool:
        """Returns False: there is no picture without pixels."""
        return False

    def is_contiguous(self) -> bool:
        """Returns whether MediaPipe would store the rows without padding."""
        return self._step_bytes == self._row_bytes and self._image.pixels.flags.c_contiguous

    def is_aligned(self, alignment_boundary: int) -> bool:
        """Returns whether all rows start at a multiple of so many bytes, a power of two.

        Raises:
            ValueError: it is no power of two.
        """
        if alignment_boundary < 1 or alignment_boundary & (alignment_boundary - 1):
            raise ValueError(f"alignment_boundary is a power of two, not {alignment_boundary}")
        start: int = self._image.pixels.__array_interface__["data"][0]
        return start % alignment_boundary == 0 and self._step_bytes % alignment_boundary == 0

    def numpy_view(self) -> NDArray[Any]:
        """Returns the pixels as a read-only array, never copied unless rows are apart."""
        if self.is_contiguous():
            return np.asarray(self)
        pixels = np.ascontiguousarray(self._image.pixels)
        pixels.flags.writeable = False
        return pixels

    @property
    def __array_interface__(self) -> dict[str, Any]:
        # An array made from this keeps this object alive, which is what MediaPipe promises.
        return dict(self._image.pixels.__array_interface__)

    def __getitem__(self, indices: Sequence[int]) -> int | float:
        if not isinstance(indices, Sequence) or isinstance(indices, str):
            raise TypeError(f"a pixel is addressed by [y, x] or [y, x, channel], not {indices!r}")
        wanted = self._image.pixels.ndim
        if len(indices) != wanted:
            raise IndexError(
                f"index dimension mismatch: {self.image_format.name} takes {wanted} indices, "
                f"not {len(indices)}"
            )
        value: int | float = self._image.pixels[tuple(indices)].item()
        return value


class ImageFrame(PixelHolder):
    """A picture on the CPU."""

    @property
    def byte_depth(self) -> int:
        """The number of bytes of one value."""
        return self._image.pixels.itemsize


def owned_pixels(image_format: ImageFormat, data: NDArray[Any]) -> NDArray[Any]:
    """Returns a copy in the shape flowlace wants."""
    return _without_single_channel(image_format, np.array(data, order="C", copy=True))


def shared_pixels(image_format: ImageFormat, data: NDArray[Any]) -> NDArray[Any]:
    """Returns the same memory in the shape flowlace wants."""
    return _without_single_channel(image_format, data)


def _without_single_channel(image_format: ImageFormat, data: NDArray[Any]) -> NDArray[Any]:
    is_flat = image_format.channels == 1 and data.ndim == 3 and data.shape[2] == 1
    return data[:, :, 0] if is_flat else data


def _check_types(image_format: Any, data: Any) -> None:
    if not isinstance(image_format, ImageFormat):
        raise TypeError(f"image_format is an ImageFormat, not {image_format!r}")
    if not isinstance(data, np.ndarray) or data.dtype not in (np.uint8, np.uint16, np.float32):
        kind = data.dtype if isinstance(data, np.ndarray) else type(data).__name__
        raise TypeError(f"data is an array of uint8, uint16 or float32, not {kind}")
    if data.dtype != image_format.dtype:
        raise RuntimeError(
            f"{data.dtype} image data does not fit {image_format.name}, "
            f"which holds {image_format.dtype}"
        )
