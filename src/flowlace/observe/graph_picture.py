"""Lays a graph out in layers: inputs on top, each node below everything that feeds it.

The usual four steps (Sugiyama, Tagawa and Toda 1981): layers by the longest path, dummies where an
edge passes a layer, order within layers by medians of neighbours, then coordinates.
"""

from dataclasses import dataclass, field
from statistics import median

from flowlace.framework.plan import GraphPlan
from flowlace.observe.connections import connections

LAYER_GAP_PX = 76
NODE_GAP_PX = 26
NODE_HEIGHT_PX = 34
CHARACTER_PX = 7.2
SWEEPS = 12
"""Rounds of ordering; pictures stop changing after a few."""


@dataclass(slots=True)
class PictureNode:
    """One box of the picture, centre at (x, y)."""

    key: str
    label: str
    kind: str
    """`node`, `input`, `output`, `side` or `bend`, a place where a long edge turns."""
    layer: int = 0
    x_px: float = 0.0
    y_px: float = 0.0

    @property
    def width_px(self) -> float:
        """Width of the box."""
        return 10.0 if self.kind == "bend" else len(self.label) * CHARACTER_PX + 24


@dataclass(slots=True)
class PictureEdge:
    """One stream from one box to another, through the bends between."""

    path: list[str]
    labels: list[str]
    """The streams; none where the box they come from says it already."""
    kind: str
    """`stream`, `side` or `back`."""


@dataclass(slots=True)
class GraphPicture:
    """A graph with coordinates."""

    nodes: dict[str, PictureNode] = field(default_factory=dict)
    edges: list[PictureEdge] = field(default_factory=list)
    width_px: float = 0.0
    height_px: float = 0.0


def draw_graph(plan: GraphPlan) -> GraphPicture:
    """Returns the layout of a plan."""
    picture = GraphPicture()
    _add_nodes(picture, plan)
    _add_edges(picture, plan)
    _assign_layers(picture)
    _bend_long_edges(picture)
    _place(picture, _ordered_layers(picture))
    return picture


def _add_nodes(picture: GraphPicture, plan: GraphPlan) -> None:
    boxes = [
        *(PictureNode(f"in {name}", name, "input") for name in plan.input_streams),
        *(PictureNode(f"side {name}", name, "side") for name in plan.input_side_packets),
        *(PictureNode(f"node {node.index}", node.name, "node") for node in plan.nodes),
        *(PictureNode(f"out {name}", name, "output") for name in plan.output_streams),
    ]
    picture.nodes = {box.key: box for box in boxes}


def _add_edges(picture: GraphPicture, plan: GraphPlan) -> None:
    for each in connections(plan):
        given = f"{'side' if each.kind == 'side' else 'in'} {each.name}"
        source = given if each.producer is None else f"node {each.producer}"
        if source not in picture.nodes:
            continue
        is_output = each.consumer is None
        target = f"out {each.name}" if is_output else f"node {each.consumer}"
        labels = [] if each.producer is None or is_output else [each.name]
        same = (
            edge
            for edge in picture.edges
            if (edge.path, edge.kind) == ([source, target], each.kind)
        )
        edge = next(same, None)
        if edge is None:
            picture.edges.append(PictureEdge([source, target], labels, each.kind))
        else:
            edge.labels += labels


def _assign_layers(picture: GraphPicture) -> None:
    """Puts every box one layer below the lowest that feeds it."""
    forward = [edge for edge in picture.edges if edge.kind != "back"]
    for _ in picture.nodes:
        has_moved = False
        for edge in forward:
            source, target = (picture.nodes[key] for key in edge.path)
            if target.layer <= source.layer:
                target.layer, has_moved = source.layer + 1, True
        if not has_moved:
            return


def _bend_long_edges(picture: GraphPicture) -> None:
    for number, edge in enumerate(picture.edges):
        if edge.kind == "back":
            continue
        source, target = (picture.nodes[key] for key in edge.path)
        bends = [
            PictureNode(f"bend {number} {layer}", "", "bend", layer)
            for layer in range(source.layer + 1, target.layer)
        ]
        picture.nodes |= {bend.key: bend for bend in bends}
        edge.path = [source.key, *(bend.key for bend in bends), target.key]


def _ordered_layers(picture: GraphPicture) -> list[list[PictureNode]]:
    layers: list[list[PictureNode]] = [
        [] for _ in range(max((n.layer for n in picture.nodes.values()), default=0) + 1)
    ]
    for node in picture.nodes.values():
        layers[node.layer].append(node)
    above: dict[str, list[str]] = {key: [] for key in picture.nodes}
    below: dict[str, list[str]] = {key: [] for key in picture.nodes}
    for edge in picture.edges:
        for upper, lower in zip(edge.path, edge.path[1:], strict=False):
            if edge.kind != "back":
                above[lower].append(upper)
                below[upper].append(lower)
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for layer in reversed(layers) if sweep % 2 else layers:
            _sort_by_neighbours(layer, neighbours, _positions(layers))
    return layers


def _positions(layers: list[list[PictureNode]]) -> dict[str, float]:
    return {
        node.key: (place + 0.5) / len(layer) for layer in layers for place, node in enumerate(layer)
    }


def _sort_by_neighbours(
    layer: list[PictureNode], neighbours: dict[str, list[str]], places: dict[str, float]
) -> None:
    def wanted(node: PictureNode) -> float:
        found = [places[key] for key in neighbours[node.key]]
        return median(found) if found else places[node.key]

    layer.sort(key=wanted)


def _place(picture: GraphPicture, layers: list[list[PictureNode]]) -> None:
    widths = [sum(node.width_px + NODE_GAP_PX for node in layer) for layer in layers]
    picture.width_px = max(widths, default=0.0) + 80
    picture.height_px = len(layers) * LAYER_GAP_PX + 40
    for number, (layer, width) in enumerate(zip(layers, widths, strict=True)):
        x_px = (picture.width_px - width) / 2 + NODE_GAP_PX / 2
        for node in layer:
            node.x_px = x_px + node.width_px / 2
            node.y_px = 30 + NODE_HEIGHT_PX / 2 + number * LAYER_GAP_PX
            x_px += node.width_px + NODE_GAP_PX
