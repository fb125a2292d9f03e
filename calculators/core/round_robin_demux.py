"""Deals packets out to several streams in turn."""

from itertools import cycle

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class RoundRobinDemuxCalculator(Calculator[NoOptions]):
    """Sends packets to its outputs in turn, so that several nodes can share slow work.

    Inputs:   packets (any)
    Outputs:  OUTPUT:0, OUTPUT:1, …: every n-th packet, same type and timestamps;
              SELECT (int), optional: which output got the packet, for a `MuxCalculator`

    A slow node without state is simpler to run in parallel by its `max_in_flight`.

    Example:
        ```
        node {
          calculator: "RoundRobinDemuxCalculator"
          input_stream: "frames"
          output_stream: "OUTPUT:0:even_frames"
          output_stream: "OUTPUT:1:odd_frames"
          output_stream: "SELECT:choices"
        }
        ```
    """

    input_ports = (Port("packets"),)
    output_ports = (
        Port("OUTPUT", SameAs("packets"), repeated=True),
        Port("SELECT", int, optional=True),
    )

    def open(self) -> None:
        """Starts with the first output."""
        self._turns = cycle(enumerate(self.outputs.tagged("OUTPUT")))

    def process(self, packets: PacketSet) -> None:
        """Sends one packet to the output whose turn it is."""
        number, output = next(self._turns)
        output.send(packets["packets"])
        if "SELECT" in self.outputs:
            self.outputs["SELECT"].send(Packet(number, packets.timestamp))
