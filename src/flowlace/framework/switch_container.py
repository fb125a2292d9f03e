"""`SwitchContainer`: sends its inputs to one of several contained nodes, chosen while it runs.

It becomes a demux, the contained nodes and a mux; `SELECT` (an int) or `ENABLE` (a bool), as a
stream, side packet or option, says which contained node works.
"""

import copy
from dataclasses import dataclass, replace

from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig
from flowlace.framework.errors import GraphConfigError, Problem
from flowlace.framework.options import option, proto_options
from flowlace.framework.stream_names import StreamName, join_stream_name, parse_collection
from flowlace.framework.subgraph_library import register_subgraph

CONTROL_TAGS = ("SELECT", "ENABLE")
_FIELDS = ("input_streams", "input_side_packets", "output_streams", "output_side_packets")


@proto_options("mediapipe.SwitchContainerOptions", extension=345967970)
@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchContainerOptions:
    """Options of `SwitchContainer`, and of the demux and mux in it."""

    contained_node: tuple[NodeConfig, ...] = option(2)
    """The nodes to choose from: calculators or subgraphs, without streams of their own."""

    select: int | None = option(3)
    """Number of the contained node that works until a packet says another."""

    enable: bool | None = option(4)
    """The same for two nodes: false is the first, true the second."""

    synchronize_io: bool = option(5)
    """Whether inputs are taken in sets of one timestamp."""

    async_selection: bool = option(6)
    """Whether a control packet works at once, whatever the timestamps of the inputs."""

    tick_input_stream: tuple[str, ...] = option(7)
    """Read, not used."""


@register_subgraph("SwitchContainer", options=SwitchContainerOptions)
def switch_container(node: NodeConfig, options: SwitchContainerOptions) -> GraphConfig:
    """Returns the demux, the contained nodes and the mux for one container node."""
    _check(node, options)
    config = GraphConfig(
        nodes=[NodeConfig("SwitchDemuxCalculator"), *copy.deepcopy(options.contained_node)]
    )
    demux, *contained = config.nodes
    mux = NodeConfig("SwitchMuxCalculator")
    config.nodes.append(mux)
    for switch in (demux, mux):
        switch.options.append(GivenOptions.of(replace(options, contained_node=())))
    for field in _FIELDS:
        is_input = field.startswith("input")
        for name in _own_names(node, field):
            outer = join_stream_name(name.tag, name.index, _inner_name(name))
            getattr(config, field).append(outer)
            if name.tag in CONTROL_TAGS and is_input:
                getattr(demux, field).append(outer)
                getattr(mux, field).append(outer)
                continue
            switch = demux if is_input else mux
            getattr(switch, field).append(outer)
            opposite = _FIELDS[(_FIELDS.index(field) + 2) % 4]
            for channel, inner in enumerate(contained):
                stream = f"c{channel}__{_inner_name(name)}"
                tag = f"C{channel}__{name.tag}"
                getattr(switch, opposite).append(join_stream_name(tag, name.index, stream))
                getattr(inner, field).append(join_stream_name(name.tag, name.index, stream))
    return config


def _check(node: NodeConfig, options: SwitchContainerOptions) -> None:
    problems = []
    if not options.contained_node:
        problems.append("has no contained_node to choose from")
    if options.select is not None and options.enable is not None:
        problems.append("has both options select and enable; keep one")
    problems += [
        f"has both SELECT and ENABLE in {field.removesuffix('s')}; keep one"
        for field in _FIELDS[:2]
        if sum(name.tag in CONTROL_TAGS for name in _own_names(node, field)) > 1
    ]
    if problems:
        who = node.name or node.calculator
        raise GraphConfigError(
            [Problem(f"node {who!r} {each}", node.location) for each in problems]
        )


def _own_names(node: NodeConfig, field: str) -> list[StreamName]:
    return parse_collection(getattr(node, field))[0]


def _inner_name(name: StreamName) -> str:
    # By port, not by the outer stream: one stream may be connected to several ports.
    return f"{name.tag.lower() or 'stream'}_{name.index}"
