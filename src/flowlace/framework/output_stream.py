"""The sending side of a stream: what `Calculator.outputs` holds while a graph runs."""

import threading
from typing import Any

from flowlace.framework.calculator import OutputPort, SideOutputPort
from flowlace.framework.contract import runtime_class, type_name
from flowlace.framework.errors import GraphError
from flowlace.framework.packet import EMPTY, Packet
from flowlace.framework.stream import Stream
from flowlace.framework.timestamp import (
    MAX,
    MIN,
    ONE_OVER_POST_STREAM,
    POST_STREAM,
    PRE_STREAM,
    UNSET,
    describe,
    is_allowed_in_stream,
    next_allowed,
)


class OutputStream(OutputPort):
    """Collects what one call of a calculator sends on one stream."""

    __slots__ = ("_accepted", "_packet_type", "buffer", "explicit_bound", "is_opening",
                 "node_name", "offset_us", "stream", "wants_close")  # fmt: skip

    def __init__(self, stream: Stream, node_name: str, packet_type: Any, offset_us: int | None):
        self.stream = stream
        self.node_name = node_name
        self.offset_us = offset_us
        self.buffer: list[Packet[Any]] = []
        self.explicit_bound = UNSET
        self.wants_close = False
        self.is_opening = False
        self._packet_type = packet_type
        # Any object passes without a check; the rest is checked as it is sent, so that a wrong
        # payload is reported by its sender and not by somebody's attribute error downstream.
        self._accepted = None if packet_type is object else runtime_class(packet_type)

    def send(self, packet: Packet[Any]) -> None:
        """Queues a packet; it leaves when the call ends."""
        payload = packet._payload
        if payload is EMPTY:
            self.set_next_timestamp_bound(next_allowed(packet._timestamp))
            return
        if self.wants_close or self.stream.is_closed:
            raise GraphError(f"stream {self.stream.name!r} is closed; nothing can be sent on it")
        if not PRE_STREAM <= packet._timestamp <= POST_STREAM:
            raise GraphError(
                f"stream {self.stream.name!r} can't carry a packet at "
                f"{describe(packet._timestamp)}; give it a time with packet.at(timestamp)"
            )
        if self._accepted is not None and not isinstance(payload, self._accepted):
            raise GraphError(
                f"stream {self.stream.name!r} carries {type_name(self._packet_type)}, "
                f"but a {type(payload).__name__} was sent at {describe(packet._timestamp)}"
            )
        self.buffer.append(packet)

    def set_next_timestamp_bound(self, timestamp: int) -> None:
        """Promises that no packet before `timestamp` will come."""
        if self.is_closed:
            raise GraphError(f"stream {self.stream.name!r} is closed; its bound can't be set")
        if not is_allowed_in_stream(timestamp) and timestamp != ONE_OVER_POST_STREAM:
            raise GraphError(
                f"stream {self.stream.name!r} can't have the bound {describe(timestamp)}"
            )
        if timestamp > self.explicit_bound:
            self.explicit_bound = timestamp

    def close(self) -> None:
        """Ends the stream when this call ends."""
        self.wants_close = True

    def set_header(self, header: Packet[Any]) -> None:
        """Sets the stream's header; only in `open`."""
        if not self.is_opening:
            raise GraphError(f"the header of stream {self.stream.name!r} may be set only in open")
        self.stream.header = header

    def set_offset(self, offset_us: int) -> None:
        """Promises outputs at input time + offset; only in `open`."""
        if not self.is_opening:
            raise GraphError(f"the offset of stream {self.stream.name!r} may be set only in open")
        self.offset_us = offset_us

    @property
    def is_closed(self) -> bool:
        """Whether the stream has ended."""
        return self.wants_close or self.stream.is_closed

    def bound_after(self, timestamp: int) -> int:
        """Returns the bound that holds after the input at `timestamp`, packets not counted."""
        bound = self.stream.bound
        if self.explicit_bound > bound:
            bound = self.explicit_bound
        offset_us = self.offset_us
        if offset_us is None:
            return bound
        if MIN <= timestamp < MAX:
            promised = timestamp + 1
            if offset_us:
                promised = min(max(promised + offset_us, MIN), MAX)
        elif timestamp == PRE_STREAM:
            promised = MIN
        elif timestamp == MAX:
            promised = POST_STREAM if offset_us >= 0 else MAX + offset_us + 1
        elif timestamp == POST_STREAM:
            promised = ONE_OVER_POST_STREAM
        else:
            return bound
        return promised if promised > bound else bound


class ParallelOutputStream(OutputStream):
    """The sending side of a node that runs several calls at once: each thread has its own."""

    __slots__ = ("_calls",)

    def __init__(self, stream: Stream, node_name: str, packet_type: Any, offset_us: int | None):
        self._calls = threading.local()
        super().__init__(stream, node_name, packet_type, offset_us)

    @property
    def buffer(self) -> list[Packet[Any]]:
        """The packets of this thread's call."""
        return self._calls.__dict__.setdefault("buffer", [])  # type: ignore[no-any-return]

    @buffer.setter
    def buffer(self, packets: list[Packet[Any]]) -> None:
        self._calls.buffer = packets

    @property
    def explicit_bound(self) -> int:
        """The bound set by this thread's call."""
        return self._calls.__dict__.get("bound", UNSET)  # type: ignore[no-any-return]

    @explicit_bound.setter
    def explicit_bound(self, bound: int) -> None:
        self._calls.bound = bound

    @property
    def wants_close(self) -> bool:
        """Whether this thread's call closed the stream."""
        return self._calls.__dict__.get("wants_close", False)  # type: ignore[no-any-return]

    @wants_close.setter
    def wants_close(self, wanted: bool) -> None:
        self._calls.wants_close = wanted


class SideOutput(SideOutputPort):
    """Hands a side packet to the run as soon as it is set."""

    __slots__ = ("_name", "_publish", "_type")

    def __init__(self, name: str, packet_type: Any, publish: Any) -> None:
        self._name = name
        self._type = packet_type
        self._publish = publish

    def set(self, value: Any) -> None:
        """Sets the side packet's value; a second call is an error."""
        if self._type is not object and not isinstance(value, runtime_class(self._type)):
            raise GraphError(
                f"side packet {self._name!r} is {type_name(self._type)}, "
                f"but a {type(value).__name__} was set"
            )
        self._publish(self._name, value)
