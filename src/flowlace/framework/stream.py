"""A stream between nodes at run time: its bound, and a queue for each consumer."""

import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import PRE_STREAM

if TYPE_CHECKING:
    from flowlace.framework.node import Node
    from flowlace.framework.observer import StreamObserver
    from flowlace.framework.throttle import Throttle

UNLIMITED: Final = sys.maxsize


class Stream:
    """One stream of a running graph.

    It has one producer, so the timestamp bound is the same for all consumers and is kept here.
    """

    __slots__ = ("bound", "direct", "header", "header_is_set", "is_closed", "is_polled", "name",
                 "observers", "packet_count", "producer", "queues")  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.bound = PRE_STREAM
        """The earliest timestamp the next packet may have."""
        self.packet_count = 0
        self.is_closed = False
        self.queues: list[InputQueue] = []
        self.observers: list[StreamObserver] = []
        self.is_polled = False
        self.header: Packet[Any] = Packet.empty()
        self.header_is_set = False
        self.producer: Node | None = None
        """The node that sends it; None for a graph input."""
        self.direct: Node | None = None
        """The only consumer, where it may be called straight after the producer."""


class InputQueue:
    """The packets of one stream that one consumer has not taken yet."""

    __slots__ = ("is_back_edge", "is_full", "key", "label", "max_size", "node", "packets",
                 "stream", "throttles")  # fmt: skip

    def __init__(self, stream: Stream, node: "Node | None", key: Any, label: str) -> None:
        self.stream = stream
        self.node = node
        """The consumer; None for a poller."""
        self.key = key
        self.label = label
        self.packets: deque[Packet[Any]] = deque()
        self.max_size = UNLIMITED
        self.is_full = False
        self.is_back_edge = False
        self.throttles: tuple[Throttle, ...] = ()
        """What has to wait while this queue is full: the roots upstream of it."""
        stream.queues.append(self)

    def pop(self) -> Packet[Any]:
        """Removes and returns the earliest packet."""
        packet = self.packets.popleft()
        if self.is_full:
            self.update_fullness()
        return packet

    def is_settled_at(self, timestamp: int) -> bool:
        """Returns whether nothing has come after `timestamp`: no packet, no further bound."""
        return not self.packets and self.stream.bound == timestamp + 1

    def drop_before(self, timestamp: int) -> int:
        """Removes packets earlier than `timestamp` and returns how many there were."""
        dropped = 0
        while self.packets and self.packets[0].timestamp < timestamp:
            self.packets.popleft()
            dropped += 1
        if dropped and self.is_full:
            self.update_fullness()
        return dropped

    def update_fullness(self) -> None:
        """Tells the throttles when this queue has become full or has room again."""
        is_full = len(self.packets) >= self.max_size
        if is_full == self.is_full:
            return
        self.is_full = is_full
        for throttle in self.throttles:
            throttle.full_queues.add(self) if is_full else throttle.full_queues.discard(self)
            if not throttle.full_queues:
                throttle.release()

    def min_timestamp_or_bound(self) -> int:
        """Returns the time of the earliest packet, or the bound where there is none."""
        return self.packets[0].timestamp if self.packets else self.stream.bound

    def refuse_packets(self) -> "DroppedPackets":
        """Drops what is here and whatever comes later; returns the counter of drops."""
        sink = DroppedPackets(len(self.packets))
        self.packets.clear()
        self.update_fullness()
        self.packets = sink  # type: ignore[assignment]
        return sink


class DroppedPackets:
    """Stands in for the queue of a closed node: counts what still comes, keeps nothing."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count

    def append(self, packet: Packet[Any]) -> None:  # noqa: ARG002 - counted, not kept
        """Counts one more packet that nobody will see."""
        self.count += 1

    def extend(self, packets: list[Packet[Any]]) -> None:
        """Counts more packets that nobody will see."""
        self.count += len(packets)

    def clear(self) -> None:
        """Does nothing: nothing is kept."""

    def __len__(self) -> int:
        return 0
