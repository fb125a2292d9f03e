"""The packet: any Python object with a timestamp, immutable."""

from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from flowlace.framework.timestamp import UNSET, describe

T_co = TypeVar("T_co", covariant=True)


class _Empty:
    """The payload of a packet that only says what time it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "EMPTY"

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY: Final = _Empty()


class Packet(Generic[T_co]):
    """An immutable payload at a timestamp; copies share the payload.

    Args:
        payload: any object. Payloads are shared between nodes, so nobody may change them.
        timestamp: microseconds or a special value of `flowlace.framework.timestamp`.

    A packet without a payload, `Packet.empty(t)`, says that nothing comes up to and including t.
    """

    __slots__ = ("_payload", "_timestamp")

    def __init__(self, payload: T_co, timestamp: int = UNSET) -> None:
        self._payload = payload
        self._timestamp = timestamp

    @classmethod
    def empty(cls, timestamp: int = UNSET) -> "Packet[Any]":
        """Returns a packet that carries only a timestamp."""
        return Packet(EMPTY, timestamp)

    # Attribute getters in C: these two are read several times per node and packet.
    payload: Any = property(attrgetter("_payload"))
    timestamp: int = property(attrgetter("_timestamp"))  # type: ignore[assignment]

    @property
    def is_empty(self) -> bool:
        """Whether this packet carries a timestamp only."""
        return self._payload is EMPTY

    def at(self, timestamp: int) -> "Packet[T_co]":
        """Returns the same payload at another timestamp."""
        return Packet(self._payload, timestamp)

    def with_payload(self, payload: Any) -> "Packet[Any]":
        """Returns another payload at the same timestamp."""
        return Packet(payload, self._timestamp)

    def __bool__(self) -> bool:
        return self._payload is not EMPTY

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packet):
            return NotImplemented
        if self._timestamp != other._timestamp:
            return False
        mine, theirs = self._payload, other._payload
        # Arrays compare element by element; two packets are equal when all elements are.
        same: Any = mine is theirs or mine == theirs
        return bool(same.all()) if hasattr(same, "all") else bool(same)

    def __hash__(self) -> int:
        return hash((type(self._payload), self._timestamp))

    def __repr__(self) -> str:
        return f"Packet({self._payload!r}, {describe(self._timestamp)})"
