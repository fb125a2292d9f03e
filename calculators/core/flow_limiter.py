"""Drops frames while the graph below is busy."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from flowlace.calculators.core.headers import hand_on_headers
from flowlace.calculators.core.options_packet import with_options_packet
from flowlace.framework.calculator import Calculator, OutputPort, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import DONE, MAX, UNSET, next_allowed


@proto_options("mediapipe.FlowLimiterCalculatorOptions", extension=326963320)
@dataclass(frozen=True, kw_only=True, slots=True)
class FlowLimiterOptions:
    """Options of `FlowLimiterCalculator`."""

    max_in_flight: int = option(1, default=1)
    """Frames released downstream and not yet reported FINISHED."""

    max_in_queue: int = option(2, default=0)
    """Frames kept waiting for one in flight to finish; the oldest is dropped first."""

    in_flight_timeout: int = option(3, "int64", default=0)
    """Forget an unfinished frame once a frame this many microseconds later comes; 0 waits for
    ever. Measured in timestamps, never on a clock."""


@register_calculator
class FlowLimiterCalculator(Calculator[FlowLimiterOptions]):
    """Drops frames while the graph below is busy, so latency stays bounded.

    Inputs:   frames (any), further untagged streams (any) that follow the frames;
              FINISHED (any; back edge): a packet or a timestamp bound for each frame done;
              OPTIONS (FlowLimiterOptions), optional: changes the options while it runs
    Outputs:  the untagged inputs, same types and timestamps;
              ALLOW (bool), optional: for each frame, at its timestamp, whether it was released
    Side packets: MAX_IN_FLIGHT (int) and OPTIONS (FlowLimiterOptions), both optional

    FINISHED retires every frame up to its timestamp, so the section may merge or skip frames as
    long as its timestamp bound moves on. Packets of the further streams are held until it is known
    what became of the frames up to their time: they are passed on from a released frame to the
    next dropped one. ALLOW has one packet a frame, although MediaPipe's own comment speaks of
    transitions only. Dropped frames are counted as `dropped`.

    One frame in flight and one queued usually give the best latency for the throughput: the graph
    is never idle, and the queue always holds the newest frame. No queue lowers latency further and
    costs throughput. Raise `max_in_flight` only when the nodes below run in parallel. Set
    `in_flight_timeout` where a frame may get lost without any sign on FINISHED.

    Example:
        ```
        node {
          calculator: "FlowLimiterCalculator"
          input_stream: "camera_frames"
          input_stream: "FINISHED:tracked_boxes"
          input_stream_info { tag_index: "FINISHED" back_edge: true }
          output_stream: "throttled_frames"
          options { [mediapipe.FlowLimiterCalculatorOptions.ext] { max_in_queue: 1 } }
        }
        ```
    """

    input_ports = (
        Port("frames", repeated=True),
        Port("FINISHED"),
        Port("OPTIONS", FlowLimiterOptions, optional=True),
    )
    output_ports = (
        Port("frames", SameAs("*"), repeated=True),
        Port("ALLOW", bool, optional=True),
    )
    side_input_ports = (
        Port("MAX_IN_FLIGHT", int, optional=True),
        Port("OPTIONS", FlowLimiterOptions, optional=True),
    )
    input_policy = "ImmediateInputStreamHandler"
    process_timestamp_bounds = True

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for every stream of frames, and limits that let something through."""
        given, wanted = len(contract.inputs.untagged), len(contract.outputs.untagged)
        if given != wanted:
            raise ContractError(
                f"has {given} untagged inputs and {wanted} untagged outputs; each input needs one"
            )
        _check(contract.options)

    def open(self) -> None:
        """Takes the limits, and hands headers on."""
        given: Any = self.side_packets.get("OPTIONS")
        self._limits = with_options_packet(self.options, given)
        count = self.side_packets.get("MAX_IN_FLIGHT")
        if count is not None:
            self._limits = replace(self._limits, max_in_flight=count)
        _check(self._limits)
        self._queues: list[deque[Packet[Any]]] = [deque() for _ in self.outputs.untagged]
        self._in_flight: deque[int] = deque()
        self._rulings: list[tuple[int, bool]] = [(UNSET, True)]
        self._bound = UNSET
        hand_on_headers(self.input_headers, self.outputs)

    def process(self, packets: PacketSet) -> None:
        """Handles a packet or a bound on any one input."""
        self._read_options(packets)
        self._retire_finished(packets)
        self._accept(packets)
        self._give_up_expired(packets)
        self._release()
        self._drop_surplus()
        self._hand_on_bound(packets)
        self._follow(packets)
        self._forget_rulings(packets)

    def _read_options(self, packets: PacketSet) -> None:
        given: Any = packets.get("OPTIONS")
        if given:
            self._limits = with_options_packet(self._limits, given.payload)

    def _retire_finished(self, packets: PacketSet) -> None:
        if packets["FINISHED"].timestamp == packets.timestamp:
            while self._in_flight and self._in_flight[0] <= packets.timestamp:
                self._in_flight.popleft()

    def _accept(self, packets: PacketSet) -> None:
        for queue, packet in zip(self._queues, packets.tagged(""), strict=True):
            if packet:
                queue.append(packet)

    def _give_up_expired(self, packets: PacketSet) -> None:
        timeout_us = self._limits.in_flight_timeout
        newest = packets["frames"].timestamp
        if timeout_us > 0 and newest == packets.timestamp and newest < MAX:
            while self._in_flight and newest - self._in_flight[0] > timeout_us:
                self._in_flight.popleft()
                self.count("timed_out")

    def _release(self) -> None:
        queue = self._queues[0]
        while queue and len(self._in_flight) < self._limits.max_in_flight:
            packet = queue.popleft()
            self.outputs["frames"].send(packet)
            self._bound = max(self._bound, next_allowed(packet.timestamp))
            self._in_flight.append(packet.timestamp)
            self._rule(packet.timestamp, True)

    def _drop_surplus(self) -> None:
        # After the release: a frame and a FINISHED never come in one call, so the newest frame
        # has had its chance before it counts as surplus.
        queue = self._queues[0]
        while len(queue) > self._limits.max_in_queue:
            self._rule(queue.popleft().timestamp, False)
            self.count("dropped")

    def _rule(self, timestamp: int, is_allowed: bool) -> None:
        self._rulings.append((timestamp, is_allowed))
        if "ALLOW" in self.outputs:
            self.outputs["ALLOW"].send(Packet(is_allowed, timestamp))

    def _hand_on_bound(self, packets: PacketSet) -> None:
        bound = self._bound_of(0, packets)
        self._bound = DONE if bound > MAX else max(self._bound, bound)
        _promise(self.outputs["frames"], bound)
        if not self._queues[0] and "ALLOW" in self.outputs:
            _promise(self.outputs["ALLOW"], bound)

    def _bound_of(self, position: int, packets: PacketSet) -> int:
        """Returns the earliest time of which an input's packets are still to be passed on."""
        queue = self._queues[position]
        if queue:
            return queue[0].timestamp
        return next_allowed(packets[packets.untagged[position]].timestamp)

    def _follow(self, packets: PacketSet) -> None:
        """Passes on the further streams as far as the frames are settled."""
        outputs = self.outputs.tagged("")
        for position in range(1, len(self._queues)):
            queue = self._queues[position]
            while queue and queue[0].timestamp < self._bound:
                packet = queue.popleft()
                if self._is_allowed(packet.timestamp):
                    outputs[position].send(packet)
            _promise(outputs[position], self._bound_of(position, packets))

    def _is_allowed(self, timestamp: int) -> bool:
        return self._rulings[bisect_right(self._rulings, (timestamp, True)) - 1][1]

    def _forget_rulings(self, packets: PacketSet) -> None:
        settled = min(self._bound_of(i, packets) for i in range(len(self._queues)))
        del self._rulings[: bisect_right(self._rulings, (settled, True)) - 1]


def _check(options: FlowLimiterOptions) -> None:
    if options.max_in_flight < 1:
        raise ContractError(
            f"max_in_flight is {options.max_in_flight}, but at least 1 frame has to pass"
        )
    if options.max_in_queue < 0 or options.in_flight_timeout < 0:
        raise ContractError(
            f"max_in_queue ({options.max_in_queue}) and in_flight_timeout "
            f"({options.in_flight_timeout}) can't be below 0"
        )


def _promise(output: OutputPort, bound: int) -> None:
    if output.is_closed:
        return
    if bound > MAX:
        output.close()
    else:
        output.set_next_timestamp_bound(bound)
