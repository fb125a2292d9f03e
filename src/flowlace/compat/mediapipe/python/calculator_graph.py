"""`mp.CalculatorGraph`: a flowlace graph behind MediaPipe's methods and errors."""

import os
from collections.abc import Callable, Mapping
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self

from flowlace.compat.mediapipe.python.errors import as_peer_error, peer_errors
from flowlace.compat.mediapipe.python.graph_arguments import plan_of
from flowlace.compat.mediapipe.python.packet import Packet
from flowlace.compat.mediapipe.python.timestamp import TimeLike, Timestamp, microseconds_of
from flowlace.compat.mediapipe.python.validated_graph_config import ValidatedGraphConfig
from flowlace.framework.config_load import to_binary
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import FlowlaceError, GraphError, ThrottledError
from flowlace.framework.graph import AddMode
from flowlace.framework.graph import CalculatorGraph as FlowGraph
from flowlace.framework.packet import Packet as FlowPacket
from flowlace.framework.timestamp import UNSET, is_allowed_in_stream

StreamCallback = Callable[[str, Packet], Any]


class GraphInputStreamAddMode(Enum):
    """What adding a packet to a full graph does."""

    WAIT_TILL_NOT_FULL = 0
    ADD_IF_NOT_FULL = 1


_MODES: Final = {
    GraphInputStreamAddMode.WAIT_TILL_NOT_FULL: AddMode.WAIT_TILL_NOT_FULL,
    GraphInputStreamAddMode.ADD_IF_NOT_FULL: AddMode.ADD_IF_NOT_FULL,
}


class CalculatorGraph:
    """Runs a graph; give exactly one of the arguments.

    Args:
        graph_config: a `CalculatorGraphConfig` message or its text.
        binary_graph_path: a `.binarypb` file.
        validated_graph_config: an initialized `ValidatedGraphConfig`.

    Raises:
        ValueError: not exactly one argument is given, or the graph can't run.
        RuntimeError: the graph can't be parsed, with file, line and column, or can't run.
        FileNotFoundError: there is no such file.

    `inner` is the flowlace graph, with all that MediaPipe's Python API never had: pollers, own
    executors, services, cancel. Used in `with`, the graph is closed at the end of the block.
    """

    def __init__(
        self,
        *,
        graph_config: Any = None,
        binary_graph_path: str | os.PathLike[str] | None = None,
        validated_graph_config: ValidatedGraphConfig | None = None,
    ) -> None:
        given = (graph_config, binary_graph_path, validated_graph_config)
        if sum(each is not None for each in given) != 1:
            raise ValueError(
                "Please provide one of the following: 'binary_graph_path', 'graph_config' or "
                "'validated_graph_config'."
            )
        if validated_graph_config is None:
            plan = plan_of(graph_config, binary_graph_path)
        elif isinstance(validated_graph_config, ValidatedGraphConfig):
            plan = validated_graph_config.plan
        else:
            raise RuntimeError(
                f"validated_graph_config is a ValidatedGraphConfig, not {validated_graph_config!r}"
            )
        self.inner = FlowGraph(plan)
        """The flowlace graph."""
        self._has_started = False

    # ------------------------------------------------------------------ running

    def start_run(self, input_side_packets: Mapping[str, Packet] | None = None) -> None:
        """Starts the graph.

        Raises:
            ValueError: a side packet is missing or of the wrong type.
            RuntimeError: the graph is running already.
        """
        side_packets = input_side_packets or {}
        for name, packet in side_packets.items():
            if not isinstance(packet, Packet):
                raise RuntimeError(f"side packet {name!r} is a {type(packet).__name__}, no Packet")
        given = {name: each for name, each in side_packets.items() if not each.is_empty()}
        with peer_errors():
            self.inner.start_run({name: each.inner.payload for name, each in given.items()})
        self._has_started = True

    def add_packet_to_input_stream(
        self, stream: str, packet: Packet, timestamp: TimeLike = Timestamp.UNSET
    ) -> None:
        """Adds a packet, at `timestamp` where that is given.

        What goes wrong because of this packet is raised by the next call, as in MediaPipe.

        Raises:
            ValueError: the packet has no time, or the wrong type for this graph input.
            RuntimeError: the graph is full, not running or has no such input.
        """
        if not isinstance(packet, Packet):
            raise TypeError(f"add_packet_to_input_stream takes a Packet, not {packet!r}")
        microseconds = microseconds_of(timestamp)
        inner = packet.inner if microseconds == UNSET else packet.inner.at(microseconds)
        if not is_allowed_in_stream(inner.timestamp):
            time = Timestamp(inner.timestamp)
            raise ValueError(f"{time} can't be the timestamp of a Packet in a stream.")
        had_failed = self.inner.has_error
        try:
            self.inner.add_packet_to_input_stream(stream, inner)
        except ThrottledError as error:
            raise as_peer_error(error) from error
        except GraphError as error:
            if had_failed or not self.inner.has_error:
                raise as_peer_error(error) from error

    def close_input_stream(self, stream: str) -> None:
        """Ends one graph input stream."""
        with peer_errors():
            self.inner.close_input_stream(stream)

    def close_all_packet_sources(self) -> None:
        """Ends all graph input streams and stops all sources."""
        with peer_errors():
            self.inner.close_all_packet_sources()

    def close(self) -> None:
        """Ends all inputs and sources and waits until the graph is done."""
        self.close_all_packet_sources()
        self.wait_until_done()

    # ------------------------------------------------------------------ waiting

    def wait_until_idle(self) -> None:
        """Waits until everything added has been processed."""
        if self._has_started and not self.inner.is_running and not self.inner.has_error:
            return
        with peer_errors():
            self.inner.wait_until_idle()

    def wait_until_done(self) -> None:
        """Waits until the run is over."""
        with peer_errors():
            self.inner.wait_until_done()

    def wait_for_observed_output(self) -> None:
        """Waits until an observed stream has a new packet, or ends."""
        with peer_errors():
            self.inner.wait_for_observed_output()

    def observe_output_stream(
        self,
        stream_name: str,
        callback_fn: StreamCallback,
        observe_timestamp_bounds: bool = False,
    ) -> None:
        """Calls `callback_fn(stream_name, packet)` with every packet of a stream.

        An exception in it fails the graph. Works while the graph runs, too.
        """
        if not callable(callback_fn):
            raise TypeError(f"callback_fn is a function, not {callback_fn!r}")

        def deliver(packet: FlowPacket[Any]) -> None:
            callback_fn(stream_name, Packet.of(packet))

        with peer_errors():
            self.inner.observe_output_stream(
                stream_name, deliver, observe_timestamp_bounds=observe_timestamp_bounds
            )

    # ---------------------------------------------------------------- questions

    def has_error(self) -> bool:
        """Returns whether the run has failed."""
        return self.inner.has_error

    def get_combined_error_message(self) -> str:
        """Returns the messages of all that failed; empty where nothing did."""
        if not self.inner.has_error:
            return ""
        try:
            self.inner.wait_until_done()
        except FlowlaceError as error:
            return str(as_peer_error(error))
        return ""

    def get_output_side_packet(self, packet_name: str) -> Packet:
        """Returns a side packet the graph has made.

        Raises:
            RuntimeError: there is none of this name, or not yet.
        """
        with peer_errors():
            return Packet.of(FlowPacket(self.inner.output_side_packet(packet_name)))

    @property
    def graph_input_stream_add_mode(self) -> GraphInputStreamAddMode:
        """What `add_packet_to_input_stream` does when the graph is full; may be set."""
        return next(mode for mode, inner in _MODES.items() if inner is self.inner.mode)

    @graph_input_stream_add_mode.setter
    def graph_input_stream_add_mode(self, mode: GraphInputStreamAddMode) -> None:
        if not isinstance(mode, GraphInputStreamAddMode):
            raise TypeError(f"the mode is a GraphInputStreamAddMode, not {mode!r}")
        self.inner.mode = _MODES[mode]

    @property
    def max_queue_size(self) -> int:
        """Packets a stream may queue."""
        return self.inner.plan.max_queue_size

    @property
    def text_config(self) -> str:
        """The graph after expansion, as text."""
        return to_text(self.inner.plan.config)

    @property
    def binary_config(self) -> bytes:
        """The graph after expansion, on the wire."""
        return to_binary(self.inner.plan.config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.inner.cancel()
        elif self.inner.is_running or self.inner.has_error:
            self.close()
