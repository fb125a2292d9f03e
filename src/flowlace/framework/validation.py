"""Turns a graph into a plan that can run, or says everything that is wrong with it.

`check` and `run` go through the same steps: expand subgraphs, match every node to its calculator,
settle producers, types and order. A node that can't be matched still counts as the producer of
its outputs, so one mistake is not reported at every node below it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from sys import intern
from typing import Any

from flowlace.framework.config import GraphConfig, canonical_names
from flowlace.framework.config_load import GraphSource, parse_graph
from flowlace.framework.contract import ConnectedPort, Port, SameAs
from flowlace.framework.errors import GraphConfigError, Location, Problem
from flowlace.framework.plan import (
    DEFAULT_MAX_QUEUE_SIZE,
    GraphPlan,
    PlannedNode,
    SidePacketPlan,
    StreamPlan,
)
from flowlace.framework.registry import nearest_name
from flowlace.framework.stream_names import StreamName, parse_collection
from flowlace.framework.subgraph import Expanded, expand_subgraphs
from flowlace.framework.subgraph_library import SubgraphLibrary
from flowlace.framework.validation_executors import (
    default_thread_count,
    executor_problems,
    output_handler_problems,
)
from flowlace.framework.validation_node import Draft, draft_node
from flowlace.framework.validation_order import Edge, running_order
from flowlace.framework.validation_types import StreamKey, TypeResolver

_LEGACY_ADVICE = {
    "packet_generator": "use a calculator with output_side_packet instead",
    "packet_factory": "set the side packet when the graph starts instead",
    "status_handler": "handle the error of wait_until_done instead",
}


def validate_graph(source: GraphSource, *, search_paths: Iterable[str | Path] = ()) -> GraphPlan:
    """Returns the plan of a graph.

    Args:
        source: anything `load_graph_config` takes.
        search_paths: further folders with subgraph files.

    Raises:
        GraphConfigError: with every problem found.
    """
    parsed = parse_graph(source)
    problems = list(parsed.problems)
    plan = None
    if not parsed.has_syntax_errors:
        plan, found = _validate(parsed.config, search_paths, must_run=True)
        problems += found
    errors = sorted((each for each in problems if each.severity == "error"), key=_by_place)
    if errors or plan is None:
        raise GraphConfigError(errors)
    return plan


def check_graph(source: GraphSource, *, search_paths: Iterable[str | Path] = ()) -> list[Problem]:
    """Returns all problems of a graph, errors and warnings, by their place; never raises them.

    Options of a type nobody registered are warnings here and errors when the graph is to run.
    """
    try:
        parsed = parse_graph(source)
    except GraphConfigError as error:
        return list(error.problems)
    problems = list(parsed.problems)
    if not parsed.has_syntax_errors:
        problems += _validate(parsed.config, search_paths, must_run=False)[1]
    return sorted(problems, key=_by_place)


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.location
    return (place.file, place.line, place.column) if place else ("", 0, 0)


def _validate(
    config: GraphConfig, search_paths: Iterable[str | Path], *, must_run: bool
) -> tuple[GraphPlan | None, list[Problem]]:
    library = SubgraphLibrary.for_graph(config, search_paths)
    expanded = expand_subgraphs(config, library)
    validation = _Validation(expanded, library, must_run)
    validation.problems += expanded.problems
    plan = validation.run()
    # A subgraph used twice has the mistakes of its file twice.
    return plan, list(dict.fromkeys(validation.problems))


class _Validation:
    def __init__(self, expanded: Expanded, library: SubgraphLibrary, must_run: bool) -> None:
        self._config = config = expanded.config
        self.problems: list[Problem] = []
        names = canonical_names(config.nodes)
        self._drafts = [
            Draft(node, name)  # what is wrong with it has been told
            if any(node is one for one in expanded.unbuilt)
            else draft_node(
                node,
                name,
                graph_policy=config.input_stream_handler,
                subgraphs=library.names(),
                must_run=must_run,
            )
            for node, name in zip(config.nodes, names, strict=True)
        ]
        self._producers: dict[StreamKey, int | None] = {}
        self._types = TypeResolver()

    def run(self) -> GraphPlan | None:
        """Returns the plan, or None where there are errors."""
        for draft in self._drafts:
            self.problems += draft.problems
        self.problems += executor_problems(self._config)
        self.problems += output_handler_problems(self._config.output_stream_handler)
        self._report_legacy()
        inputs = self._graph_names("input_stream")
        side_inputs = self._graph_names("input_side_packet")
        outputs = self._graph_names("output_stream")
        side_outputs = self._graph_names("output_side_packet")
        self._find_producers(inputs, side_inputs)
        self._check_outputs(outputs, side_outputs)
        order, loops = running_order(
            [draft.name for draft in self._drafts],
            list(self._edges()),
            [draft.config.location for draft in self._drafts],
        )
        self.problems += loops
        self._settle_types()
        if any(each.severity == "error" for each in self.problems):
            return None
        return self._plan(order, inputs, outputs, side_inputs, side_outputs)

    def _report_legacy(self) -> None:
        for legacy in self._config.legacy:
            message = f"{legacy.kind} {legacy.name!r} is read, but nothing here runs it"
            hint = _LEGACY_ADVICE[legacy.kind]
            self.problems.append(Problem(message, legacy.location, hint))

    def _graph_names(self, field: str) -> list[StreamName]:
        names, problems = parse_collection(getattr(self._config, f"{field}s"), field)
        self.problems += problems
        return names

    # --- producers -------------------------------------------------------------------------

    def _find_producers(self, inputs: list[StreamName], side_inputs: list[StreamName]) -> None:
        owners: dict[StreamKey, str] = {}
        for family, names in (("stream", inputs), ("side", side_inputs)):
            for name in names:
                self._add_producer((family, name.name), None, "the graph", name.location, owners)
        for index, draft in enumerate(self._drafts):
            for family, texts in (
                ("stream", draft.config.output_streams),
                ("side", draft.config.output_side_packets),
            ):
                for name in parse_collection(texts)[0]:
                    key = (family, name.name)
                    who = f"node {draft.name!r}"
                    self._add_producer(key, index, who, name.location, owners)

    def _add_producer(
        self,
        key: StreamKey,
        producer: int | None,
        who: str,
        place: Location | None,
        owners: dict[StreamKey, str],
    ) -> None:
        if key in owners:
            what = "stream" if key[0] == "stream" else "side packet"
            message = f"{what} {key[1]!r} comes from {owners[key]} and again from {who}"
            self.problems.append(Problem(message, place, "give one of them another name"))
            return
        owners[key] = who
        self._producers[key] = producer

    def _check_outputs(self, outputs: list[StreamName], side_outputs: list[StreamName]) -> None:
        for family, names in (("stream", outputs), ("side", side_outputs)):
            for name in names:
                if (family, name.name) not in self._producers:
                    self._report_missing("the graph gives out", family, name.name, name.location)

    def _edges(self) -> Iterator[Edge]:
        """Yields the connections between nodes, and reports those that come from nowhere."""
        for index, draft in enumerate(self._drafts):
            back_edges = self._back_edges(draft)
            for name in parse_collection(draft.config.input_streams)[0]:
                place = name.location or draft.config.location
                producer = self._producers.get(("stream", name.name), -1)
                if producer == -1:
                    self._report_missing(f"node {draft.name!r} takes", "stream", name.name, place)
                elif producer is not None and (name.tag, name.index) not in back_edges:
                    yield Edge(producer, index, name.name, _info_label(name))
            for name in parse_collection(draft.config.input_side_packets)[0]:
                producer = self._producers.setdefault(("side", name.name), None)
                if producer is not None:
                    yield Edge(producer, index, name.name, _info_label(name))

    def _back_edges(self, draft: Draft) -> set[tuple[str, int]]:
        if draft.contract is None:
            # Nothing is known of the node; whatever it marks is taken as meant.
            infos = (each.tag_index.partition(":") for each in draft.config.input_stream_info)
            return {(tag, int(index) if index.isdigit() else 0) for tag, _, index in infos}
        return {(p.tag, p.index) for p in draft.contract.inputs.values() if p.back_edge}

    def _report_missing(self, who: str, family: str, name: str, place: Location | None) -> None:
        known = sorted(key[1] for key in self._producers if key[0] == family)
        what = "stream" if family == "stream" else "side packet"
        hint = nearest_name(name, known) or f"known: {', '.join(known) or 'none'}"
        message = f"{who} {what} {name!r}, but nothing produces it"
        self.problems.append(Problem(message, place, hint))

    # --- types -----------------------------------------------------------------------------

    def _settle_types(self) -> None:
        for name, packet_type in self._config.stream_types.items():
            self._types.promise(("stream", name), packet_type)
        for draft in self._drafts:
            if draft.contract is not None:
                self._types.add_node(draft.contract, draft.places)
        self.problems += self._types.resolve()
        for draft in self._drafts:
            if draft.contract is None:
                continue
            for family, ports in zip(
                ("stream", "stream", "side", "side"), draft.contract, strict=True
            ):
                for port in ports.values():
                    if port.type is object or isinstance(port.type, SameAs):
                        port.type = self._types.type_of((family, port.name))

    # --- plan ------------------------------------------------------------------------------

    def _plan(
        self,
        order: list[int],
        inputs: list[StreamName],
        outputs: list[StreamName],
        side_inputs: list[StreamName],
        side_outputs: list[StreamName],
    ) -> GraphPlan:
        config = self._config
        new_index = {old: new for new, old in enumerate(order)}
        nodes = [self._planned(new, self._drafts[old]) for new, old in enumerate(order)]
        streams: dict[str, StreamPlan] = {}
        side_packets: dict[str, SidePacketPlan] = {}
        for (family, name), producer in self._producers.items():
            index = None if producer is None else new_index[producer]
            packet_type = self._types.type_of((family, name))
            if family == "stream":
                streams[intern(name)] = StreamPlan(intern(name), packet_type, index)
            else:
                side_packets[intern(name)] = SidePacketPlan(intern(name), packet_type, index)
        return GraphPlan(
            nodes=nodes,
            streams=streams,
            side_packets=side_packets,
            input_streams=self._graph_ports(inputs, "stream"),
            output_streams=self._graph_ports(outputs, "stream"),
            input_side_packets=self._side_inputs(side_inputs, side_packets),
            output_side_packets=self._graph_ports(side_outputs, "side"),
            executors=config.executors,
            num_threads=default_thread_count(config),
            max_queue_size=_max_queue_size(config),
            report_deadlock=config.report_deadlock,
            config=config,
        )

    def _planned(self, index: int, draft: Draft) -> PlannedNode:
        assert draft.calculator is not None
        assert draft.contract is not None
        config = draft.config
        return PlannedNode(
            index=index,
            name=draft.name,
            calculator=draft.calculator,
            contract=draft.contract,
            options=draft.contract.options,
            input_policy=draft.policy,
            executor=str(config.executor),
            max_in_flight=config.max_in_flight or 1,
            buffer_size_hint=config.buffer_size_hint,
            source_layer=config.source_layer,
            unknown_options=config.unknown_options,
            location=config.location,
        )

    def _graph_ports(self, names: Iterable[StreamName], family: str) -> dict[str, ConnectedPort]:
        ports = {}
        for name in names:
            packet_type = self._types.type_of((family, name.name))
            ports[intern(name.name)] = _graph_port(name.tag, name.index, name.name, packet_type)
        return ports

    def _side_inputs(
        self, declared: list[StreamName], side_packets: dict[str, SidePacketPlan]
    ) -> dict[str, ConnectedPort]:
        """The side packets the application sets: those declared, and those only consumed."""
        ports = self._graph_ports(declared, "side")
        for name, plan in side_packets.items():
            if plan.producer is None and name not in ports:
                ports[name] = _graph_port("", len(ports), name, plan.type)
        return ports


def _graph_port(tag: str, index: int, name: str, packet_type: Any) -> ConnectedPort:
    key = (tag if index == 0 else f"{tag}:{index}") if tag else name
    port = Port(tag or name, packet_type)
    return ConnectedPort(tag, index, intern(name), key, packet_type, port)


def _info_label(name: StreamName) -> str:
    if name.tag:
        return f"{name.tag}:{name.index}" if name.index else name.tag
    return f":{name.index}"


def _max_queue_size(config: GraphConfig) -> int:
    size = config.max_queue_size or DEFAULT_MAX_QUEUE_SIZE
    if size < 0:
        return -1
    return max([size, *(node.buffer_size_hint for node in config.nodes)])
