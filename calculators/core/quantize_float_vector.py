"""Packs floats into bytes."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.QuantizeFloatVectorCalculatorOptions", extension=259848061)
@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizeFloatVectorOptions:
    """Options of `QuantizeFloatVectorCalculator`; both have to be given."""

    max_quantized_value: float | None = option(1)
    """What becomes byte 255; anything above does too."""

    min_quantized_value: float | None = option(2)
    """What becomes byte 0; anything below does too."""


@register_calculator
class QuantizeFloatVectorCalculator(Calculator[QuantizeFloatVectorOptions]):
    """Sends each list of floats as bytes, one byte a value.

    Inputs:   FLOAT_VECTOR (list, tuple or array [n] of floats)
    Outputs:  ENCODED (bytes, n of them); `DequantizeByteArrayCalculator` reads them

    Values are rounded down to a byte, so a step is (max - min) / 255.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "QuantizeFloatVectorCalculator"
          input_stream: "FLOAT_VECTOR:embeddings"
          output_stream: "ENCODED:packed_embeddings"
          options { [mediapipe.QuantizeFloatVectorCalculatorOptions.ext] {
            max_quantized_value: 2
            min_quantized_value: -2
          } }
        }
        ```
    """

    input_ports = (Port("FLOAT_VECTOR", list | tuple | np.ndarray),)
    output_ports = (Port("ENCODED", bytes),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a range."""
        quantized_range(contract.options)

    def open(self) -> None:
        """Takes the range."""
        self._lowest, self._highest = quantized_range(self.options)

    def process(self, packets: PacketSet) -> None:
        """Packs one list."""
        packet = packets["FLOAT_VECTOR"]
        values = np.asarray(packet.payload, dtype=np.float32)
        if np.isnan(values).any():
            raise ValueError("FLOAT_VECTOR holds NaN, which no byte stands for")
        steps = (np.clip(values, self._lowest, self._highest) - np.float32(self._lowest)).astype(
            np.float64
        )
        encoded = (steps * (255.0 / (self._highest - self._lowest))).astype(np.uint8)
        self.outputs["ENCODED"].send(packet.with_payload(encoded.tobytes()))


class HasQuantizedRange(Protocol):
    """Options that say what bytes stand for."""

    @property
    def min_quantized_value(self) -> float | None:
        """What byte 0 stands for."""

    @property
    def max_quantized_value(self) -> float | None:
        """What byte 255 stands for."""


def quantized_range(options: HasQuantizedRange) -> tuple[float, float]:
    """Returns what bytes 0 and 255 stand for.

    Raises:
        ContractError: an end is missing, or the lower one does not come first.
    """
    lowest, highest = options.min_quantized_value, options.max_quantized_value
    if lowest is None or highest is None:
        raise ContractError("needs both max_quantized_value and min_quantized_value")
    if highest < lowest + np.finfo(np.float32).eps:
        raise ContractError(
            f"max_quantized_value ({highest:g}) has to be above min_quantized_value ({lowest:g})"
        )
    return lowest, highest
