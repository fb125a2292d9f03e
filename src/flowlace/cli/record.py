"""`flowlace record`: a run of a graph, with everything that enters it in a file."""

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.run import Boxes, Queue, Sides, Sources, make_runners, run_all
from flowlace.framework.validation import validate_graph
from flowlace.recording import GraphRecorder, Rotation, VideoMode
from flowlace.recording.recorder import check_path
from flowlace.recording.rotation import parse_duration_us, parse_size
from flowlace.runner.bindings import numbered
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.interrupt import graceful_interrupts
from flowlace.runner.node_settings import configured_graph

log = logging.getLogger(__name__)


def record(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, a file or a bundle")],
    out: Annotated[str, typer.Option("--out", "-o", help="the recording, NAME.mcap")],
    source: Sources = [],  # noqa: B006 - typer copies it
    sink: Annotated[
        list[str], typer.Option("--sink", help="NAME=URL or URL, as for `run`; may be left out")
    ] = [],  # noqa: B006
    box: Boxes = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    queue: Queue = None,
    video: Annotated[
        VideoMode,
        typer.Option(
            help="Pictures: raw is cheapest, zstd is smaller, both keep every bit; h264 is a "
            "hundredth of the size, and its replays differ from this run."
        ),
    ] = VideoMode.RAW,
    rotate_size: Annotated[
        str, typer.Option(help="Go on in another file at this size: 2GB; out-0000.mcap, ….")
    ] = "",
    rotate_time: Annotated[
        str, typer.Option(help="Go on in another file after so much of the stream: 1h.")
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing recording.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Run a graph and record what enters it: from live sources until Ctrl-C, from files to the end.

    A recorder that is killed leaves a file that can be replayed up to its last half second.
    """
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    rotation = Rotation(
        parse_size(rotate_size) if rotate_size else 0,
        parse_duration_us(rotate_time) if rotate_time else 0,
    )
    # Before sources are opened: a camera takes seconds.
    check_path(out, rotation, overwrites=overwrite or len(source) > 1)
    if video is VideoMode.H264:
        log.warning("pictures are recorded as H.264: replays are all alike, but not like this run")
    with graceful_interrupts() as interrupts, ExitStack() as recording:
        runners = make_runners(plan, source, sink, box, side, queue)
        interrupts.watch(*runners)
        recorders = [
            recording.enter_context(
                GraphRecorder(
                    runner.graph,
                    numbered(out, index, len(runners)),
                    video=video,
                    rotation=rotation,
                    overwrites=overwrite,
                    graph_name=graph,
                    sources=runner.source_names,
                )
            )
            for index, runner in enumerate(runners)
        ]
        run_all(runners, quiet=quiet)
    if not quiet:
        for runner, recorder in zip(runners, recorders, strict=True):
            typer.echo("\n".join(_summary(runner, recorder)), err=True)
    if interrupts.count:
        raise typer.Exit(130)


def _summary(runner: GraphRunner, recorder: GraphRecorder) -> list[str]:
    return [
        *runner.summary.lines(),
        f"  {recorder.packets} packets recorded",
        *(f"  {path}: {Path(path).stat().st_size / 1e6:,.1f} MB" for path in recorder.paths),
    ]
