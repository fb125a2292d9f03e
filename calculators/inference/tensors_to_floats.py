"""Takes numbers out of a model's output."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flowlace.calculators.inference.model_outputs import (
    output_label,
    require_some_finite,
    sigmoid,
)
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError

_ROLE = "numbers"


class Activation(IntEnum):
    """What the numbers go through."""

    NONE = 0
    SIGMOID = 1


@proto_options("mediapipe.TensorsToFloatsCalculatorOptions", extension=343499115)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorsToFloatsOptions:
    """Options of `TensorsToFloatsCalculator`."""

    activation: Activation = option(1)
    """What the numbers go through."""


@register_calculator
class TensorsToFloatsCalculator(Calculator[TensorsToFloatsOptions]):
    """Takes numbers out of a model's first output.

    Inputs:   TENSORS (list of Tensor); only the first is read
    Outputs:  one or both of, in step
              FLOAT (float): the only number
              FLOATS (list of float): all numbers, row by row

    Quantised outputs are understood.

    Counts `non_finite_values`, which are handed on: only whoever uses them knows what they mean.
    An output of nothing but NaN is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsToFloatsCalculator"
          input_stream: "TENSORS:rater_outputs"
          output_stream: "FLOAT:ratings"
          options { [mediapipe.TensorsToFloatsCalculatorOptions.ext] { activation: SIGMOID } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("FLOAT", float, optional=True), Port("FLOATS", list[float], optional=True))
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output."""
        if not contract.outputs:
            raise ContractError("connect FLOAT or FLOATS")

    def process(self, packets: PacketSet) -> None:
        """Reads the output of one run of the model."""
        packet = packets["TENSORS"]
        if not packet:
            return
        if not packet.payload:
            raise ModelError("1 tensor of numbers is expected, but the model gives none")
        tensor: Tensor = packet.payload[0]
        values = tensor.floats.reshape(-1)
        require_some_finite(values, 0, _ROLE, tensor)
        broken = len(values) - int(np.count_nonzero(np.isfinite(values)))
        if broken:
            self.count("non_finite_values", broken)
        if self.options.activation is Activation.SIGMOID:
            values = sigmoid(values)
        if "FLOAT" in self.outputs:
            if len(values) != 1:
                raise ModelError(
                    f"{output_label(0, _ROLE, tensor)} has {len(values)} numbers, but FLOAT takes "
                    f"1; connect FLOATS instead"
                )
            self.outputs["FLOAT"].send(Packet(float(values[0]), packets.timestamp))
        if "FLOATS" in self.outputs:
            self.outputs["FLOATS"].send(Packet(values.tolist(), packets.timestamp))
