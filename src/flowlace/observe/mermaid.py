"""A graph as Mermaid text, for Markdown pages."""

from flowlace.framework.plan import GraphPlan
from flowlace.observe.connections import connections


def to_mermaid(plan: GraphPlan) -> str:
    """Returns a Mermaid flowchart: nodes and streams; back edges and side packets are dotted."""
    lines = ["flowchart TD"]
    lines += [f'  in_{name}(["{name}"])' for name in plan.input_streams]
    lines += [f'  side_{name}[/"{name}"/]' for name in plan.input_side_packets]
    lines += [f'  n{node.index}["{_label(node.name)}"]' for node in plan.nodes]
    lines += [f'  out_{name}(["{name}"])' for name in plan.output_streams]
    for each in connections(plan):
        given = f"{'side' if each.kind == 'side' else 'in'}_{each.name}"
        source = given if each.producer is None else f"n{each.producer}"
        if each.consumer is None:
            lines.append(f"  {source} --> out_{each.name}")
        else:
            arrow = "-->" if each.kind == "stream" else "-.->"
            lines.append(f'  {source} {arrow}|"{each.name}"| n{each.consumer}')
    return "\n".join(lines) + "\n"


def _label(name: str) -> str:
    return name.replace('"', "'")
