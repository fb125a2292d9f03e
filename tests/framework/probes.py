"""Small calculators that the engine's tests build graphs of."""

import threading
from dataclasses import dataclass
from typing import Any

from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Port, SameAs, ServiceRequest
from flowlace.framework.options import NoOptions, option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import describe


@proto_options("flowlace.tests.ProbeOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeOptions:
    """Options of the probes."""

    count: int = option(1, default=3)
    fail_at: int = option(2, "int64", default=-1)
    offset: int = option(3, default=0)


@register_calculator
class ShowSetsCalculator(Calculator[NoOptions]):
    """Sends a word for every input set: the timestamp and what each port holds."""

    input_ports = (Port("*"),)
    output_ports = (Port("SETS", str),)

    def process(self, packets: PacketSet) -> None:
        words = [f"{packet.payload}" if packet else "-" for packet in packets.values()]
        text = f"{describe(packets.timestamp)}: {' '.join(words)}"
        self.outputs["SETS"].send(Packet(text, packets.timestamp))


@register_calculator
class ShowSettledCalculator(ShowSetsCalculator):
    """As ShowSets, run for settled timestamps too."""

    process_timestamp_bounds = True


@register_calculator
class ListSetsCalculator(Calculator[NoOptions]):
    """Puts every input set into the list that is the side packet LIST."""

    input_ports = (Port("*"),)
    side_input_ports = (Port("LIST", list),)

    def process(self, packets: PacketSet) -> None:
        shown = [
            packet.payload if packet else f"<{describe(packet.timestamp)}"
            for packet in packets.values()
        ]
        self.side_packets["LIST"].append((describe(packets.timestamp), *shown))


@register_calculator
class ListSettledCalculator(ListSetsCalculator):
    """As ListSets, run for settled timestamps too."""

    process_timestamp_bounds = True


@register_calculator
class NoOffsetCalculator(Calculator[NoOptions]):
    """Hands packets on without promising anything about their times."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", SameAs("in")),)

    def process(self, packets: PacketSet) -> None:
        if packets["in"]:
            self.outputs["out"].send(packets["in"])


@register_calculator
class KeepEvenCalculator(Calculator[NoOptions]):
    """Hands on even numbers; a missing output is known at once."""

    input_ports = (Port("in", int),)
    output_ports = (Port("out", int),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        if packets["in"].payload % 2 == 0:
            self.outputs["out"].send(packets["in"])


@register_calculator
class ShiftCalculator(Calculator[ProbeOptions]):
    """Moves packets by `offset` microseconds and promises so in open."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", SameAs("in")),)

    def open(self) -> None:
        self.outputs["out"].set_offset(self.options.offset)

    def process(self, packets: PacketSet) -> None:
        moved = packets["in"].at(packets.timestamp + self.options.offset)
        self.outputs["out"].send(moved)


@register_calculator
class FailCalculator(Calculator[ProbeOptions]):
    """Hands packets on until the one at `fail_at`."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", SameAs("in"), optional=True),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        if packets.timestamp == self.options.fail_at:
            raise ValueError("the probe was told to fail")
        if "out" in self.outputs:
            self.outputs["out"].send(packets["in"])


@register_calculator
class CountCalculator(Calculator[ProbeOptions]):
    """A source: 0, 1, … `count` − 1 at the times of the same number."""

    output_ports = (Port("out", int),)

    def open(self) -> None:
        self._next = 0

    def process(self, packets: PacketSet) -> Flow | None:
        if self._next >= self.options.count:
            return STOP
        self.outputs["out"].send(Packet(self._next, self._next))
        self._next += 1
        return None


@register_calculator
class StopAfterCalculator(Calculator[ProbeOptions]):
    """Hands `count` packets on, then stops the graph."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", SameAs("in")),)

    def open(self) -> None:
        self._seen = 0

    def process(self, packets: PacketSet) -> Flow | None:
        self.outputs["out"].send(packets["in"])
        self._seen += 1
        return STOP if self._seen >= self.options.count else None


@register_calculator
class WaitForGateCalculator(Calculator[NoOptions]):
    """Hands packets on once the event in the side packet GATE is set; tells of entering."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", SameAs("in")),)
    side_input_ports = (Port("GATE", threading.Event), Port("ENTERED", threading.Semaphore))

    def process(self, packets: PacketSet) -> None:
        self.side_packets["ENTERED"].release()
        assert self.side_packets["GATE"].wait(20)
        self.outputs["out"].send(packets["in"])


@register_calculator
class SumCalculator(Calculator[NoOptions]):
    """Sends the sum of everything when its input has ended."""

    input_ports = (Port("in", int),)
    output_ports = (Port("sum", int),)

    def open(self) -> None:
        self._sum = 0

    def process(self, packets: PacketSet) -> None:
        self._sum += packets["in"].payload

    def close(self) -> None:
        self.outputs["sum"].send(Packet(self._sum, 1_000_000))


@register_calculator
class LengthSidePacketCalculator(Calculator[NoOptions]):
    """Makes the side packet LENGTH of the side packet TEXT."""

    side_input_ports = (Port("TEXT", str),)
    side_output_ports = (Port("LENGTH", int),)

    def open(self) -> None:
        self.side_outputs["LENGTH"].set(len(self.side_packets["TEXT"]))

    def process(self, packets: PacketSet) -> Flow | None:
        return STOP


@register_calculator
class AddSidePacketCalculator(Calculator[NoOptions]):
    """Adds the side packet AMOUNT to every number."""

    input_ports = (Port("in", int),)
    output_ports = (Port("out", int),)
    side_input_ports = (Port("AMOUNT", int),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        total = packets["in"].payload + self.side_packets["AMOUNT"]
        self.outputs["out"].send(packets["in"].with_payload(total))


@register_calculator
class HeaderCalculator(Calculator[NoOptions]):
    """Sends with every packet the header that the stream had when this node opened."""

    input_ports = (Port("in"),)
    output_ports = (Port("out"),)

    def open(self) -> None:
        self._header = self.input_headers["in"].payload
        self.outputs["out"].set_header(Packet(f"{self._header}'"))

    def process(self, packets: PacketSet) -> None:
        self.outputs["out"].send(packets["in"].with_payload(self._header))


@register_calculator
class ServiceCalculator(Calculator[NoOptions]):
    """Sends the value of the service `greeting` for every packet."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", str),)
    services = (ServiceRequest("greeting", str),)

    def process(self, packets: PacketSet) -> None:
        self.outputs["out"].send(packets["in"].with_payload(self.service["greeting"]))


@register_calculator
class RemoteControlCalculator(Calculator[NoOptions]):
    """Calls the side packet DO with itself in each phase: `open`, `process`, `close`."""

    input_ports = (Port("in"),)
    output_ports = (Port("out"),)
    side_input_ports = (Port("DO"),)

    def _do(self, phase: str, packets: Any = None) -> Any:
        action = self.side_packets["DO"].get(phase)
        return action(self, packets) if action is not None else None

    def open(self) -> None:
        self._do("open")

    def process(self, packets: PacketSet) -> Any:
        return self._do("process", packets)

    def close(self) -> None:
        self._do("close")


@register_calculator
class FirstOfTwoCalculator(Calculator[NoOptions]):
    """Hands on the first input; the second one closes a loop."""

    input_ports = (Port("in"), Port("LOOP"))
    output_ports = (Port("out", SameAs("in")),)
    input_policy = "ImmediateInputStreamHandler"

    def process(self, packets: PacketSet) -> None:
        if packets["in"]:
            self.outputs["out"].send(packets["in"])


@register_calculator
class WrongPayloadCalculator(Calculator[NoOptions]):
    """Sends words where it has promised numbers."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", int),)

    def process(self, packets: PacketSet) -> None:
        self.outputs["out"].send(packets["in"].with_payload("a word"))


@register_calculator
class SilentSidePacketCalculator(Calculator[NoOptions]):
    """Promises a side packet and never makes it."""

    input_ports = (Port("in"),)
    side_output_ports = (Port("AMOUNT", int),)

    def process(self, packets: PacketSet) -> None:
        pass


@register_calculator
class JoinCalculator(Calculator[NoOptions]):
    """Sends one number that depends on the whole input set and on all sets before it."""

    input_ports = (Port("in", int, repeated=True),)
    output_ports = (Port("out", int),)
    timestamp_offset = 0

    def open(self) -> None:
        self._state = 17

    def process(self, packets: PacketSet) -> None:
        for position, packet in enumerate(packets.values()):
            value = packet.payload if packet else -1
            self._state = (self._state * 31 + value * (position + 3)) % 1_000_003
        self.outputs["out"].send(Packet(self._state, packets.timestamp))


@register_calculator
class CountSetsCalculator(Calculator[NoOptions]):
    """Counts the input sets it sees and the packets in them."""

    input_ports = (Port("*"),)

    def process(self, packets: PacketSet) -> None:
        self.count("sets")
        self.count("packets", sum(map(bool, packets.values())))


@register_calculator
class PromisingRemoteCalculator(RemoteControlCalculator):
    """As RemoteControl, with an offset of 0."""

    timestamp_offset = 0


@register_calculator
class ReturningRemoteCalculator(RemoteControlCalculator):
    """As RemoteControl, but returns from `open` and `close` what DO returns."""

    def open(self) -> None:
        return self._do("open")  # type: ignore[no-any-return]

    def close(self) -> None:
        return self._do("close")  # type: ignore[no-any-return]


@register_calculator
class SideFromProcessCalculator(CountCalculator):
    """As Count, and makes the side packet AMOUNT, a 7, with its last packet."""

    side_output_ports = (Port("AMOUNT", int),)

    def process(self, packets: PacketSet) -> Flow | None:
        if self._next == self.options.count - 1:
            self.side_outputs["AMOUNT"].set(7)
        return super().process(packets)


@register_calculator
class SourceWithSideCalculator(Calculator[NoOptions]):
    """A source of one packet: the side packet AMOUNT."""

    output_ports = (Port("out", int),)
    side_input_ports = (Port("AMOUNT", int),)

    def process(self, packets: PacketSet) -> Flow | None:
        self.outputs["out"].send(Packet(self.side_packets["AMOUNT"], 0))
        return STOP


@register_calculator
class TallyCalculator(Calculator[NoOptions]):
    """Adds every packet to the list that is the service `tally`; sends the list's length."""

    input_ports = (Port("in"),)
    output_ports = (Port("out", int),)
    services = (ServiceRequest("tally", list, default=list),)

    def process(self, packets: PacketSet) -> None:
        tally = self.service["tally"]
        tally.append(packets.timestamp)
        self.outputs["out"].send(packets["in"].with_payload(len(tally)))
