"""Puts the graph of a subgraph in the place of each node that uses it, MediaPipe's way.

Inner nodes and streams get the subgraph node's name as a prefix (`tracker__boxes`), outer streams
the names the node connects, and what the node leaves unconnected disappears from inner nodes.
"""

import copy
from collections.abc import Callable, Sequence
from typing import NamedTuple

from flowlace.framework.config import (
    GraphConfig,
    NodeConfig,
    canonical_names,
)
from flowlace.framework.errors import Location, Problem
from flowlace.framework.graph_options import apply_graph_options
from flowlace.framework.registry import nearest_name
from flowlace.framework.stream_names import (
    StreamName,
    StreamNameError,
    bare_name,
    parse_collection,
    parse_stream_name,
    parse_tag_index,
    rename,
)
from flowlace.framework.subgraph_library import SubgraphLibrary

_FIELDS = ("input_streams", "output_streams", "input_side_packets", "output_side_packets")
_CALCULATOR_ONLY = (
    "source_layer",
    "buffer_size_hint",
    "output_stream_handler",
    "input_stream_info",
    "executor",
)


class Expanded(NamedTuple):
    """A graph without subgraphs."""

    config: GraphConfig
    problems: list[Problem]
    """What was wrong on the way."""
    unbuilt: list[NodeConfig]
    """Subgraphs that could not be built, and so still stand in the graph."""


def expand_subgraphs(
    config: GraphConfig, library: SubgraphLibrary, *, keeps_made: bool = False
) -> Expanded:
    """Returns a copy of a graph without subgraphs.

    With `keeps_made`, nodes whose graph a function makes of their options stay as they are, so that
    their options can still be changed.
    """
    expanded = copy.deepcopy(config)
    expansion = _Expansion(library, expanded, keeps_made=keeps_made)
    expansion.problems += apply_graph_options(NodeConfig(), expanded)
    expanded.nodes = expansion.expand(expanded, expanded.folder, (str(config.type),))
    return Expanded(expanded, expansion.problems, expansion.unbuilt)


class _Expansion:
    def __init__(
        self, library: SubgraphLibrary, root: GraphConfig, *, keeps_made: bool = False
    ) -> None:
        self._library = library
        self._keeps_made = keeps_made
        self._root = root
        self.problems: list[Problem] = []
        self.unbuilt: list[NodeConfig] = []

    def expand(self, config: GraphConfig, folder: str, chain: tuple[str, ...]) -> list[NodeConfig]:
        """Returns the nodes of a graph with all its subgraphs replaced."""
        nodes: list[NodeConfig] = []
        for node, name in zip(config.nodes, canonical_names(config.nodes), strict=True):
            is_kept = self._keeps_made and self._library.is_made(node)
            if is_kept or not self._library.has(node, folder):
                nodes.append(node)
            elif node.calculator in chain:
                steps = " → ".join([*filter(None, chain), node.calculator])
                message = f"subgraph {node.calculator!r} holds itself: {steps}"
                self.problems.append(Problem(message, node.location))
                nodes.append(self._given_up(node))
            else:
                nodes += self._replace(node, name, folder, chain)
        return nodes

    def _replace(
        self, node: NodeConfig, name: str, folder: str, chain: tuple[str, ...]
    ) -> list[NodeConfig]:
        self._check_fields(node, name)
        found, problems = self._library.create(node, folder)
        self.problems += problems
        if problems and not found.nodes:
            return [self._given_up(node)]
        subgraph = copy.deepcopy(found)
        self.problems += apply_graph_options(node, subgraph)
        self.problems += _connect(node, name, subgraph)
        self._take_along(subgraph)
        inner_folder = subgraph.folder or folder
        return self.expand(subgraph, inner_folder, (*chain, str(node.calculator)))

    def _given_up(self, node: NodeConfig) -> NodeConfig:
        """Keeps a node as written, so that others still know where their streams come from."""
        self.unbuilt.append(node)
        return node

    def _check_fields(self, node: NodeConfig, name: str) -> None:
        for field in _CALCULATOR_ONLY:
            if getattr(node, field):
                message = f"node {name!r}: {field} has no meaning for a subgraph"
                hint = "set it on a node inside the subgraph"
                self.problems.append(Problem(message, node.location, hint))

    def _take_along(self, subgraph: GraphConfig) -> None:
        """Adds what a subgraph brings besides nodes: named executors and legacy configs."""
        known = {executor.name for executor in self._root.executors}
        self._root.executors += [
            each for each in subgraph.executors if each.name and each.name not in known
        ]
        self._root.legacy += subgraph.legacy


def _connect(node: NodeConfig, name: str, subgraph: GraphConfig) -> list[Problem]:
    """Renames the streams and nodes of a subgraph in place, for one node that uses it."""
    problems: list[Problem] = []
    streams: dict[str, str] = {}
    sides: dict[str, str] = {}
    ignored: dict[str, set[str]] = {}
    outer_inputs: set[str] = set()
    for field, names in zip(_FIELDS, (streams, streams, sides, sides), strict=True):
        pairs = _Pairs(node, name, field, getattr(subgraph, field))
        problems += pairs.problems
        if field == "output_streams":
            problems += _straight_through(outer_inputs, pairs, name)
        names |= pairs.names
        ignored[field] = pairs.ignored
        outer_inputs |= set(pairs.names)
    prefix = _prefix(name)
    inner_names = canonical_names(subgraph.nodes)
    for inner, inner_name in zip(subgraph.nodes, inner_names, strict=True):
        inner.name = prefix + inner_name
        _drop_ignored(inner, ignored)
        _rename(inner.input_streams, streams, prefix)
        _rename(inner.output_streams, streams, prefix)
        _rename(inner.input_side_packets, sides, prefix)
        _rename(inner.output_side_packets, sides, prefix)
    for legacy in subgraph.legacy:
        _rename(legacy.input_side_packets, sides, prefix)
        _rename(legacy.output_side_packets, sides, prefix)
    return problems


class _Pairs:
    """The outer streams of a subgraph, matched to those a node connects, for one field."""

    def __init__(self, node: NodeConfig, name: str, field: str, inner_texts: list[str]) -> None:
        self._who = f"node {name!r}: {field.removesuffix('s')}"
        inner, self.problems = parse_collection(inner_texts, f"subgraph {node.calculator!r}")
        outer, outer_problems = parse_collection(getattr(node, field), self._who)
        self.problems += outer_problems
        wanted = {(each.tag, each.index): each for each in outer}
        known = {(each.tag, each.index): each for each in inner}
        self.names = {known[key].name: each.name for key, each in wanted.items() if key in known}
        self.ignored = {each.name for key, each in known.items() if key not in wanted}
        for key, each in wanted.items():
            if key not in known:
                self._report(each, inner, node.location)

    def _report(
        self, name: StreamName, inner: Sequence[StreamName], place: Location | None
    ) -> None:
        tags = list(dict.fromkeys(each.tag for each in inner if each.tag))
        listing = f"known: {', '.join(each.label for each in inner) or 'none'}"
        hint = nearest_name(name.tag, tags) or listing
        message = f"{self._who}: the subgraph has no {name.label}"
        self.problems.append(Problem(message, name.location or place, hint))


def _straight_through(inputs: set[str], outputs: _Pairs, name: str) -> list[Problem]:
    return [
        Problem(
            f"subgraph node {name!r}: {stream!r} is an input and an output of the subgraph",
            hint="put a PassThroughCalculator between",
        )
        for stream in sorted(inputs & set(outputs.names))
    ]


def _prefix(name: str) -> str:
    return name.lower().translate(str.maketrans(". :", "___")) + "__"


def _rename(texts: list[str], names: dict[str, str], prefix: str) -> None:
    for position, text in enumerate(texts):
        name = bare_name(text)
        texts[position] = rename(text, names.get(name, prefix + name))


def _drop_ignored(node: NodeConfig, ignored: dict[str, set[str]]) -> None:
    dropped = _split(node.input_streams, lambda text: bare_name(text) in ignored["input_streams"])
    _split(node.input_side_packets, lambda text: bare_name(text) in ignored["input_side_packets"])
    gone = {_port(text) for text in dropped}
    node.input_stream_info = [
        info for info in node.input_stream_info if _info_port(info.tag_index) not in gone
    ]


def _split(texts: list[str], is_dropped: Callable[[str], bool]) -> list[str]:
    dropped = [text for text in texts if is_dropped(text)]
    texts[:] = [text for text in texts if not is_dropped(text)]
    return dropped


def _port(text: str) -> tuple[str, int] | None:
    try:
        name = parse_stream_name(text)
    except StreamNameError:
        return None
    return (name.tag, name.index) if name.tag else None


def _info_port(text: str) -> tuple[str, int]:
    try:
        return parse_tag_index(text)
    except StreamNameError:
        return (text, -1)
