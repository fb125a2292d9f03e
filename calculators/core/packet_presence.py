"""Tells whether a stream has a packet."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class PacketPresenceCalculator(Calculator[NoOptions]):
    """Sends true for every packet and false for every timestamp settled without one.

    Inputs:   PACKET (any)
    Outputs:  PRESENCE (bool)

    A bound that jumps over many timestamps gives one false, at the last of them. Together with
    `GateCalculator` it switches work on where something is missing: see the example there.

    Timestamps: those of the packets and of the settled times.

    Example:
        ```
        node {
          calculator: "PacketPresenceCalculator"
          input_stream: "PACKET:boxes"
          output_stream: "PRESENCE:has_boxes"
        }
        ```
    """

    input_ports = (Port("PACKET"),)
    output_ports = (Port("PRESENCE", bool),)
    process_timestamp_bounds = True
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Tells of one timestamp."""
        is_present = bool(packets["PACKET"])
        self.outputs["PRESENCE"].send(Packet(is_present, packets.timestamp))
