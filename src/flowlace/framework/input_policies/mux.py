"""One selected input at a time."""

from flowlace.framework.calculator import PacketSet
from flowlace.framework.errors import GraphError
from flowlace.framework.input_policies.policy import (
    InputPolicy,
    Readiness,
    register_input_policy,
)
from flowlace.framework.packet import Packet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE, describe, next_allowed


@register_input_policy("MuxInputStreamHandler")
class MuxInputPolicy(InputPolicy):
    """Waits for the last input, an int, and for the input it selects; discards older data.

    Ends with the control stream. Packets of inputs that were not selected are counted as dropped.
    Source: MediaPipe `framework/stream_handler/mux_input_stream_handler.cc`.
    """

    def readiness(self) -> Readiness:
        """Ready when the control packet and the selected stream's packet or bound are there."""
        control = self.queues[-1]
        self.timestamp = control.min_timestamp_or_bound()
        self._drop_before(self.timestamp)
        if not control.packets:
            return Readiness.CLOSE if self.timestamp == DONE else Readiness.NOT_READY
        selected = self._selected(control.packets[0])
        is_settled = bool(selected.packets) or selected.stream.bound > self.timestamp
        return Readiness.PROCESS if is_settled else Readiness.NOT_READY

    def _selected(self, packet: Packet[int]) -> InputQueue:
        choice = packet.payload
        if not isinstance(choice, int) or not 0 <= choice < len(self.queues) - 1:
            raise GraphError(
                f"control stream {self.queues[-1].stream.name!r} selects input {choice!r} at "
                f"{describe(packet.timestamp)}; there are inputs 0 to {len(self.queues) - 2}"
            )
        return self.queues[choice]

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the control packet and the selected stream's packet at `timestamp`."""
        selected = self._selected(self.queues[-1].packets[0])
        for queue in self.queues:
            has_packet = bool(queue.packets) and queue.packets[0].timestamp == timestamp
            is_taken = queue is self.queues[-1] or queue is selected
            packets[queue.key] = queue.pop() if has_packet and is_taken else Packet.empty(timestamp)
        self._drop_before(next_allowed(timestamp))

    def _drop_before(self, timestamp: int) -> None:
        self.dropped += sum(queue.drop_before(timestamp) for queue in self.queues[:-1])
