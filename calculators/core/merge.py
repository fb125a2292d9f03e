"""Hands on the first of several packets."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class MergeCalculator(Calculator[NoOptions]):
    """Hands on, at every timestamp, the packet of the first input that has one.

    Inputs:   any number of streams (any, also of different types)
    Outputs:  merged (any): one packet a timestamp at most

    Put the stream to prefer first.

    Timestamps: those of the packets; it waits until all inputs are settled.

    Example:
        ```
        node {
          calculator: "MergeCalculator"
          input_stream: "detected_boxes"
          input_stream: "tracked_boxes"
          output_stream: "boxes"
        }
        ```
    """

    input_ports = (Port("*"),)
    output_ports = (Port("merged"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires something to merge."""
        if not contract.inputs:
            raise ContractError("merges no streams; add input_stream")

    def process(self, packets: PacketSet) -> None:
        """Hands on the first packet."""
        for packet in packets.values():
            if packet:
                self.outputs["merged"].send(packet)
                return
