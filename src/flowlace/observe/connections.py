"""The streams and side packets of a graph as lines from what makes them to what takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flowlace.framework.plan import GraphPlan


@dataclass(frozen=True, slots=True)
class Connection:
    """One stream or side packet on its way to one node, or out of the graph."""

    name: str
    """Of the stream or side packet."""
    kind: Literal["stream", "back", "side"]
    producer: int | None
    """The node it comes from; None where the application brings it."""
    consumer: int | None
    """The node it goes to; None for an output stream of the graph."""


def connections(plan: GraphPlan) -> Iterator[Connection]:
    """Yields what comes into each node, in their order, then the graph's output streams."""
    for node in plan.nodes:
        for port in node.contract.inputs.values():
            producer = plan.streams[port.name].producer
            kind: Literal["stream", "back"] = "back" if port.back_edge else "stream"
            yield Connection(port.name, kind, producer, node.index)
        for port in node.contract.side_inputs.values():
            side = plan.side_packets.get(port.name)
            made_by = side.producer if side is not None else None
            yield Connection(port.name, "side", made_by, node.index)
    for name in plan.output_streams:
        yield Connection(name, "stream", plan.streams[name].producer, None)
