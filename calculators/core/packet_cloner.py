"""Repeats the latest packets at the ticks of another stream."""

from dataclasses import dataclass
from typing import Any

from flowlace.calculators.core.headers import hand_on_headers
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, PortKey, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import next_allowed


@proto_options("mediapipe.PacketClonerCalculatorOptions", extension=258872085)
@dataclass(frozen=True, kw_only=True, slots=True)
class PacketClonerOptions:
    """Options of `PacketClonerCalculator`."""

    output_only_when_all_inputs_received: bool = option(1)
    """Whether nothing is sent, no bound either, until every input has had a packet."""

    output_packets_only_when_all_inputs_received: bool = option(2)
    """Whether only timestamp bounds are sent until every input has had a packet."""


@register_calculator
class PacketClonerCalculator(Calculator[PacketClonerOptions]):
    """Sends, at every tick, the latest packet of each input.

    Inputs:   packets (any), any number of untagged streams;
              TICK (any), or the last untagged stream where TICK is not connected
    Outputs:  packets: an output for each input, same type, at the timestamps of the ticks

    An input without a packet so far only gets its timestamp bound moved on; the options say when
    nothing is sent at all. The ticks may be faster than an input (its packet is repeated) or slower
    (only the latest is sent).

    Timestamps: those of the ticks; a packet at the time of the tick counts as the latest.

    Example:
        ```
        node {
          calculator: "PacketClonerCalculator"
          input_stream: "boxes"
          input_stream: "TICK:frames"
          output_stream: "boxes_of_every_frame"
        }
        ```
    """

    input_ports = (Port("packets", optional=True, repeated=True), Port("TICK", optional=True))
    output_ports = (Port("packets", SameAs("*"), optional=True, repeated=True),)
    process_timestamp_bounds = True

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a tick, and an output for every input."""
        given = len(contract.inputs.untagged) - ("TICK" not in contract.inputs)
        if given < 0:
            raise ContractError("has no ticks; connect TICK")
        if given != len(contract.outputs):
            raise ContractError(
                f"has {given} streams to clone and {len(contract.outputs)} outputs for them"
            )

    def open(self) -> None:
        """Starts without any packets."""
        untagged = self.input_headers.untagged
        self._tick: PortKey = "TICK" if "TICK" in self.input_headers else untagged[-1]
        self._latest: dict[PortKey, Packet[Any]] = {}
        only_bounds = self.options.output_packets_only_when_all_inputs_received
        self._needs_all = self.options.output_only_when_all_inputs_received or only_bounds
        self._hides_bounds = self._needs_all and not only_bounds
        hand_on_headers(self.input_headers, self.outputs)

    def process(self, packets: PacketSet) -> None:
        """Remembers what is new and answers a tick."""
        for key in self.outputs:
            if packets[key]:
                self._latest[key] = packets[key]
        has_all = len(self._latest) == len(self.outputs)
        if packets[self._tick] and (has_all or not self._needs_all):
            self._send(packets.timestamp)
        is_ticked = packets[self._tick].timestamp == packets.timestamp
        if is_ticked and (has_all or not self._hides_bounds):
            self._settle(packets.timestamp)

    def _send(self, timestamp: int) -> None:
        for key, packet in self._latest.items():
            self.outputs[key].send(packet.at(timestamp))

    def _settle(self, timestamp: int) -> None:
        for output in self.outputs.values():
            output.set_next_timestamp_bound(next_allowed(timestamp))
