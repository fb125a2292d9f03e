"""Gives a calculator its own last output."""

from collections import deque
from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MAX, UNSET, UNSTARTED, next_allowed


@register_calculator
class PreviousLoopbackCalculator(Calculator[NoOptions]):
    """Sends, with every packet of MAIN, what LOOP held at the time of the MAIN packet before.

    Inputs:   MAIN (any): the clock of the loop;
              LOOP (any; back edge): a packet or a timestamp bound for each packet of MAIN
    Outputs:  PREV_LOOP: packets of LOOP at the timestamps of the next packet of MAIN

    Where there is nothing to send (at the first packet of MAIN, after a LOOP without a packet, at
    a bound of MAIN) the timestamp bound moves on, so nobody waits. Packets of LOOP that match no
    packet of MAIN are ignored. The node below must not skip a timestamp of MAIN without saying so
    by its bound, or the loop stands still.

    Example:
        ```
        node {
          calculator: "PreviousLoopbackCalculator"
          input_stream: "MAIN:frames"
          input_stream: "LOOP:boxes"
          input_stream_info { tag_index: "LOOP" back_edge: true }
          output_stream: "PREV_LOOP:previous_boxes"
        }
        ```
    """

    input_ports = (Port("MAIN"), Port("LOOP"))
    output_ports = (Port("PREV_LOOP", SameAs("LOOP")),)
    input_policy = "ImmediateInputStreamHandler"
    process_timestamp_bounds = True

    def open(self) -> None:
        """Starts with nothing before the first packet of MAIN."""
        # Times of MAIN that are not answered yet, with the time of LOOP each asks for.
        self._questions: deque[tuple[int, int]] = deque()
        self._answers: deque[Packet[Any]] = deque()
        self._last_main = self._last_main_packet = UNSTARTED
        # UNSET, not UNSTARTED: what LOOP shows before its first packet answers the first question.
        self._last_loop = UNSET
        header = self.input_headers["LOOP"]
        if header:
            self.outputs["PREV_LOOP"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Matches times of MAIN with packets and bounds of LOOP."""
        self._note_main(packets["MAIN"])
        self._note_loop(packets["LOOP"])
        while self._questions and self._answers:
            self._match()

    def _note_main(self, packet: Packet[Any]) -> None:
        if packet.timestamp <= self._last_main:
            return
        self._last_main = packet.timestamp
        wanted = UNSET
        if packet:
            wanted, self._last_main_packet = self._last_main_packet, packet.timestamp
        self._questions.append((packet.timestamp, wanted))

    def _note_loop(self, packet: Packet[Any]) -> None:
        if packet.timestamp > self._last_loop:
            self._last_loop = packet.timestamp
            self._answers.append(packet)

    def _match(self) -> None:
        timestamp, wanted = self._questions[0]
        answer = self._answers[0]
        if wanted <= answer.timestamp:
            self._questions.popleft()
            is_match = wanted == answer.timestamp and bool(answer)
            self._send(answer.at(timestamp) if is_match else Packet.empty(timestamp))
        if wanted >= answer.timestamp:
            self._answers.popleft()

    def _send(self, packet: Packet[Any]) -> None:
        output = self.outputs["PREV_LOOP"]
        if packet:
            output.send(packet)
        if packet.timestamp == MAX:  # the last there can be: MAIN has ended
            output.close()
        elif not packet:
            output.set_next_timestamp_bound(next_allowed(packet.timestamp))
