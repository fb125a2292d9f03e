"""Turns pictures into what a model takes."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flowlace.calculators.inference.gpu_origin import Mode
from flowlace.calculators.inference.region import (
    letterboxed,
    projection_matrix,
    region_of,
)
from flowlace.calculators.inference.region_fill import CHANNELS, RegionFill
from flowlace.formats.image import Image
from flowlace.formats.rect import NormalizedRect
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_NO_PADDING = (0.0, 0.0, 0.0, 0.0)


class BorderMode(IntEnum):
    """What is seen outside of the picture."""

    BORDER_UNSPECIFIED = 0
    """As BORDER_REPLICATE."""
    BORDER_ZERO = 1
    BORDER_REPLICATE = 2


@proto_options("mediapipe.ImageToTensorCalculatorOptions.FloatRange", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class FloatRange:
    """What 0 and 255 become in a float32 tensor."""

    min: float = option(1)
    max: float = option(2)


@proto_options("mediapipe.ImageToTensorCalculatorOptions.IntRange", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class IntRange:
    """What 0 and 255 become in an int8 tensor, or a uint8 one where `min` is 0 or more."""

    min: int = option(1, "int64")
    max: int = option(2, "int64")


@proto_options("mediapipe.ImageToTensorCalculatorOptions.UIntRange", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class UIntRange:
    """What 0 and 255 become in a uint8 tensor."""

    min: int = option(1, "uint64")
    max: int = option(2, "uint64")


@proto_options("mediapipe.ImageToTensorCalculatorOptions", extension=334361939)
@dataclass(frozen=True, kw_only=True, slots=True)
class ImageToTensorOptions:
    """Options of `ImageToTensorCalculator`; one of the ranges has to be given."""

    output_tensor_width: int | None = option(1)
    """Pixels; the picture's where left out."""
    output_tensor_height: int | None = option(2)
    """Pixels; the picture's where left out."""
    keep_aspect_ratio: bool = option(3)
    """Borders instead of stretching."""
    output_tensor_float_range: FloatRange | None = option(4, oneof="range")
    """Makes float32 tensors."""
    gpu_origin: Mode | None = option(5)
    """No effect: pictures lie in memory, top row first."""
    border_mode: BorderMode = option(6)
    """What is seen outside of the picture."""
    output_tensor_int_range: IntRange | None = option(7, oneof="range")
    """Makes int8 tensors, within -128 and 127."""
    output_tensor_uint_range: UIntRange | None = option(8, oneof="range")
    """Makes uint8 tensors, within 0 and 255; from 0 to 255 is the fastest."""


@register_calculator
class ImageToTensorCalculator(Calculator[ImageToTensorOptions]):
    """Cuts, scales and turns pictures into tensors of a model's size and range of values.

    Inputs:   IMAGE (Image: SRGB, SRGBA, SBGRA or GRAY8), or IMAGE_GPU, which is the same here
              NORM_RECT (NormalizedRect), optional: the region to take; without a packet on it
              there is no output, and neither is there for one whose width and height are 0
    Outputs:  TENSORS (list of one Tensor [1, y, x, 3], [1, y, x, 1] for GRAY8), in step
              MATRIX (tuple of 16 floats), optional: row by row, from fractions of the tensor to
              fractions of the picture
              LETTERBOX_PADDING (tuple of left, top, right, bottom), optional: borders made by
              `keep_aspect_ratio` as fractions of the tensor

    The tensor is deferred: pixels are written where the model wants them, when it runs. Scaling is
    bilinear, pixel for pixel as MediaPipe does it on the CPU.

    Counts `empty_regions`. A rect that holds NaN or a negative size is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ImageToTensorCalculator"
          input_stream: "IMAGE:camera_frames"
          output_stream: "TENSORS:detector_inputs"
          output_stream: "MATRIX:detector_matrices"
          options { [mediapipe.ImageToTensorCalculatorOptions.ext] {
            output_tensor_width: 320
            output_tensor_height: 320
            keep_aspect_ratio: true
            output_tensor_float_range { min: 0 max: 1 }
            border_mode: BORDER_ZERO
          } }
        }
        ```
    """

    input_ports = (
        Port("IMAGE", Image, optional=True),
        Port("IMAGE_GPU", Image, optional=True),
        Port("NORM_RECT", NormalizedRect, optional=True),
    )
    output_ports = (
        Port("TENSORS", list[Tensor]),
        Port("MATRIX", tuple, optional=True),
        Port("LETTERBOX_PADDING", tuple, optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one picture, a range, and sizes above 0."""
        if ("IMAGE" in contract.inputs) == ("IMAGE_GPU" in contract.inputs):
            raise ContractError("connect IMAGE or IMAGE_GPU, and not both")
        options: ImageToTensorOptions = contract.options
        _value_range(options)
        for name in ("output_tensor_width", "output_tensor_height"):
            size = getattr(options, name)
            if size is not None and size < 1:
                raise ContractError(f"{name} has to be 1 or more, not {size}")

    def open(self) -> None:
        """Takes the range and finds what is connected."""
        self._dtype, lowest, highest = _value_range(self.options)
        self._scale, self._offset = (highest - lowest) / 255, lowest
        self._is_zero = self.options.border_mode is BorderMode.BORDER_ZERO
        self._picture = "IMAGE" if "IMAGE" in self.input_headers else "IMAGE_GPU"
        self._has_rect = "NORM_RECT" in self.input_headers

    def process(self, packets: PacketSet) -> None:
        """Prepares one picture."""
        picture, rect = packets[self._picture], None
        if not picture or (self._has_rect and not packets["NORM_RECT"]):
            return
        if self._has_rect:
            rect = packets["NORM_RECT"].payload
            if rect.width == 0 and rect.height == 0:
                self.count("empty_regions")
                return
        self._send(picture.payload, rect, packets.timestamp)

    def _send(self, image: Image, rect: NormalizedRect | None, timestamp: int) -> None:
        channels = _channels(image)
        width = self.options.output_tensor_width or image.width_px
        height = self.options.output_tensor_height or image.height_px
        region, padding = region_of(rect, image.width_px, image.height_px), _NO_PADDING
        if self.options.keep_aspect_ratio:
            region, padding = letterboxed(region, width, height)
        fill = RegionFill(image, region, self._scale, self._offset, self._is_zero)
        tensor = Tensor.deferred((1, height, width, channels), self._dtype, fill)
        self.outputs["TENSORS"].send(Packet([tensor], timestamp))
        if "MATRIX" in self.outputs:
            matrix = projection_matrix(region, image.width_px, image.height_px)
            self.outputs["MATRIX"].send(Packet(matrix, timestamp))
        if "LETTERBOX_PADDING" in self.outputs:
            self.outputs["LETTERBOX_PADDING"].send(Packet(padding, timestamp))


def _value_range(options: ImageToTensorOptions) -> tuple[type, float, float]:
    if options.output_tensor_float_range is not None:
        floats = options.output_tensor_float_range
        return np.float32, *_ordered("output_tensor_float_range", floats.min, floats.max)
    if options.output_tensor_uint_range is not None:
        unsigned = options.output_tensor_uint_range
        _limit("output_tensor_uint_range", unsigned.min, unsigned.max, 0, 255)
        return np.uint8, *_ordered("output_tensor_uint_range", unsigned.min, unsigned.max)
    if options.output_tensor_int_range is not None:
        whole = options.output_tensor_int_range
        _limit("output_tensor_int_range", whole.min, whole.max, -128, 127)
        kind = np.int8 if whole.min < 0 else np.uint8
        return kind, *_ordered("output_tensor_int_range", whole.min, whole.max)
    raise ContractError(
        "needs the range of the tensor's values; add output_tensor_float_range { min: 0 max: 1 }"
    )


def _ordered(name: str, lowest: float, highest: float) -> tuple[float, float]:
    if not lowest < highest:
        raise ContractError(f"{name}: min has to be less than max, but it is {lowest}, {highest}")
    return float(lowest), float(highest)


def _limit(name: str, lowest: int, highest: int, least: int, most: int) -> None:
    if lowest < least or highest > most:
        raise ContractError(
            f"{name} has to lie within {least} and {most}, but it is {lowest}, {highest}"
        )


def _channels(image: Image) -> int:
    if image.format not in CHANNELS:
        known = ", ".join(one.name for one in CHANNELS)
        raise ValueError(
            f"pictures of format {image.format.name} can't become a tensor; convert to one of: "
            f"{known}"
        )
    return CHANNELS[image.format]
