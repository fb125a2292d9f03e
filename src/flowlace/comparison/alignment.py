"""Which packet of one stream answers which of another: by timestamp, and near to it if allowed."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from flowlace.framework.packet import Packet

AnyPacket = Packet[Any]
PacketPair = tuple[AnyPacket | None, AnyPacket | None]


def align(
    expected: Iterable[AnyPacket], actual: Iterable[AnyPacket], tolerance_us: float = 0
) -> Iterator[PacketPair]:
    """Gives pairs of packets in the order of time, None for what one side does not have.

    Packets of one timestamp belong together. Of the others, neighbours that are at most
    `tolerance_us` apart do. Both streams have rising timestamps and are read once, a tolerance
    ahead.

    >>> def at(*times):
    ...     return [Packet("", time) for time in times]
    >>> [(e and e.timestamp, a and a.timestamp) for e, a in align(at(1, 5, 9), at(2, 9), 1)]
    [(1, 2), (5, None), (9, 9)]
    """
    first, second = _Ahead(expected), _Ahead(actual)
    while (e := first.head()) is not None and (a := second.head()) is not None:
        is_near = abs(e.timestamp - a.timestamp) <= tolerance_us
        later, other = (a, first) if e.timestamp < a.timestamp else (e, second)
        if is_near and (e.timestamp == a.timestamp or not other.holds(later.timestamp)):
            yield first.take(), second.take()
        elif e.timestamp < a.timestamp:
            yield first.take(), None
        else:
            yield None, second.take()
    while first.head() is not None:
        yield first.take(), None
    while second.head() is not None:
        yield None, second.take()


class _Ahead:
    """A stream that can be looked into before it is taken."""

    def __init__(self, packets: Iterable[AnyPacket]) -> None:
        self._packets = iter(packets)
        self._waiting: deque[AnyPacket] = deque()

    def head(self) -> AnyPacket | None:
        self._fill(1)
        return self._waiting[0] if self._waiting else None

    def take(self) -> AnyPacket:
        self._fill(1)
        return self._waiting.popleft()

    def holds(self, timestamp: int) -> bool:
        """Tells whether a packet of just this time will come."""
        while not self._waiting or self._waiting[-1].timestamp < timestamp:
            if not self._fill(len(self._waiting) + 1):
                return False
        return any(packet.timestamp == timestamp for packet in self._waiting)

    def _fill(self, count: int) -> bool:
        while len(self._waiting) < count:
            packet = next(self._packets, None)
            if packet is None:
                return False
            self._waiting.append(packet)
        return True
