"""`mp.Packet`: a flowlace packet seen through MediaPipe's methods."""

from typing import Any

from flowlace.compat.mediapipe.python.payload_types import cpp_type_of
from flowlace.compat.mediapipe.python.timestamp import (
    TimeLike,
    Timestamp,
    microseconds_of,
    name_of,
)
from flowlace.framework.packet import EMPTY
from flowlace.framework.packet import Packet as FlowPacket


class Packet:
    """A payload at a timestamp, made by `packet_creator` and read by `packet_getter`.

    `Packet()` is empty, `Packet(other)` a copy that shares the payload.
    """

    __slots__ = ("_packet",)

    def __init__(self, packet: "Packet | None" = None) -> None:
        if packet is not None and not isinstance(packet, Packet):
            raise TypeError(
                f"Packet takes another Packet, not {packet!r}; make packets with packet_creator"
            )
        self._packet: FlowPacket[Any] = FlowPacket.empty() if packet is None else packet._packet

    @classmethod
    def of(cls, packet: FlowPacket[Any]) -> "Packet":
        """Returns a flowlace packet in MediaPipe's clothes."""
        wrapped = cls.__new__(cls)
        wrapped._packet = packet
        return wrapped

    @property
    def inner(self) -> FlowPacket[Any]:
        """The flowlace packet."""
        return self._packet

    @property
    def timestamp(self) -> Timestamp:
        """The packet's time; may be set, to an integer too."""
        return Timestamp(self._packet.timestamp)

    @timestamp.setter
    def timestamp(self, value: TimeLike) -> None:
        self._packet = self._packet.at(microseconds_of(value))

    def at(self, timestamp: TimeLike) -> "Packet":
        """Returns the same payload at another time."""
        return Packet.of(self._packet.at(microseconds_of(timestamp)))

    def is_empty(self) -> bool:
        """Returns whether there is no payload."""
        return self._packet.payload is EMPTY

    def __repr__(self) -> str:
        time = name_of(self._packet.timestamp)
        if self.is_empty():
            return f"<mediapipe.Packet with timestamp: {time} and no data>"
        payload = self._packet.payload
        cpp_type = cpp_type_of(payload)
        kind = f"C++ type: {cpp_type}" if cpp_type else f"Python type: {type(payload).__name__}"
        return f"<mediapipe.Packet with timestamp: {time} and {kind}>"
