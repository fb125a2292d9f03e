"""Short ways to run a graph in the engine's tests."""

from collections.abc import Iterable, Mapping
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.framework import probes

assert probes

Feed = Iterable[tuple[str, Packet[Any]]]


def collect(graph: CalculatorGraph, stream: str, *, bounds: bool = False) -> list[Packet[Any]]:
    """Observes a stream into the list that is returned."""
    found: list[Packet[Any]] = []
    graph.observe_output_stream(stream, found.append, observe_timestamp_bounds=bounds)
    return found


def feed(graph: CalculatorGraph, packets: Feed) -> None:
    """Adds packets one by one, each processed before the next."""
    for stream, packet in packets:
        graph.add_packet_to_input_stream(stream, packet)
        graph.wait_until_idle()


def run_graph(
    text: str,
    packets: Feed,
    outputs: Iterable[str],
    side_packets: Mapping[str, Any] | None = None,
) -> dict[str, list[Packet[Any]]]:
    """Runs a graph over packets and returns what came on each output stream."""
    graph = CalculatorGraph(text)
    found = {stream: collect(graph, stream) for stream in outputs}
    graph.start_run(side_packets)
    with graph:
        feed(graph, packets)
    return found


def list_sets(node: str, packets: Feed, *, inputs: str = "a b") -> list[tuple[str, ...]]:
    """Runs one List… node over streams of the given names and returns its input sets."""
    declared = "".join(f'input_stream: "{name}"\n' for name in inputs.split())
    found: list[tuple[str, ...]] = []
    graph = CalculatorGraph(f'{declared} input_side_packet: "found"\n{node}')
    graph.start_run({"found": found})
    with graph:
        feed(graph, packets)
    return found
