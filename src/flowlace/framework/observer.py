"""Delivers the packets of an output stream to a callback, in order, one call at a time."""

from collections import deque
from collections.abc import Callable
from typing import Any

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE, UNSTARTED, previous_allowed

PacketCallback = Callable[[Packet[Any]], Any]


class StreamObserver:
    """A callback on one stream.

    Packets are queued while the run's lock is held and delivered after it is released, so that a
    callback may call the graph. One thread at a time delivers; another one that comes by leaves
    its packet to that thread, which keeps the order without making anybody wait.
    """

    __slots__ = (
        "callback",
        "is_delivering",
        "last_settled",
        "observes_bounds",
        "pending",
        "stream",
    )

    def __init__(self, stream: str, callback: PacketCallback, *, observes_bounds: bool) -> None:
        self.stream = stream
        self.callback = callback
        self.observes_bounds = observes_bounds
        self.pending: deque[Packet[Any]] = deque()
        self.is_delivering = False
        self.last_settled = UNSTARTED

    def note_bound(self, bound: int, packets: list[Packet[Any]]) -> None:
        """Queues a bound change as an empty packet at bound − 1.

        Not when a packet has just said the same, and never for DONE.
        """
        if bound == DONE:
            return
        settled = packets[-1].timestamp if packets else self.last_settled
        if previous_allowed(bound) > settled:
            settled = previous_allowed(bound)
            self.pending.append(Packet.empty(settled))
        self.last_settled = settled

    def restart(self) -> None:
        """Forgets what a former run left."""
        self.pending.clear()
        self.is_delivering = False
        self.last_settled = UNSTARTED
