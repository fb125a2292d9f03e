"""`flowlace replay`: a recording through its graph again, or through another one."""

import logging
from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.run import Sides, Sinks, open_sink_of, run_all
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.recording import Recording, RecordingError
from flowlace.recording.description import differences
from flowlace.recording.faults import parse_fault
from flowlace.recording.recorded_graph import recorded_graph
from flowlace.recording.replay import ReplayFeed, parse_speed
from flowlace.recording.rotation import parse_duration_us
from flowlace.runner.bindings import bind_sinks
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.interrupt import graceful_interrupts
from flowlace.runner.node_settings import configured, configured_graph
from flowlace.runner.side_packets import parse_side_packets

log = logging.getLogger(__name__)

_END = {
    False: "was cut off: its run had not ended by its last entry",
    True: "goes on in another file; name all of them: a folder, or a 'glob-*.mcap'",
}
"""What is told of a recording without the end of its run, by whether the file is finished."""


def replay(
    path: Annotated[
        str, typer.Argument(metavar="REC", help="recording: a file, a folder or a 'glob-*.mcap'")
    ],
    graph: Annotated[
        str, typer.Argument(help="another graph to feed; left out, the recorded one")
    ] = "",
    sink: Sinks = [],  # noqa: B006 - typer copies it
    speed: Annotated[
        str, typer.Option(help="Seconds of the recording a second: 1, 4, 0.5, or max.")
    ] = "max",
    from_: Annotated[str, typer.Option("--from", help="Begin so long after its start: 90s.")] = "",
    to: Annotated[str, typer.Option("--to", help="End so long after its start: 2min.")] = "",
    fault: Annotated[
        list[str],
        typer.Option(
            help="[STREAM:]drop=0.05, duplicate=0.1, reorder=0.1, corrupt=0.1, delay=0.1:200ms, "
            "gap=0.01:2s, jitter=10ms"
        ),
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the faults: the same seed, the same faults.")] = 0,
    inputs: Annotated[
        list[str],
        typer.Option("--input", help="NAME=STREAM: the recorded stream that feeds an input."),
    ] = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of the graph; 0 leaves the choice to the graph.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Feed a graph with a recording: the same results, byte for byte, at any speed.

    Without GRAPH the recorded graph runs, with the side packets and options it was recorded with.
    """
    import_code(imports)
    # A recording has a first moment only once it is open, and times are told from there.
    recording = Recording(path)
    try:
        plan = _planned(recording, graph, model, setting, threads)
        feed = ReplayFeed(
            recording,
            list(plan.input_streams),
            stream_of=dict(_input(text) for text in inputs),
            from_us=recording.start_us + parse_duration_us(from_) if from_ else None,
            to_us=recording.start_us + parse_duration_us(to) if to else None,
            speed=_speed(speed),
            faults=[parse_fault(text) for text in fault],
            seed=seed,
        )
        runner = GraphRunner(
            CalculatorGraph(plan),
            {},
            [open_sink_of(each) for each in bind_sinks(sink, plan.output_streams)],
            side_packets=_side_packets(recording, plan, side),
            feed=feed,
        )
    except BaseException:
        recording.close()
        raise
    with graceful_interrupts() as interrupts:
        interrupts.watch(runner)
        run_all([runner], quiet=quiet)
    is_ours = recording.description is not None  # files of others don't tell whether they ended
    if is_ours and not (recording.is_complete or to or interrupts.count):
        log.warning("recording %r %s", path, _END[recording.is_finished])
    if not quiet:
        typer.echo("\n".join(runner.summary.lines()), err=True)
    if interrupts.count:
        raise typer.Exit(130)


def _planned(
    recording: Recording, graph: str, models: list[str], settings: list[str], threads: int
) -> GraphPlan:
    """Returns the graph to run; warns where it is not what the recording was made with."""
    if graph:
        config = load_graph_config(configured_graph(graph, models, settings))
    else:
        config = configured(recorded_graph(recording), models, settings)
    if threads:
        config.num_threads = threads
    plan = validate_graph(config)
    if not graph and recording.description is not None:
        for line in differences(recording.description, plan.config):
            log.warning("recording %r: %s; results may differ", recording.name, line)
    return plan


def _side_packets(recording: Recording, plan: GraphPlan, sides: list[str]) -> dict[str, object]:
    kept = recording.side_packets_for(plan.input_side_packets)
    return kept | parse_side_packets(sides, plan.input_side_packets)


def _input(text: str) -> tuple[str, str]:
    name, equals, stream = text.partition("=")
    if not equals:
        raise RecordingError(f"--input {text!r}: expected NAME=STREAM")
    return name, stream


def _speed(text: str) -> float:
    try:
        return parse_speed(text)
    except ValueError as error:
        raise RecordingError(f"--speed {text!r}: {error}") from error
