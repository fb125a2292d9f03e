"""Scales, turns and flips pictures."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import cv2
from numpy.typing import NDArray

from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


class RotationMode(IntEnum):
    """Turns, counterclockwise."""

    UNKNOWN = 0
    ROTATION_0 = 1
    ROTATION_90 = 2
    ROTATION_180 = 3
    ROTATION_270 = 4


class ScaleMode(IntEnum):
    """What happens to the aspect ratio."""

    DEFAULT = 0
    """As STRETCH."""
    STRETCH = 1
    """The output size exactly, whatever the shape."""
    FIT = 2
    """The whole picture, with borders."""
    FILL_AND_CROP = 3
    """The whole output, with the picture's edges cut."""


_TURNS = {
    RotationMode.ROTATION_90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    RotationMode.ROTATION_180: cv2.ROTATE_180,
    RotationMode.ROTATION_270: cv2.ROTATE_90_CLOCKWISE,
}

Pixels = NDArray[Any]


@proto_options("mediapipe.ImageTransformationCalculatorOptions", extension=251952830)
@dataclass(frozen=True, kw_only=True, slots=True)
class ImageTransformationOptions:
    """Options of ImageTransformationCalculator."""

    output_width: int = option(1)
    """Pixels; 0 keeps the input's."""
    output_height: int = option(2)
    """Pixels; 0 keeps the input's."""
    rotation_mode: RotationMode = option(3)
    """Turn, counterclockwise, before anything else."""
    flip_vertically: bool = option(4)
    """Upside down, after the turn."""
    flip_horizontally: bool = option(5)
    """Mirrored, after the turn."""
    scale_mode: ScaleMode = option(6)
    """What happens to the aspect ratio."""
    constant_padding: bool = option(7, default=True)
    """Black borders with FIT; otherwise the edge pixels are repeated."""


@register_calculator
class ImageTransformationCalculator(Calculator[ImageTransformationOptions]):
    """Turns, flips and scales pictures; in this order.

    Inputs:   IMAGE (Image), or IMAGE_GPU, which is the same here
    Outputs:  IMAGE, or IMAGE_GPU (Image of the same format), in step
              LETTERBOX_PADDING (tuple of left, top, right, bottom): borders made by FIT as
              fractions of the output

    Shrinking averages areas, growing is bilinear. A picture that needs no change is handed on.

    Example:
        ```
        node {
          calculator: "ImageTransformationCalculator"
          input_stream: "IMAGE:camera_frames"
          output_stream: "IMAGE:scaled_frames"
          options {
            [mediapipe.ImageTransformationCalculatorOptions.ext] {
              output_width: 320
              output_height: 240
            }
          }
        }
        ```
    """

    input_ports = (
        Port("IMAGE", Image, optional=True),
        Port("IMAGE_GPU", Image, optional=True),
    )
    output_ports = (
        Port("IMAGE", Image, optional=True),
        Port("IMAGE_GPU", Image, optional=True),
        Port("LETTERBOX_PADDING", tuple, optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one picture in and the same kind out."""
        given = [tag for tag in ("IMAGE", "IMAGE_GPU") if tag in contract.inputs]
        if len(given) != 1 or given[0] not in contract.outputs:
            raise ContractError("connect IMAGE in and out, or IMAGE_GPU in and out")
        options: ImageTransformationOptions = contract.options
        if min(options.output_width, options.output_height) < 0:
            raise ContractError("output_width and output_height have to be 0 or more")

    def process(self, packets: PacketSet) -> None:
        """Transforms one picture."""
        packet = next(iter(packets.values()))
        if not packet:
            return
        image: Image = packet.payload
        pixels, padding = self._scaled(self._turned(image.pixels))
        if pixels is not image.pixels:
            image = Image(image.format, pixels)
        for key, output in self.outputs.items():
            payload = padding if key == "LETTERBOX_PADDING" else image
            output.send(Packet(payload, packets.timestamp))

    def _turned(self, pixels: Pixels) -> Pixels:
        options = self.options
        if options.rotation_mode in _TURNS:
            pixels = cv2.rotate(pixels, _TURNS[options.rotation_mode])
        if options.flip_vertically or options.flip_horizontally:
            both = options.flip_vertically and options.flip_horizontally
            pixels = cv2.flip(pixels, -1 if both else int(options.flip_horizontally))
        return pixels

    def _scaled(self, pixels: Pixels) -> tuple[Pixels, tuple[float, float, float, float]]:
        height, width = pixels.shape[:2]
        wanted = self.options.output_width or width, self.options.output_height or height
        nothing = (0.0, 0.0, 0.0, 0.0)
        if wanted == (width, height):
            return pixels, nothing
        if self.options.scale_mode is ScaleMode.FIT:
            return self._fitted(pixels, *wanted)
        if self.options.scale_mode is ScaleMode.FILL_AND_CROP:
            pixels = _center_of_shape(pixels, *wanted)
        return _resized(pixels, *wanted), nothing

    def _fitted(
        self, pixels: Pixels, width: int, height: int
    ) -> tuple[Pixels, tuple[float, float, float, float]]:
        scale = min(width / pixels.shape[1], height / pixels.shape[0])
        inner_width = max(1, round(pixels.shape[1] * scale))
        inner_height = max(1, round(pixels.shape[0] * scale))
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
        right, bottom = width - inner_width - left, height - inner_height - top
        border = cv2.BORDER_CONSTANT if self.options.constant_padding else cv2.BORDER_REPLICATE
        framed = cv2.copyMakeBorder(
            _resized(pixels, inner_width, inner_height), top, bottom, left, right, border
        )
        return framed, (left / width, top / height, right / width, bottom / height)


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    is_smaller = width < pixels.shape[1] and height < pixels.shape[0]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=method)


def _center_of_shape(pixels: Pixels, width: int, height: int) -> Pixels:
    """Returns the largest middle part with the shape of width × height."""
    scale = min(pixels.shape[1] / width, pixels.shape[0] / height)
    part_width, part_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (pixels.shape[1] - part_width) // 2, (pixels.shape[0] - part_height) // 2
    return pixels[top : top + part_height, left : left + part_width]
