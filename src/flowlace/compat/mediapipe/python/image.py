"""`mp.Image`: a picture that in MediaPipe may also be on the GPU."""

import os

import cv2
import numpy as np

from flowlace.compat.mediapipe.python.image_frame import ImageFormat, PixelHolder

__all__ = ["Image", "ImageFormat"]

_FROM_FILE = {
    1: (ImageFormat.GRAY8, None),
    3: (ImageFormat.SRGB, cv2.COLOR_BGR2RGB),
    4: (ImageFormat.SRGBA, cv2.COLOR_BGRA2RGBA),
}


class Image(PixelHolder):
    """A picture; on the CPU, always."""

    @property
    def step(self) -> int:
        """The number of bytes from row to row in MediaPipe's storage."""
        return self._step_bytes

    def uses_gpu(self) -> bool:
        """Returns False."""
        return False

    @classmethod
    def create_from_file(cls, file_name: str) -> "Image":
        """Returns the picture in a file: GRAY8, SRGB or SRGBA.

        Raises:
            RuntimeError: there is no such file, or it holds no picture of 8 bits.
        """
        if not os.access(file_name, os.R_OK):
            raise RuntimeError(f"Image decoding failed (can't fopen): {file_name}")
        pixels = cv2.imread(file_name, cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.dtype != np.uint8:
            raise RuntimeError(f"Image decoding failed (no picture of 8 bits): {file_name}")
        image_format, conversion = _FROM_FILE[1 if pixels.ndim == 2 else pixels.shape[2]]
        return cls(image_format, pixels if conversion is None else cv2.cvtColor(pixels, conversion))
