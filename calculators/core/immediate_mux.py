"""Joins streams in the order their packets arrive."""

from dataclasses import dataclass

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MAX, PRE_STREAM, next_allowed


@proto_options("mediapipe.ImmediateMuxCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ImmediateMuxOptions:
    """Options of `ImmediateMuxCalculator`."""

    process_timestamp_bounds: bool = option(1)
    """Whether a timestamp bound of any input moves the output on, and later packets before it
    are dropped; without it the bound of the output follows the earliest input."""


@register_calculator
class ImmediateMuxCalculator(Calculator[ImmediateMuxOptions]):
    """Hands on whatever comes, dropping what is older than the last packet handed on.

    Inputs:   any number of streams (any, all of one type)
    Outputs:  the packets, same timestamps; a second output (bool), optional: true for every
              packet received, dropped ones too

    Of packets of one timestamp the one of the first input passes. With the
    `ImmediateInputStreamHandler` what passes depends on which packet is faster: prefer
    `MuxCalculator` wherever something knows which input to take. Dropped packets are counted as
    `dropped`.

    Example:
        ```
        node {
          calculator: "ImmediateMuxCalculator"
          input_stream_handler { input_stream_handler: "ImmediateInputStreamHandler" }
          input_stream: "boxes_of_worker_0"
          input_stream: "boxes_of_worker_1"
          output_stream: "boxes"
          output_stream: "finished"
        }
        ```
    """

    input_ports = (Port("*"),)
    output_ports = (Port("packets"), Port("finished", bool, optional=True))

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Gives everything the type of the first input, and chooses how bounds are handled."""
        if not contract.inputs:
            raise ContractError("joins no streams; add input_stream")
        first, *others = contract.inputs.values()
        for port in (*others, contract.outputs["packets"]):
            port.type = SameAs(f"{first.tag}:{first.index}")
        if contract.options.process_timestamp_bounds:
            contract.process_timestamp_bounds = True
        else:
            contract.timestamp_offset = 0

    def open(self) -> None:
        """Starts with anything allowed."""
        self._bound = self._finished_bound = PRE_STREAM

    def process(self, packets: PacketSet) -> None:
        """Hands on what is new enough."""
        received = [packet for packet in packets.values() if packet]
        for packet in received:
            self._take(packet)
            self._tell_of_one(packets.timestamp)
        if not received and self.options.process_timestamp_bounds:
            self._hand_on_bound(packets.timestamp)

    def _take(self, packet: Packet[object]) -> None:
        if packet.timestamp < self._bound:
            self.count("dropped")
            return
        self.outputs["packets"].send(packet)
        self._bound = next_allowed(packet.timestamp)

    def _tell_of_one(self, timestamp: int) -> None:
        finished = self.outputs.get("finished")
        if finished is not None and not finished.is_closed:
            place = max(timestamp, self._finished_bound)
            finished.send(Packet(True, place))
            self._finished_bound = next_allowed(place)

    def _hand_on_bound(self, timestamp: int) -> None:
        if timestamp < self._bound:
            return
        self._bound = next_allowed(timestamp)
        self._finished_bound = max(self._finished_bound, self._bound)
        for output in self.outputs.values():
            if timestamp >= MAX:
                output.close()
            else:
                output.set_next_timestamp_bound(self._bound)
