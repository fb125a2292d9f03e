"""A graph as Mermaid text, for Markdown pages."""

from flowlace.framework.plan import GraphPlan


def to_mermaid(plan: GraphPlan) -> str:
    """Returns a Mermaid flowchart: nodes and streams; back edges and side packets are dotted."""
    lines = ["flowchart TD"]
    lines += [f'  in_{name}(["{name}"])' for name in plan.input_streams]
    lines += [f'  side_{name}[/"{name}"/]' for name in plan.input_side_packets]
    lines += [f'  n{node.index}["{_label(node.name)}"]' for node in plan.nodes]
    lines += [f'  out_{name}(["{name}"])' for name in plan.output_streams]
    for node in plan.nodes:
        for port in node.contract.inputs.values():
            arrow = "-.->" if port.back_edge else "-->"
            producer = plan.streams[port.name].producer
            source = f"in_{port.name}" if producer is None else f"n{producer}"
            lines.append(f'  {source} {arrow}|"{port.name}"| n{node.index}')
        for port in node.contract.side_inputs.values():
            side = plan.side_packets.get(port.name)
            made_by = side.producer if side is not None else None
            source = f"side_{port.name}" if made_by is None else f"n{made_by}"
            lines.append(f'  {source} -.->|"{port.name}"| n{node.index}')
    for name in plan.output_streams:
        producer = plan.streams[name].producer
        source = f"in_{name}" if producer is None else f"n{producer}"
        lines.append(f"  {source} --> out_{name}")
    return "\n".join(lines) + "\n"


def _label(name: str) -> str:
    return name.replace('"', "'")
