"""`mp.ValidatedGraphConfig`: a graph that has been checked and not yet started."""

import os
from typing import Any

from flowlace.compat.mediapipe.python.graph_arguments import plan_of
from flowlace.compat.mediapipe.python.payload_types import cpp_name
from flowlace.framework.config_load import to_binary
from flowlace.framework.config_write import to_text
from flowlace.framework.plan import GraphPlan


class ValidatedGraphConfig:
    """A graph after validation; empty until `initialize`."""

    def __init__(self) -> None:
        self._plan: GraphPlan | None = None

    def initialize(
        self,
        *,
        graph_config: Any = None,
        binary_graph_path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Reads and checks a graph.

        Raises:
            ValueError: not exactly one argument is given, or the graph can't run.
            RuntimeError: it can't be parsed or can't run, or this was initialized before.
            FileNotFoundError: there is no such file.
        """
        if self._plan is not None:
            raise RuntimeError("ValidatedGraphConfig can be initialized only once.")
        if (graph_config is None) == (binary_graph_path is None):
            raise ValueError("Please provide either 'binary_graph_path' or 'graph_config'.")
        self._plan = plan_of(graph_config, binary_graph_path)

    def initialized(self) -> bool:
        """Returns whether there is a graph."""
        return self._plan is not None

    @property
    def plan(self) -> GraphPlan:
        """The flowlace plan.

        Raises:
            ValueError: `initialize` has not been called.
        """
        if self._plan is None:
            raise ValueError("the ValidatedGraphConfig is empty; call initialize first")
        return self._plan

    @property
    def text_config(self) -> str:
        """The graph after expansion, as text; empty before `initialize`."""
        return "" if self._plan is None else to_text(self._plan.config)

    @property
    def binary_config(self) -> bytes:
        """The graph after expansion, on the wire; empty before `initialize`."""
        return b"" if self._plan is None else to_binary(self._plan.config)

    def registered_stream_type_name(self, stream_name: str) -> str:
        """Returns MediaPipe's name for the type of a stream.

        Raises:
            ValueError: there is no such stream.
            RuntimeError: it may carry anything, or a type MediaPipe does not have.
        """
        streams = {} if self._plan is None else self._plan.streams
        if stream_name not in streams:
            raise ValueError(f'Stream "{stream_name}" is not defined in the config.')
        return _type_name(f'stream "{stream_name}"', streams[stream_name].type)

    def registered_side_packet_type_name(self, side_packet_name: str) -> str:
        """Returns MediaPipe's name for the type of a side packet; raises as for streams."""
        side_packets = {} if self._plan is None else self._plan.side_packets
        if side_packet_name not in side_packets:
            raise ValueError(f'Side packet "{side_packet_name}" is not defined in the config.')
        return _type_name(f'side packet "{side_packet_name}"', side_packets[side_packet_name].type)


def _type_name(what: str, python_type: Any) -> str:
    name = cpp_name(python_type)
    if not name:
        raise RuntimeError(f"Unable to find the type for {what}: it carries {python_type!r}.")
    return name
