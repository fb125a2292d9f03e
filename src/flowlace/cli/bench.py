"""`flowlace bench`: where a graph spends its time."""

from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.run import Boxes, Sides, Sources, make_runners, run_all
from flowlace.framework.validation import validate_graph
from flowlace.observe.profiler import GraphProfiler
from flowlace.observe.tracer import GraphTracer
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.interrupt import graceful_interrupts
from flowlace.runner.node_settings import configured_graph

_HEADINGS = ("calls", "mean µs", "99 % µs", "CPU µs", "ms a frame", "queue")


def bench(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, or a file")],
    source: Sources = [],  # noqa: B006 - typer copies it
    box: Boxes = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    trace: Annotated[str, typer.Option(help="also write a trace for Perfetto, e.g. t.json")] = "",
) -> None:
    """Run a graph without sinks and show the time and the queue depth of every node."""
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    with graceful_interrupts() as interrupts:
        runners = make_runners(plan, source, [], box, side)
        interrupts.watch(*runners)
        profilers = [GraphProfiler(runner.graph) for runner in runners]
        tracers = [GraphTracer(runner.graph, trace) for runner in runners[:1] if trace]
        run_all(runners, quiet=False)
    for tracer in tracers:
        tracer.close()
    for runner, profiler in zip(runners, profilers, strict=True):
        _show(runner, profiler)
    if interrupts.count:
        raise typer.Exit(130)


def _show(runner: GraphRunner, profiler: GraphProfiler) -> None:
    frames = max(runner.summary.frames, 1)
    typer.echo(f"{runner.name}: {frames} frames, {runner.summary.fps:.1f} fps")
    width = max((len(name) for name in profiler.nodes), default=4)
    typer.echo(f"{'node':<{width}} {''.join(f'{heading:>12}' for heading in _HEADINGS)}")
    for node in profiler.slowest():
        cells = (
            str(node.calls),
            f"{node.mean_us:.1f}",
            f"{node.quantile_us(0.99):.1f}",
            f"{node.mean_cpu_us:.1f}",
            f"{node.wall_ns / frames / 1e6:.3f}",
            str(node.deepest_queue),
        )
        typer.echo(f"{node.name:<{width}} {''.join(f'{cell:>12}' for cell in cells)}")
    typer.echo("\n".join(runner.summary.lines()), err=True)
