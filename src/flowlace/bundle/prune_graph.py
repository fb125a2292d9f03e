"""Takes out of a graph what the wanted output streams do not need."""

import copy
from collections.abc import Sequence

from flowlace.bundle.errors import BundleError
from flowlace.framework.config import GraphConfig, NodeConfig
from flowlace.framework.stream_names import bare_name


def pruned(config: GraphConfig, outputs: Sequence[str]) -> GraphConfig:
    """Returns an expanded graph with only the nodes that some output streams come from.

    Args:
        config: without subgraphs.
        outputs: names of output streams to keep.

    Raises:
        BundleError: the graph has no such output stream.
    """
    known = [bare_name(text) for text in config.output_streams]
    for name in outputs:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise BundleError(f"the graph has no output stream {name!r}; it has: {listed}")
    made = copy.deepcopy(config)
    made.nodes = _needed(made.nodes, set(outputs))
    used = {bare_name(text) for node in made.nodes for text in _taken(node)}
    made.output_streams = [text for text in made.output_streams if bare_name(text) in outputs]
    made.input_streams = [text for text in made.input_streams if bare_name(text) in used]
    made.input_side_packets = [each for each in made.input_side_packets if bare_name(each) in used]
    names = {node.executor for node in made.nodes}
    made.executors = [each for each in made.executors if not each.name or each.name in names]
    return made


def _needed(nodes: Sequence[NodeConfig], wanted: set[str]) -> list[NodeConfig]:
    kept: set[int] = set()
    has_grown = True
    while has_grown:
        has_grown = False
        for place, node in enumerate(nodes):
            gives = {bare_name(text) for text in (*node.output_streams, *node.output_side_packets)}
            if place not in kept and gives & wanted:
                kept.add(place)
                wanted |= {bare_name(text) for text in _taken(node)}
                has_grown = True
    return [node for place, node in enumerate(nodes) if place in kept]


def _taken(node: NodeConfig) -> list[str]:
    return [*node.input_streams, *node.input_side_packets]
