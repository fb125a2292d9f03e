"""Hands packets on where all inputs have one."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class PacketInnerJoinCalculator(Calculator[NoOptions]):
    """Hands the packets of a timestamp on only if every input has one.

    Inputs:   any streams (any)
    Outputs:  the same tags and indices, same types and timestamps

    With the `FixedSizeInputStreamHandler` it keeps live streams of different speed in step.

    Timestamps: those of the packets; what is left out is known to be missing at once.

    Example:
        ```
        node {
          calculator: "PacketInnerJoinCalculator"
          input_stream: "frames"
          input_stream: "boxes"
          output_stream: "frames_with_boxes"
          output_stream: "boxes_with_frame"
        }
        ```
    """

    input_ports = (Port("*"),)
    output_ports = (Port("*", SameAs("*")),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for every input."""
        if list(contract.inputs) != list(contract.outputs):
            given = ", ".join(port.label for port in contract.inputs.values()) or "none"
            wanted = ", ".join(port.label for port in contract.outputs.values()) or "none"
            raise ContractError(f"has inputs {given} and outputs {wanted}; they have to pair up")

    def process(self, packets: PacketSet) -> None:
        """Hands on a complete set."""
        if all(packets.values()):
            for key, output in self.outputs.items():
                output.send(packets[key])
