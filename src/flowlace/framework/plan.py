"""What a validated graph is: every name resolved, every type known, nodes in running order."""

from dataclasses import dataclass, field
from typing import Any

from flowlace.framework.calculator import Calculator
from flowlace.framework.config import ExecutorConfig, GraphConfig, UnknownOptions
from flowlace.framework.contract import ConnectedPort, Contract, InputPolicyRequest
from flowlace.framework.errors import Location

DEFAULT_INPUT_POLICY = "DefaultInputStreamHandler"
DEFAULT_MAX_QUEUE_SIZE = 100


@dataclass(slots=True)
class PlannedNode:
    """One node, ready to be made."""

    index: int
    """Place in `GraphPlan.nodes`."""
    name: str
    """Unique in the graph; the calculator's name, numbered where it repeats, if none was given."""
    calculator: type[Calculator[Any]]
    contract: Contract
    """The ports in collection order: untagged first, then by tag and index."""
    options: Any
    """An instance of the calculator's options class."""
    input_policy: InputPolicyRequest
    """From the node, else the graph, else the calculator, else the default."""
    executor: str = ""
    max_in_flight: int = 1
    buffer_size_hint: int = 0
    source_layer: int = 0
    unknown_options: list[UnknownOptions] = field(default_factory=list)
    location: Location | None = None

    @property
    def is_source(self) -> bool:
        """Whether the node has no input streams and so runs until it says stop."""
        return not self.contract.inputs


@dataclass(slots=True)
class StreamPlan:
    """One stream."""

    name: str
    type: Any
    producer: int | None
    """Index of the producing node; None for an input of the graph."""


@dataclass(slots=True)
class SidePacketPlan:
    """One side packet."""

    name: str
    type: Any
    producer: int | None
    """Index of the producing node; None where the application sets it."""


@dataclass(slots=True)
class GraphPlan:
    """A graph that can be run."""

    nodes: list[PlannedNode]
    """Producers before consumers, back edges left out; listing order where that is free."""
    streams: dict[str, StreamPlan]
    side_packets: dict[str, SidePacketPlan]
    input_streams: dict[str, ConnectedPort]
    """By stream name, in collection order."""
    output_streams: dict[str, ConnectedPort]
    input_side_packets: dict[str, ConnectedPort]
    output_side_packets: dict[str, ConnectedPort]
    executors: list[ExecutorConfig]
    num_threads: int
    """Of the default executor; 0 leaves the choice to the engine."""
    max_queue_size: int
    """Packets a stream may queue before its sources wait; -1 never waits."""
    report_deadlock: bool
    config: GraphConfig
    """The graph after expansion."""
