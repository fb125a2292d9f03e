"""Makes a side packet of the only packet of a stream."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class StreamToSidePacketCalculator(Calculator[NoOptions]):
    """Makes the payload of the only packet of a stream a side packet.

    Inputs:   packet (any): exactly one
    Side packets made: value, of the same type

    A second packet fails the graph, and so does a stream that ends without one where somebody
    waits for the side packet.

    Example:
        ```
        node {
          calculator: "StreamToSidePacketCalculator"
          input_stream: "calibrations"
          output_side_packet: "calibration"
        }
        ```
    """

    input_ports = (Port("packet"),)
    side_output_ports = (Port("value", SameAs("packet")),)

    def process(self, packets: PacketSet) -> None:
        """Sets the side packet."""
        self.side_outputs["value"].set(packets["packet"].payload)
