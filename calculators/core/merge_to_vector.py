"""Collects the packets of several streams in lists."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@register_calculator
class MergeToVectorCalculator(Calculator[NoOptions]):
    """Sends the payloads of all inputs of one timestamp as a list, in the order of the inputs.

    Inputs:   items (any)
    Outputs:  merged (list): an item for each input that has a packet

    MediaPipe has one such class a type; here all its names are this calculator.

    Timestamps: as the inputs.

    Example:
        ```
        node {
          calculator: "MergeDetectionsToVectorCalculator"
          input_stream: "best_face"
          input_stream: "best_hand"
          output_stream: "best_detections"
        }
        ```
    """

    input_ports = (Port("items", repeated=True),)
    output_ports = (Port("merged", list),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Collects what came."""
        items = [packet.payload for packet in packets.values() if packet]
        self.outputs["merged"].send(Packet(items, packets.timestamp))


register_calculator_aliases(
    MergeToVectorCalculator,
    "MergeDetectionsToVectorCalculator",
    "MergeGpuBuffersToVectorCalculator",
    "MergeImagesToVectorCalculator",
)
