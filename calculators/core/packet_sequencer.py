"""Places packets between the ticks of other streams."""

from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MIN, PRE_STREAM, next_allowed


@register_calculator
class PacketSequencerCalculator(Calculator[NoOptions]):
    """Gives packets of another time the place between ticks at which they arrive.

    Inputs:   INPUT (any), one or more; TICK (any), one or more
    Outputs:  OUTPUT: one for each INPUT, same types

    Each tick settles the outputs up to its timestamp, so that the tick itself is never held up.
    A packet of INPUT goes out at the next timestamp that is not settled, normally one after the
    latest tick. One that arrives together with a tick is placed before that tick takes effect.
    For commands and settings that come from outside of the stream's time; where they land
    depends on when they arrive.

    Example:
        ```
        node {
          calculator: "PacketSequencerCalculator"
          input_stream: "INPUT:selections"
          input_stream: "TICK:frames"
          output_stream: "OUTPUT:timed_selections"
        }
        ```
    """

    input_ports = (Port("INPUT", repeated=True), Port("TICK", repeated=True))
    output_ports = (Port("OUTPUT", SameAs("INPUT"), repeated=True),)
    input_policy = "ImmediateInputStreamHandler"

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for every input."""
        given, wanted = len(contract.inputs.tagged("INPUT")), len(contract.outputs)
        if given != wanted:
            raise ContractError(f"has {given} INPUT and {wanted} OUTPUT; each INPUT needs one")

    def open(self) -> None:
        """Starts with nothing settled."""
        self._bounds = [PRE_STREAM] * len(self.outputs)

    def process(self, packets: PacketSet) -> None:
        """Places packets, then lets a tick settle the outputs."""
        for position, packet in enumerate(packets.tagged("INPUT")):
            if packet:
                self._place(position, packet)
        ticks = [packet.timestamp for packet in packets.tagged("TICK")]
        self._settle(packets.timestamp if packets.timestamp in ticks else MIN)

    def _place(self, position: int, packet: Packet[Any]) -> None:
        timestamp = max(MIN, self._bounds[position])
        self.outputs.tagged("OUTPUT")[position].send(packet.at(timestamp))
        self._bounds[position] = next_allowed(timestamp)

    def _settle(self, timestamp: int) -> None:
        for position, output in enumerate(self.outputs.tagged("OUTPUT")):
            if timestamp >= self._bounds[position]:
                self._bounds[position] = next_allowed(timestamp)
                output.set_next_timestamp_bound(self._bounds[position])
