"""A laid-out graph as an SVG file that needs nothing else."""

from html import escape
from itertools import pairwise

from flowlace.observe.graph_picture import (
    NODE_HEIGHT_PX,
    GraphPicture,
    PictureEdge,
    PictureNode,
)

LABEL_LINE_PX = 11

_STYLE = """
text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1b1f24; text-anchor: middle; }
.label { font-size: 10px; fill: #57606a; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
.node { fill: #ddf4ff; stroke: #0969da; } .input { fill: #dafbe1; stroke: #1a7f37; }
.output { fill: #fff8c5; stroke: #9a6700; } .side { fill: #f6f8fa; stroke: #6e7781; }
path { fill: none; stroke: #57606a; } .e-side { stroke-dasharray: 2 3; }
.e-back { stroke: #cf222e; stroke-dasharray: 6 4; }
"""
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#57606a;stroke:none"/>'
    "</marker></defs>"
)


def to_svg(picture: GraphPicture) -> str:
    """Returns the picture as SVG text."""
    width, height = round(picture.width_px), round(picture.height_px)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<style>{_STYLE}</style>{_ARROW}",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_edge(picture, edge) for edge in picture.edges),
        *(_box(node) for node in picture.nodes.values() if node.kind != "bend"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(node: PictureNode) -> str:
    radius = 17 if node.kind in ("input", "output") else 5
    left, top = node.x_px - node.width_px / 2, node.y_px - NODE_HEIGHT_PX / 2
    return (
        f'<rect class="{node.kind}" x="{left:.1f}" y="{top:.1f}" width="{node.width_px:.1f}" '
        f'height="{NODE_HEIGHT_PX}" rx="{radius}"/>'
        f'<text x="{node.x_px:.1f}" y="{node.y_px + 4:.1f}">{escape(node.label)}</text>'
    )


def _edge(picture: GraphPicture, edge: PictureEdge) -> str:
    nodes = [picture.nodes[key] for key in edge.path]
    if edge.kind == "back":
        return _back_edge(picture, nodes[0], nodes[-1], edge.labels)
    points = [(node.x_px, node.y_px) for node in nodes]
    points[0] = (points[0][0], points[0][1] + NODE_HEIGHT_PX / 2)
    points[-1] = (points[-1][0], points[-1][1] - NODE_HEIGHT_PX / 2)
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        path += f" C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
    (x0, y0), (x1, y1) = points[0], points[1]
    label = _label((x0 + x1) / 2, (y0 + y1) / 2 + 3, edge.labels)
    return f'<path class="e-{edge.kind}" d="{path}" marker-end="url(#arrow)"/>{label}'


def _back_edge(
    picture: GraphPicture, low: PictureNode, high: PictureNode, labels: list[str]
) -> str:
    """Draws a loop around the right-hand side, where it crosses nothing."""
    x0, x1 = low.x_px + low.width_px / 2, high.x_px + high.width_px / 2
    far = picture.width_px - 30
    path = f"M{x0:.1f} {low.y_px:.1f} C{far:.1f} {low.y_px:.1f} {far:.1f} {high.y_px:.1f} "
    path += f"{x1:.1f} {high.y_px:.1f}"
    text = _label(min(far - 30, (x0 + 3 * far) / 4), (low.y_px + high.y_px) / 2, labels)
    return f'<path class="e-back" d="{path}" marker-end="url(#arrow)"/>{text}'


def _label(x_px: float, y_px: float, lines: list[str]) -> str:
    top_px = y_px - (len(lines) - 1) * LABEL_LINE_PX / 2
    return "".join(
        f'<text class="label" x="{x_px:.1f}" y="{top_px + number * LABEL_LINE_PX:.1f}">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    )
