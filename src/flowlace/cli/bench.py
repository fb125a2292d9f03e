"""`flowlace bench`: where a graph spends its time."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flowlace.cli.run import Boxes, Sides, Sources, make_runners, run_all
from flowlace.framework.validation import validate_graph
from flowlace.observe.profiler import GraphProfiler
from flowlace.observe.tracer import GraphTracer
from flowlace.runner.find_graph import find_graph
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.interrupt import graceful_interrupts


def bench(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, or a file")],
    source: Sources,
    box: Boxes = [],  # noqa: B006 - typer copies it
    side: Sides = [],  # noqa: B006
    trace: Annotated[str, typer.Option(help="also write a trace for Perfetto, e.g. t.json")] = "",
) -> None:
    """Run a graph without sinks and show the time and the queue depth of every node."""
    plan = validate_graph(find_graph(graph))
    runners = make_runners(plan, source, [], box, side)
    profilers = [GraphProfiler(runner.graph) for runner in runners]
    tracers = [GraphTracer(runner.graph, trace) for runner in runners[:1] if trace]
    with graceful_interrupts(*runners) as interrupts:
        run_all(runners, quiet=False)
    for tracer in tracers:
        tracer.close()
    for runner, profiler in zip(runners, profilers, strict=True):
        _show(runner, profiler)
    if interrupts.count:
        raise typer.Exit(130)


def _show(runner: GraphRunner, profiler: GraphProfiler) -> None:
    frames = max(runner.summary.frames, 1)
    table = Table(title=f"{runner.name}: {frames} frames, {runner.summary.fps:.1f} fps")
    for heading in ("node", "calls", "mean µs", "99 % µs", "CPU µs", "ms a frame", "queue"):
        table.add_column(heading, justify="left" if heading == "node" else "right")
    for node in profiler.slowest():
        table.add_row(
            node.name,
            str(node.calls),
            f"{node.mean_us:.1f}",
            f"{node.quantile_us(0.99):.1f}",
            f"{node.mean_cpu_us:.1f}",
            f"{node.wall_ns / frames / 1e6:.3f}",
            str(node.deepest_queue),
        )
    Console().print(table)
    typer.echo("\n".join(runner.summary.lines()), err=True)
