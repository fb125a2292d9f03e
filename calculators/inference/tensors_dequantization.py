"""Makes floats of quantised outputs."""

import numpy as np

from flowlace.calculators.inference.model_outputs import output_label
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError


@register_calculator
class TensorsDequantizationCalculator(Calculator[NoOptions]):
    """Makes floats of quantised outputs: scale · (value - zero point).

    Inputs:   TENSORS (list of Tensor: uint8 or int8 with its quantisation)
    Outputs:  TENSORS (list of Tensor: float32, same shapes and names), in step

    Only MediaPipe's graphs need it: the calculators here understand quantised outputs.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsDequantizationCalculator"
          input_stream: "TENSORS:quantised_outputs"
          output_stream: "TENSORS:outputs"
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("TENSORS", list[Tensor]),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the outputs of one run of the model."""
        packet = packets["TENSORS"]
        if not packet:
            return
        if not packet.payload:
            raise ModelError("1 tensor or more is expected, but the model gives none")
        made = [_floats(index, tensor) for index, tensor in enumerate(packet.payload)]
        self.outputs["TENSORS"].send(Packet(made, packets.timestamp))


def _floats(index: int, tensor: Tensor) -> Tensor:
    if tensor.dtype not in (np.uint8, np.int8) or tensor.quantization is None:
        known = "no quantisation" if tensor.quantization is None else "a quantisation"
        raise ModelError(
            f"{output_label(index, 'quantised', tensor)} has {tensor.dtype} values and {known}, "
            f"but uint8 or int8 with one are expected; take this node out of the graph"
        )
    return Tensor(tensor.floats, name=tensor.name)
