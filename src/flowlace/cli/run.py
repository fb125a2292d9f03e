"""`flowlace run`: a graph from its sources to its sinks."""

import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.progress import progress_shown
from flowlace.framework.clock import MonotonicClock
from flowlace.framework.contract import ConnectedPort
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.observe.graph_request import RequestedMeasurements
from flowlace.observe.state_log import StateLog
from flowlace.runner.bindings import Binding, bind_sinks, bind_sources, medium_of, numbered
from flowlace.runner.boxes import box_input, start_boxes, takes_boxes
from flowlace.runner.graph_runner import LOOK_UP_S, BoundSink, GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.interrupt import graceful_interrupts
from flowlace.runner.node_settings import configured_graph
from flowlace.runner.queue_policy import QueuePolicy
from flowlace.runner.side_packets import parse_side_packets
from flowlace.sinks.registry import open_sink
from flowlace.sources.registry import open_sources

log = logging.getLogger(__name__)

Sources = Annotated[
    list[str],
    typer.Option(
        "--source", "-s", help="NAME=URL or URL: 0, mic, file, folder, glob, rtsp://, testsrc:"
    ),
]
Sinks = Annotated[
    list[str],
    typer.Option("--sink", "-o", help="NAME=URL or URL: out.mp4, folder/, out.jsonl, none"),
]
Boxes = Annotated[
    list[str],
    typer.Option("--box", help="X,Y,W,H of the first frame, in pixels, or all ≤ 1; or `truth`"),
]
Queue = Annotated[
    QueuePolicy | None,
    typer.Option(help="When the graph is busy. Files wait, live sources drop the oldest."),
]
Sides = Annotated[list[str], typer.Option("--side", help="NAME=VALUE of an input side packet")]


def run(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, or a file")],
    source: Sources = [],  # noqa: B006 - typer copies it
    sink: Sinks = [],  # noqa: B006
    box: Boxes = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    queue: Queue = None,
    state_log: Annotated[
        str, typer.Option(help="Write every node's queues and bounds to this file, every second.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Run a graph: from live sources until Ctrl-C, from files until their end.

    Several sources without a name run several graphs; their sinks are numbered.
    """
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    with graceful_interrupts() as interrupts, ExitStack() as logs:
        runners = make_runners(plan, source, sink, box, side, queue)
        interrupts.watch(*runners)
        for index, runner in enumerate(runners if state_log else ()):
            path = numbered(state_log, index, len(runners))
            logs.enter_context(StateLog(runner.graph, path))
        requests = [RequestedMeasurements(runner.graph) for runner in runners]
        for request in requests:
            logs.callback(request.close)
        run_all(runners, quiet=quiet)
    for runner, request in zip(runners, requests, strict=True):
        if not quiet:
            typer.echo("\n".join([*runner.summary.lines(), *request.lines()]), err=True)
    if interrupts.count:
        raise typer.Exit(130)


def make_runners(
    plan: GraphPlan,
    sources: list[str],
    sinks: list[str],
    boxes: list[str],
    sides: list[str],
    queue: QueuePolicy | None = None,
) -> list[GraphRunner]:
    """Returns one runner for each source without a name; everything is opened."""
    inputs = dict(plan.input_streams)
    first = {box_input(inputs): start_boxes(boxes)} if boxes else {}
    for name in first:
        del inputs[name]
    bound_sources = bind_sources(sources, inputs)
    _warn_of_unfed(inputs, bound_sources[0])
    bound_sinks = bind_sinks(sinks, plan.output_streams)
    side_packets = parse_side_packets(sides, plan.input_side_packets)
    clock = MonotonicClock()
    wants = {name: medium_of(port) for name, port in inputs.items()}
    return [
        GraphRunner(
            CalculatorGraph(plan),
            opened := open_sources(urls, clock, wants),
            [open_sink_of(one, index, len(bound_sources)) for one in bound_sinks],
            first_packets={name: make(opened) for name, make in first.items()},
            side_packets=side_packets,
            queue_policy=queue,
        )
        for index, urls in enumerate(bound_sources)
    ]


def _warn_of_unfed(inputs: Mapping[str, ConnectedPort], fed: Mapping[str, str]) -> None:
    for name, port in inputs.items():
        if name not in fed:
            box = "--box or " if takes_boxes(port) else ""
            log.warning("nothing feeds input stream %r; give %s--source %s=URL", name, box, name)


def open_sink_of(binding: Binding, index: int = 0, count: int = 1) -> BoundSink:
    """Returns a sink, opened; that of one of several graphs gets its number."""
    url = numbered(binding.url, index, count)
    return BoundSink(binding.stream, url, open_sink(url))


def run_all(runners: list[GraphRunner], *, quiet: bool) -> None:
    """Runs the graphs side by side; raises the first error when all have ended."""
    errors: list[BaseException] = []

    def run_one(runner: GraphRunner) -> None:
        try:
            runner.run()
        except BaseException as error:
            errors.append(error)

    with progress_shown(runners, quiet=quiet):
        threads = [threading.Thread(target=run_one, args=(runner,)) for runner in runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            # With a timeout: a signal that comes just before an endless wait would not end it.
            while thread.is_alive():
                thread.join(LOOK_UP_S)
    if errors:
        raise errors[0]
