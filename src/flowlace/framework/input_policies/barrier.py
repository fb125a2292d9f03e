"""One packet of every input, whatever their timestamps."""

from flowlace.framework.calculator import PacketSet
from flowlace.framework.input_policies.policy import (
    InputPolicy,
    Readiness,
    register_input_policy,
)
from flowlace.framework.timestamp import DONE


@register_input_policy("BarrierInputStreamHandler")
class BarrierInputPolicy(InputPolicy):
    """Takes the head of every queue once all have one; ends when any stream is done and empty.

    Timestamps play no part, so packets may even come out of order. The input timestamp is the
    smallest of the heads. Source: MediaPipe
    `framework/stream_handler/barrier_input_stream_handler.cc`.
    """

    ignores_order = True

    def readiness(self) -> Readiness:
        """Ready when every queue holds a packet."""
        if any(self.is_closed_by(queue) for queue in self.queues):
            self.timestamp = DONE
            return Readiness.CLOSE
        self.timestamp = min(queue.min_timestamp_or_bound() for queue in self.queues)
        has_all = all(queue.packets for queue in self.queues)
        return Readiness.PROCESS if has_all else Readiness.NOT_READY

    def fill(self, packets: PacketSet, timestamp: int) -> None:  # noqa: ARG002 - heads, not times
        """Takes the head of every queue."""
        for queue in self.queues:
            packets[queue.key] = queue.pop()
