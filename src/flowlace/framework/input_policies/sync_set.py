"""Streams whose packets of equal timestamp belong together."""

from collections.abc import Sequence

from flowlace.framework.calculator import PacketSet
from flowlace.framework.input_policies.policy import Readiness
from flowlace.framework.packet import Packet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import (
    DONE,
    MAX,
    ONE_OVER_POST_STREAM,
    POST_STREAM,
    UNSET,
    UNSTARTED,
    previous_allowed,
)


class SyncSet:
    """The readiness rule of MediaPipe's `InputStreamHandler::SyncSet` over some queues."""

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool) -> None:
        self.queues = list(queues)
        self.processes_bounds = processes_bounds
        self.last_processed = UNSET
        self._processed_before = UNSET
        self.timestamp = UNSET
        """After `readiness`: the time to process, DONE at the end, else the bound of the set."""

    def readiness(self) -> Readiness:
        """Ready at the earliest packet once every empty stream has passed it.

        A verdict of PROCESS counts as processed: ask once, then `fill`.
        """
        min_packet = min_bound = DONE
        self._processed_before = self.last_processed
        for queue in self.queues:
            if queue.packets:
                head = queue.packets[0]._timestamp
                if head < min_packet:
                    min_packet = head
            elif queue.stream.bound < min_bound:
                min_bound = queue.stream.bound
        if min_packet >= ONE_OVER_POST_STREAM and min_bound >= ONE_OVER_POST_STREAM:
            self.timestamp = DONE
            self.last_processed = MAX
            return Readiness.CLOSE
        if self.processes_bounds:
            return self._settled(min_packet, min_bound)
        if min_bound > min_packet:
            self.timestamp = self.last_processed = min_packet
            return Readiness.PROCESS
        self.timestamp = min_bound
        return Readiness.NOT_READY

    def _settled(self, min_packet: int, min_bound: int) -> Readiness:
        is_last_packet = min_packet == POST_STREAM and min_bound > POST_STREAM
        settled = POST_STREAM if is_last_packet else previous_allowed(min_bound)
        candidate = min(min_packet, settled)
        if candidate > max(self.last_processed, UNSTARTED):
            self.timestamp = self.last_processed = candidate
            return Readiness.PROCESS
        self.timestamp = min(min_packet, min_bound)
        return Readiness.NOT_READY

    def forget_verdict(self) -> None:
        """Takes back the last verdict of PROCESS: it was not acted on."""
        self.last_processed = self._processed_before

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the packets at `timestamp`; streams without one get an empty packet."""
        for queue in self.queues:
            if queue.packets and queue.packets[0]._timestamp == timestamp:
                packets[queue.key] = queue.pop()
            else:
                packets[queue.key] = Packet.empty(timestamp)

    def fill_bounds(self, packets: PacketSet) -> None:
        """Shows how far each stream is settled, as empty packets at bound − 1."""
        for queue in self.queues:
            settled = previous_allowed(queue.min_timestamp_or_bound())
            packets[queue.key] = Packet.empty(settled)
