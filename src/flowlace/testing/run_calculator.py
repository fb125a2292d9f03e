"""Runs one calculator on given packets and shows what came out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowlace.framework.calculator import Calculator
from flowlace.framework.config import GraphConfig, HandlerConfig, InputStreamInfo, NodeConfig
from flowlace.framework.contract import Port
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.registry import find_calculator, register_calculator
from flowlace.framework.timestamp import next_allowed


@dataclass(slots=True)
class CalculatorRun:
    """What one calculator did with the packets it was given."""

    outputs: dict[str, list[Packet[Any]]] = field(default_factory=dict)
    """The packets of every output stream, by port."""

    bounds: dict[str, list[int]] = field(default_factory=dict)
    """Timestamps that were settled without a packet, by port, in the order they were seen."""

    counters: dict[str, int] = field(default_factory=dict)
    """What the calculator counted."""

    side_packets: dict[str, Any] = field(default_factory=dict)
    """The side packets the calculator made, by port."""

    headers: dict[str, Packet[Any]] = field(default_factory=dict)
    """The headers of the output streams; empty packets where there is none."""

    def packets(self, port: str) -> list[Packet[Any]]:
        """Returns the packets of one output."""
        if port not in self.outputs:
            known = ", ".join(self.outputs) or "none"
            raise FlowlaceError(f"no output {port!r}; outputs: {known}")
        return self.outputs[port]

    def timestamps(self, port: str) -> list[int]:
        """Returns the timestamps of the packets of one output."""
        return [packet.timestamp for packet in self.packets(port)]

    def payloads(self, port: str) -> list[Any]:
        """Returns the payloads of the packets of one output."""
        return [packet.payload for packet in self.packets(port)]


def run_calculator(
    calculator: type[Calculator[Any]],
    options: Any = None,
    *,
    inputs: Mapping[str, Sequence[Packet[Any]]] | None = None,
    outputs: Iterable[str] | None = None,
    side_packets: Mapping[str, Any] | None = None,
    side_outputs: Iterable[str] | None = None,
    headers: Mapping[str, Packet[Any]] | None = None,
    services: Mapping[str, Any] | None = None,
    input_policy: HandlerConfig | None = None,
    back_edges: Iterable[str] = (),
    in_order: Iterable[str] | None = None,
    **streams: Sequence[Packet[Any]],
) -> CalculatorRun:
    """Runs one calculator alone until it is done.

    Args:
        calculator: the class.
        options: an instance of its options class; defaults where left out.
        inputs: packets by port (`"frames"`, `"VIDEO"`, `"VIDEO:1"`, `"0"`); keyword arguments say
            the same for ports whose names are identifiers.
        outputs: the output ports to connect; all declared ones where left out (`"*"` ports take
            the names of the inputs, repeated ports index 0).
        side_packets: input side packets by port.
        side_outputs: output side packet ports to connect; all declared ones where left out.
        headers: headers of the input streams, by port.
        services: graph services by key.
        input_policy: overrides the calculator's input policy.
        back_edges: input ports to mark as back edges.
        in_order: the ports the packets are added to, one by one; by timestamp, then port, where
            left out. Every packet is processed before the next one is added.

    Raises:
        FlowlaceError: what the graph raised.

    Example:
        ```python
        run = run_calculator(FlowLimiterCalculator, frames=[at(0), at(33), at(66)], FINISHED=[])
        assert run.timestamps("frames") == [0]
        ```
    """
    given = {**(inputs or {}), **streams}
    out_ports = list(outputs) if outputs is not None else _declared(calculator.output_ports, given)
    side_outs = list(side_outputs) if side_outputs is not None else None
    if side_outs is None:
        side_outs = _declared(calculator.side_output_ports, {})
    node = NodeConfig(calculator=calculator.__name__, input_stream_handler=input_policy)
    node.input_streams = [_entry(port, "in") for port in given]
    node.output_streams = [_entry(port, "out") for port in out_ports]
    node.input_side_packets = [_entry(port, "side") for port in side_packets or {}]
    node.output_side_packets = [_entry(port, "made") for port in side_outs]
    node.input_stream_info = [InputStreamInfo(tag_index=p, back_edge=True) for p in back_edges]
    if options is not None:
        node.set_options(options)
    graph = _graph_of(calculator, node, list(given), list(side_packets or {}))
    for key, service in (services or {}).items():
        graph.set_service(key, service)
    return _run(graph, given, out_ports, side_outs, side_packets or {}, headers or {}, in_order)


def _declared(ports: tuple[Port, ...], given: Mapping[str, object]) -> list[str]:
    names: list[str] = []
    for port in ports:
        names += list(given) if port.name == "*" else [port.name]
    return names


def _entry(name: str, prefix: str) -> str:
    """Returns `TAG:index:stream` for one port."""
    stream = _stream_name(prefix, name)
    if name[0].isupper() or name[0] == "_":
        tag, _, index = name.partition(":")
        return f"{tag}:{index or 0}:{stream}"
    return stream


def _stream_name(prefix: str, port: str) -> str:
    return f"{prefix}_{port}".lower().replace(":", "_")


def _graph_of(
    calculator: type[Calculator[Any]], node: NodeConfig, inputs: list[str], sides: list[str]
) -> CalculatorGraph:
    if find_calculator(calculator.__name__) is not calculator:
        register_calculator(calculator)
    config = GraphConfig(nodes=[node])
    config.input_streams = [_stream_name("in", port) for port in inputs]
    config.input_side_packets = [_stream_name("side", port) for port in sides]
    return CalculatorGraph(config)


def _run(
    graph: CalculatorGraph,
    given: Mapping[str, Sequence[Packet[Any]]],
    outputs: list[str],
    side_outputs: list[str],
    side_packets: Mapping[str, Any],
    headers: Mapping[str, Packet[Any]],
    in_order: Iterable[str] | None,
) -> CalculatorRun:
    result = CalculatorRun({port: [] for port in outputs}, {port: [] for port in outputs})
    for port in outputs:
        graph.observe_output_stream(
            _stream_name("out", port), _collector(result, port), observe_timestamp_bounds=True
        )
    graph.start_run(
        {_stream_name("side", port): value for port, value in side_packets.items()},
        headers={_stream_name("in", port): header for port, header in headers.items()},
    )
    with graph:
        graph.wait_until_idle()
        for port, packet in _feeding_order(given, in_order):
            _feed(graph, _stream_name("in", port), packet)
            graph.wait_until_idle()
        graph.close_all_input_streams()
        graph.wait_until_done()
    result.counters = {k.partition(".")[2]: v for k, v in graph.counters().items()}
    result.side_packets = {
        p: graph.output_side_packet(_stream_name("made", p)) for p in side_outputs
    }
    result.headers = {p: graph.header(_stream_name("out", p)) for p in outputs}
    return result


def _feed(graph: CalculatorGraph, stream: str, packet: Packet[Any]) -> None:
    if packet:
        graph.add_packet_to_input_stream(stream, packet)
    else:
        graph.set_input_stream_timestamp_bound(stream, next_allowed(packet.timestamp))


def _collector(result: CalculatorRun, port: str) -> Any:
    def collect(packet: Packet[Any]) -> None:
        if packet:
            result.outputs[port].append(packet)
        else:
            result.bounds[port].append(packet.timestamp)

    return collect


def _feeding_order(
    given: Mapping[str, Sequence[Packet[Any]]], in_order: Iterable[str] | None
) -> Iterable[tuple[str, Packet[Any]]]:
    if in_order is not None:
        waiting = {port: iter(packets) for port, packets in given.items()}
        return [(port, next(waiting[port])) for port in in_order]
    listed = [(port, packet) for port, packets in given.items() for packet in packets]
    return sorted(listed, key=lambda item: item[1].timestamp)
