"""Makes a mask of a segmenter's output."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np

from flowlace.calculators.inference.gpu_origin import Mode
from flowlace.calculators.inference.model_outputs import (
    Floats,
    output_label,
    require_some_finite,
    sigmoid,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError

_ROLE = "mask"


class Activation(IntEnum):
    """What makes a share between 0 and 1 of the model's numbers."""

    NONE = 0
    """They are that already: one channel."""
    SIGMOID = 1
    """One channel."""
    SOFTMAX = 2
    """Two channels: the share of `output_layer_index`."""


@proto_options("mediapipe.TensorsToSegmentationCalculatorOptions", extension=374311106)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorsToSegmentationOptions:
    """Options of `TensorsToSegmentationCalculator`."""

    gpu_origin: Mode | None = option(1)
    """No effect: masks lie in memory, top row first."""
    activation: Activation = option(2)
    """What makes a share of the model's numbers."""
    output_layer_index: int = option(3, default=1)
    """Which of two channels the mask is for; with SOFTMAX only."""


@register_calculator
class TensorsToSegmentationCalculator(Calculator[TensorsToSegmentationOptions]):
    """Makes a mask of a segmenter's output: each pixel's share between 0 and 1.

    Inputs:   TENSORS (list of Tensor; only the first is read), or TENSOR (Tensor):
              [1, y, x, channel] or [y, x, channel]
              OUTPUT_SIZE (tuple of width and height), optional: the mask is scaled to it
    Outputs:  MASK (Image, VEC32F1), in step

    Quantised outputs are understood. Scaling is bilinear.

    Counts `non_finite_pixels`, which are 0 in the mask, and `masks_without_size`: times with an
    output and no packet on OUTPUT_SIZE, which give nothing. An output of nothing but NaN is an
    error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsToSegmentationCalculator"
          input_stream: "TENSORS:segmenter_outputs"
          input_stream: "OUTPUT_SIZE:frame_sizes"
          output_stream: "MASK:masks"
          options { [mediapipe.TensorsToSegmentationCalculatorOptions.ext] {
            activation: SOFTMAX
            output_layer_index: 1
          } }
        }
        ```
    """

    input_ports = (
        Port("TENSORS", list[Tensor], optional=True),
        Port("TENSOR", Tensor, optional=True),
        Port("OUTPUT_SIZE", tuple, optional=True),
    )
    output_ports = (Port("MASK", Image),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one kind of input, and a channel there is."""
        if ("TENSORS" in contract.inputs) == ("TENSOR" in contract.inputs):
            raise ContractError("connect TENSORS or TENSOR, and not both")
        if contract.options.output_layer_index not in (0, 1):
            raise ContractError("output_layer_index has to be 0 or 1")

    def process(self, packets: PacketSet) -> None:
        """Reads the output of one run of the model."""
        listed, single = packets.get("TENSORS"), packets.get("TENSOR")
        if not listed and not single:
            return
        size = packets.get("OUTPUT_SIZE")
        if size is not None and not size:
            self.count("masks_without_size")
            return
        mask = self._mask(_first(listed.payload) if listed else single.payload)
        if size is not None:
            mask = _scaled(mask, size.payload)
        self.outputs["MASK"].send(Packet(Image(ImageFormat.VEC32F1, mask), packets.timestamp))

    def _mask(self, tensor: Tensor) -> Floats:
        """Returns the shares `[y, x]`."""
        values = self._channels(tensor)
        require_some_finite(values, 0, _ROLE, tensor)
        is_broken = ~np.isfinite(values).all(axis=2)
        if self.options.activation is Activation.SOFTMAX:
            index = self.options.output_layer_index
            # Of two numbers, the softmax is the sigmoid of the difference; NaN stays NaN.
            with np.errstate(invalid="ignore"):
                mask = sigmoid(values[..., index] - values[..., 1 - index])
        elif self.options.activation is Activation.SIGMOID:
            mask = sigmoid(values[..., 0])
        else:
            mask = values[..., 0]
        if is_broken.any():
            self.count("non_finite_pixels", int(np.count_nonzero(is_broken)))
            mask = np.where(is_broken, np.float32(0), mask)
        return mask

    def _channels(self, tensor: Tensor) -> Floats:
        """Returns the values as `[y, x, channel]`."""
        wanted = 2 if self.options.activation is Activation.SOFTMAX else 1
        shape = tensor.shape
        inner = shape[1:] if len(shape) == 4 and shape[0] == 1 else shape
        if len(inner) != 3 or inner[2] != wanted or 0 in inner:
            raise ModelError(
                f"{output_label(0, _ROLE, tensor)} has the shape {list(shape)}, but activation "
                f"{self.options.activation.name} expects [1, y, x, {wanted}]"
            )
        return tensor.floats.reshape(inner)


def _first(tensors: Sequence[Tensor]) -> Tensor:
    if not tensors:
        raise ModelError("1 tensor with a mask is expected, but the model gives none")
    return tensors[0]


def _scaled(mask: Floats, size: tuple[int, int]) -> Floats:
    width, height = size
    if width < 1 or height < 1:
        raise ValueError(f"OUTPUT_SIZE has to be 1 or more in both, not {width}×{height}")
    if mask.shape == (height, width):
        return mask
    scaled = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled, np.float32)
