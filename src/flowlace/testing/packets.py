"""Short ways to write packets in tests."""

from collections.abc import Iterable, Mapping
from typing import Any

from flowlace.framework.packet import Packet


def at(timestamp: int, payload: Any = None) -> Packet[Any]:
    """Returns a packet at `timestamp`; without a payload, the timestamp is the payload too.

    Example:
        >>> at(33)
        Packet(33, 33)
        >>> at(33, "frame")
        Packet('frame', 33)
    """
    return Packet(timestamp if payload is None else payload, timestamp)


def nothing_until(timestamp: int) -> Packet[Any]:
    """Returns an empty packet: nothing comes up to and including `timestamp`."""
    return Packet.empty(timestamp)


def packets(
    payloads: Mapping[int, Any] | Iterable[Any], *, period_us: int = 1
) -> list[Packet[Any]]:
    """Returns packets from a mapping of timestamps, or one every `period_us` from 0 on.

    Example:
        >>> packets({0: "a", 40: "b"})
        [Packet('a', 0), Packet('b', 40)]
        >>> packets("ab", period_us=40)
        [Packet('a', 0), Packet('b', 40)]
    """
    if isinstance(payloads, Mapping):
        return [Packet(payload, timestamp) for timestamp, payload in payloads.items()]
    return [Packet(payload, index * period_us) for index, payload in enumerate(payloads)]
