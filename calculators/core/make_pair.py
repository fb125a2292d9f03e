"""Makes one packet of two."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class MakePairCalculator(Calculator[NoOptions]):
    """Sends the packets of two inputs as one pair.

    Inputs:   first (any), second (any)
    Outputs:  pairs (tuple of two packets); where only one input has a packet, the other is empty

    The pair holds packets, not payloads, so that a missing one shows.

    Timestamps: as the inputs.

    Example:
        ```
        node {
          calculator: "MakePairCalculator"
          input_stream: "frames"
          input_stream: "boxes"
          output_stream: "frames_and_boxes"
        }
        ```
    """

    input_ports = (Port("first"), Port("second"))
    output_ports = (Port("pairs", tuple),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Pairs what came."""
        pair = (packets["first"], packets["second"])
        self.outputs["pairs"].send(Packet(pair, packets.timestamp))
