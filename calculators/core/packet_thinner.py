"""Passes one packet a period at most."""

from dataclasses import dataclass
from enum import IntEnum
from math import ceil
from typing import Any

from flowlace.calculators.core.headers import with_frame_rate
from flowlace.calculators.core.options_packet import with_options_packet
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MAX, MIN, add_offset


class ThinnerType(IntEnum):
    """Which packets a thinner keeps."""

    ASYNC = 1
    """The first, then the first after each pause of a period."""
    SYNC = 2
    """The one nearest to each multiple of the period."""


@proto_options("mediapipe.PacketThinnerCalculatorOptions", extension=288533508)
@dataclass(frozen=True, kw_only=True, slots=True)
class PacketThinnerOptions:
    """Options of `PacketThinnerCalculator`."""

    thinner_type: ThinnerType = option(1, default=ThinnerType.ASYNC)
    """Which packets are kept."""

    period: int = option(2, "int64", default=1)
    """Microseconds in which one packet at most is kept."""

    start_time: int | None = option(3, "int64")
    """Packets before are dropped; periods of SYNC are centred on it. SYNC has 0, ASYNC no limit."""

    end_time: int | None = option(4, "int64")
    """Packets from here on are dropped, and the output ends."""

    sync_output_timestamps: bool = option(5, default=True)
    """Whether SYNC sends a packet at the centre of its period, not at its own timestamp."""

    update_frame_rate: bool = option(6)
    """Whether the video header of the stream gets the frame rate that thinning leaves."""


@register_calculator
class PacketThinnerCalculator(Calculator[PacketThinnerOptions]):
    """Passes one packet a period at most, and never repeats any.

    Inputs:   packets (any)
    Outputs:  thinned: some of them
    Side packets: PERIOD (int, µs) and OPTIONS (PacketThinnerOptions), both optional

    ASYNC sends a packet, then nothing for a period, and so on; at once and at the packets' own
    timestamps. SYNC waits for the packet nearest to start_time + i * period, the later one of two
    equally near, and sends it when a packet of the next period comes. Packets at PRE_STREAM and
    POST_STREAM lie outside of any limits and are dropped. Use `PacketResamplerCalculator` where
    gaps have to be filled.

    Example:
        ```
        node {
          calculator: "PacketThinnerCalculator"
          input_stream: "frames"
          output_stream: "one_frame_a_second"
          options { [mediapipe.PacketThinnerCalculatorOptions.ext] { period: 1000000 } }
        }
        ```
    """

    input_ports = (Port("packets"),)
    output_ports = (Port("thinned", SameAs("packets")),)
    side_input_ports = (
        Port("PERIOD", int, optional=True),
        Port("OPTIONS", PacketThinnerOptions, optional=True),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a period and a span of time."""
        if not contract.side_inputs:
            _check(contract.options, contract.options.period)

    def open(self) -> None:
        """Takes the options, and hands the header on."""
        given: Any = self.side_packets.get("OPTIONS")
        self._settings = settings = with_options_packet(self.options, given)
        self._period: int = self.side_packets.get("PERIOD", settings.period)
        _check(settings, self._period)
        self._is_sync = settings.thinner_type is ThinnerType.SYNC
        self._start = _start_time(settings)
        self._end = MAX if settings.end_time is None else settings.end_time
        self._pause_end = self._start
        self._best: Packet[Any] = Packet.empty()
        self._output = self.outputs["thinned"]
        if not self._is_sync:
            self._output.set_offset(0)
        self._output.set_next_timestamp_bound(self._start)
        self._hand_on_header()

    def process(self, packets: PacketSet) -> None:
        """Keeps or drops one packet."""
        packet = packets["packets"]
        if packet.timestamp >= self._end:
            self._end_output()
        elif packet.timestamp >= self._start:
            self._compare(packet) if self._is_sync else self._send_unless_paused(packet)

    def close(self) -> None:
        """Sends the best packet of the last period."""
        if self._best and not self._output.is_closed:
            self._send_best()

    def _end_output(self) -> None:
        if not self._output.is_closed:
            self.close()
            self._best = Packet.empty()
            self._output.close()

    def _send_unless_paused(self, packet: Packet[Any]) -> None:
        if packet.timestamp >= self._pause_end:
            self._output.send(packet)
            self._pause_end = add_offset(packet.timestamp, self._period)
            self._output.set_next_timestamp_bound(self._pause_end)

    def _compare(self, packet: Packet[Any]) -> None:
        if not self._best:
            self._keep(packet)
            return
        centre = self._centre(packet)
        if centre != self._centre(self._best):
            self._send_best()
            self._keep(packet)
        elif abs(packet.timestamp - centre) <= abs(self._best.timestamp - centre):
            self._best = packet

    def _keep(self, packet: Packet[Any]) -> None:
        self._best = packet
        self._output.set_next_timestamp_bound(self._place(packet))

    def _send_best(self) -> None:
        self._output.send(self._best.at(self._place(self._best)))

    def _place(self, packet: Packet[Any]) -> int:
        """Returns the timestamp a packet is sent at."""
        is_moved = self._settings.sync_output_timestamps
        return self._centre(packet) if is_moved else packet.timestamp

    def _centre(self, packet: Packet[Any]) -> int:
        elapsed = packet.timestamp - self._start + self._period // 2
        return elapsed // self._period * self._period + self._start

    def _hand_on_header(self) -> None:
        header = self.input_headers["packets"]
        if header and self._settings.update_frame_rate:
            rate = self._thinned_rate(header.payload.frame_rate)
            self._output.set_header(Packet(with_frame_rate(header.payload, rate)))
        elif header:
            self._output.set_header(header)

    def _thinned_rate(self, frame_rate: float) -> float:
        if self._is_sync:
            return min(frame_rate, 1e6 / self._period)
        return frame_rate / ceil(frame_rate * self._period / 1e6)


def _start_time(options: PacketThinnerOptions) -> int:
    if options.start_time is not None:
        return options.start_time
    return 0 if options.thinner_type is ThinnerType.SYNC else MIN


def _check(options: PacketThinnerOptions, period: int) -> None:
    if period <= 0:
        raise ContractError(f"period is {period}, but has to be above 0")
    start, end = _start_time(options), options.end_time
    if end is not None and start >= end:
        raise ContractError(f"start_time ({start}) has to be before end_time ({end})")
