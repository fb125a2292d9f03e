"""Moves packets to the timestamps of later or earlier ones."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import next_allowed


@proto_options("mediapipe.SequenceShiftCalculatorOptions", extension=107633927)
@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceShiftOptions:
    """Options of `SequenceShiftCalculator`."""

    packet_offset: int = option(1, default=-1)
    """Packet i goes out at the timestamp of packet i + packet_offset."""

    emit_empty_packets_before_first_packet: bool = option(2)
    """With a positive offset: whether the bound moves on while the first packets are held."""


@register_calculator
class SequenceShiftCalculator(Calculator[SequenceShiftOptions]):
    """Shifts packets along the timestamps of their own stream.

    Inputs:   packets (any)
    Outputs:  shifted: the same packets; packet i has the timestamp of packet i + offset
    Side packets: PACKET_OFFSET (int), optional: goes before the option

    With offset n > 0 a packet waits for n later ones and the last n are dropped; with -n the
    first n are dropped. An offset of 1 sets each packet beside the one before it.

    Example:
        ```
        node {
          calculator: "SequenceShiftCalculator"
          input_stream: "frames"
          output_stream: "previous_frames"
          options { [mediapipe.SequenceShiftCalculatorOptions.ext] { packet_offset: 1 } }
        }
        ```
    """

    input_ports = (Port("packets"),)
    output_ports = (Port("shifted", SameAs("packets")),)
    side_input_ports = (Port("PACKET_OFFSET", int, optional=True),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Promises equal timestamps where nothing is shifted."""
        if contract.options.packet_offset == 0 and "PACKET_OFFSET" not in contract.side_inputs:
            contract.timestamp_offset = 0

    def open(self) -> None:
        """Takes the offset."""
        self._offset: int = self.side_packets.get("PACKET_OFFSET", self.options.packet_offset)
        if self._offset == 0:
            self.outputs["shifted"].set_offset(0)
        self._packets: deque[Packet[Any]] = deque()
        self._timestamps: deque[int] = deque()

    def process(self, packets: PacketSet) -> None:
        """Sends the packet, or into the timestamp, that has waited long enough."""
        if self._offset > 0:
            self._send_held_packet(packets["packets"])
        else:
            self._send_at_held_timestamp(packets["packets"])

    def _send_held_packet(self, packet: Packet[Any]) -> None:
        output = self.outputs["shifted"]
        if len(self._packets) >= self._offset:
            output.send(self._packets.popleft().at(packet.timestamp))
        elif self.options.emit_empty_packets_before_first_packet:
            output.set_next_timestamp_bound(next_allowed(packet.timestamp))
        self._packets.append(packet)

    def _send_at_held_timestamp(self, packet: Packet[Any]) -> None:
        self._timestamps.append(packet.timestamp)
        if len(self._timestamps) > -self._offset:
            self.outputs["shifted"].send(packet.at(self._timestamps.popleft()))
