"""Unpacks floats from bytes."""

from dataclasses import dataclass

import numpy as np

from flowlace.calculators.core.quantize_float_vector import quantized_range
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.DequantizeByteArrayCalculatorOptions", extension=272316343)
@dataclass(frozen=True, kw_only=True, slots=True)
class DequantizeByteArrayOptions:
    """Options of `DequantizeByteArrayCalculator`; both have to be given."""

    max_quantized_value: float | None = option(1)
    """What byte 255 stood for."""

    min_quantized_value: float | None = option(2)
    """What byte 0 stood for."""


@register_calculator
class DequantizeByteArrayCalculator(Calculator[DequantizeByteArrayOptions]):
    """Sends the floats that `QuantizeFloatVectorCalculator` has packed.

    Inputs:   ENCODED (bytes, n of them)
    Outputs:  FLOAT_VECTOR (list of n floats)

    A byte gives about the middle of the values it stands for: (max - min) / 512 above the lowest,
    so 255 comes back slightly above `max_quantized_value`.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DequantizeByteArrayCalculator"
          input_stream: "ENCODED:packed_embeddings"
          output_stream: "FLOAT_VECTOR:embeddings"
          options { [mediapipe.DequantizeByteArrayCalculatorOptions.ext] {
            max_quantized_value: 2
            min_quantized_value: -2
          } }
        }
        ```
    """

    input_ports = (Port("ENCODED", bytes),)
    output_ports = (Port("FLOAT_VECTOR", list),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a range."""
        quantized_range(contract.options)

    def open(self) -> None:
        """Takes the range."""
        self._lowest, self._highest = quantized_range(self.options)

    def process(self, packets: PacketSet) -> None:
        """Unpacks one list."""
        packet = packets["ENCODED"]
        span = self._highest - self._lowest
        codes = np.frombuffer(packet.payload, dtype=np.uint8)
        values = codes * np.float32(span / 255.0) + np.float32(span / 512.0 + self._lowest)
        self.outputs["FLOAT_VECTOR"].send(packet.with_payload(values.tolist()))
