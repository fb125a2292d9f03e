"""`flowlace recorder`: record or import sound, find what was said and heard in it, look at it."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.progress import progress_shown
from flowlace.framework.clock import MonotonicClock
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.recorder.analysis import Analysis
from flowlace.recorder.check import check_library
from flowlace.recorder.errors import LibraryError
from flowlace.recorder.library import Library, Recording, name_from
from flowlace.recorder.make_recording import MakeRecording
from flowlace.recorder.page import PageSound, recording_page
from flowlace.recorder.repair import repair_library
from flowlace.recorder.search import Hit, search_library
from flowlace.runner.import_code import import_code
from flowlace.runner.interrupt import Interrupts, graceful_interrupts
from flowlace.runner.node_settings import configured_graph
from flowlace.sources.registry import open_source
from flowlace.sources.source import Medium

recorder = typer.Typer(
    name="recorder",
    help="Record sound into a library; search it by word or sound.",
    no_args_is_help=True,
)


def default_library() -> Path:
    """Returns `$FLOWLACE_LIBRARY`, or a folder among the user's data."""
    if folder := os.environ.get("FLOWLACE_LIBRARY"):
        return Path(folder)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "flowlace" / "library"


Folder = Annotated[
    str, typer.Option("--library", "-l", help="Folder; $FLOWLACE_LIBRARY if not given.")
]
Name = Annotated[str, typer.Argument(help="name of a recording")]
Graph = Annotated[
    str, typer.Option(help="Graph that takes sound and gives events, bars, words or some of them.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]


def _open(folder: str, *, create: bool = False) -> Library:
    return Library(folder or default_library(), create=create)


@recorder.command()
def record(
    name: Name,
    source: Annotated[
        str, typer.Option("--source", "-s", help="mic, a file, rtsp://, pcm:-, testsrc:sounds …")
    ] = "mic",
    seconds: Annotated[float, typer.Option(min=0, help="End after so much sound.")] = 0,
    library: Folder = "",
    graph: Graph = "recorder",
    model: Models = [],  # noqa: B006 - typer copies it
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    quiet: Quiet = False,
) -> None:
    """Record until Ctrl-C, or until the source ends; words and sounds are found meanwhile."""
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    with _open(library, create=True) as opened, graceful_interrupts() as interrupts:
        making = _make(opened, name, source, plan, seconds)
        _run(making, opened, interrupts, quiet=quiet)
    if interrupts.count > 1:
        raise typer.Exit(130)


@recorder.command("import")
def import_files(
    files: Annotated[list[str], typer.Argument(help="sound or video files")],
    name: Annotated[str, typer.Option(help="Name, where one file is imported.")] = "",
    library: Folder = "",
    graph: Graph = "recorder",
    model: Models = [],  # noqa: B006 - typer copies it
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    quiet: Quiet = False,
) -> None:
    """Take files into the library, named as they are; one that can't be read stops no other."""
    if name and len(files) > 1:
        raise LibraryError("--name is for one file; several are named as they are")
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    failures = 0
    with _open(library, create=True) as opened, graceful_interrupts() as interrupts:
        for file in files:
            if interrupts.count:
                break
            try:
                making = _make(opened, name or name_from(Path(file).stem), file, plan)
                _run(making, opened, interrupts, quiet=quiet)
            except FlowlaceError as error:
                failures += 1
                typer.echo(f"error: {error}", err=True)
    if interrupts.count:
        raise typer.Exit(130)
    if failures:
        raise typer.Exit(1)


def _make(
    library: Library, name: str, url: str, plan: GraphPlan, seconds: float = 0
) -> MakeRecording:
    library.check_name(name)  # before a camera or microphone is opened for nothing
    clock = MonotonicClock()
    source = open_source(url, clock, Medium.SOUND)
    try:
        return MakeRecording(library, name, source, plan, seconds=seconds, clock=clock)
    except BaseException:
        source.close()
        raise


def _run(making: MakeRecording, library: Library, interrupts: Interrupts, *, quiet: bool) -> None:
    interrupts.watch(making.runner)
    with progress_shown([making.runner], quiet=quiet):
        summary = making.run()
    if not quiet:
        typer.echo("\n".join(summary.lines()), err=True)
    found = [one for one in library.recordings() if one.id == making.recording.id]
    if found and not quiet:
        typer.echo(_line(found[0]), err=True)
    if not found and not interrupts.count:
        name, source = making.recording.name, making.recording.source
        raise LibraryError(f"no sound came from {source!r}, so there is no recording {name!r}")


@recorder.command()
def analyse(
    names: Annotated[list[str], typer.Argument(help="names of recordings")],
    library: Folder = "",
    graph: Graph = "recorder",
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    quiet: Quiet = False,
) -> None:
    """Find the sounds and words of recordings anew, say with a better model."""
    import_code(imports)
    plan = validate_graph(configured_graph(graph, model, setting))
    with _open(library) as opened, graceful_interrupts() as interrupts:
        for one in [opened.find(name) for name in names]:
            if interrupts.count:
                break
            analysis = Analysis(opened, one, plan)
            interrupts.watch(analysis.runner)
            with progress_shown([analysis.runner], quiet=quiet):
                analysis.run()
            if not quiet:
                typer.echo(_line(opened.find(one.name)), err=True)
    if interrupts.count:
        raise typer.Exit(130)


@recorder.command("list")
def list_recordings(
    library: Folder = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the recordings: name, length, when, state, tags."""
    with _open(library) as opened:
        recordings = opened.recordings()
    for one in recordings:
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(one) | {"audio": str(one.audio)}))
        else:
            typer.echo(_line(one))


@recorder.command()
def search(
    query: Annotated[str, typer.Argument(help='words, "a phrase", beginnin*, or a sound')] = "",
    label: Annotated[str, typer.Option(help="Only near such a sound; alone: such sounds.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many of each.")] = 20,
    library: Folder = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Find where words were said or sounds were heard; exit 1 if nowhere."""
    if not query and not label:
        raise LibraryError("what is searched for? give words, a sound, or --label")
    with _open(library) as opened:
        result = search_library(opened, query, label=label, limit=limit)
    for hit in result.hits:
        typer.echo(json.dumps(dataclasses.asdict(hit)) if as_json else plain_text(_hit_line(hit)))
    hidden = result.words + result.sounds - len(result.hits)
    if hidden > 0 and not as_json:
        typer.echo(f"… and {hidden} more; --limit shows more of them", err=True)
    if not result.hits:
        raise typer.Exit(1)


@recorder.command()
def show(
    name: Name,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File; NAME.html if not given.")
    ] = "",
    library: Folder = "",
    sound: Annotated[PageSound, typer.Option(help="What sound it holds.")] = PageSound.AUTO,
) -> None:
    """Write a recording as one HTML page: its coloured waveform, sounds, words, and a player."""
    with _open(library) as opened:
        recording = opened.find(name)
        text = recording_page(opened, recording, sound)
    path = Path(output or f"{recording.name}.html")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LibraryError(f"{str(path)!r} can't be written: {error.strerror}") from error
    typer.echo(str(path))


@recorder.command()
def rename(name: Name, new_name: Annotated[str, typer.Argument()], library: Folder = "") -> None:
    """Give a recording another name."""
    with _open(library) as opened:
        opened.rename(opened.find(name), new_name)


@recorder.command()
def tag(
    name: Name,
    tags: Annotated[list[str], typer.Argument(help="its tags from now on; none removes all")] = [],  # noqa: B006
    library: Folder = "",
) -> None:
    """Replace the tags of a recording."""
    with _open(library) as opened:
        opened.set_tags(opened.find(name), tags)


@recorder.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="names of recordings")],
    library: Folder = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Delete recordings, their sound too."""
    with _open(library) as opened:
        found = [opened.find(name) for name in names]
        for one in found:
            if yes or typer.confirm(f"delete {_line(one)}?", err=True):
                opened.remove(one)


@recorder.command()
def check(library: Folder = "") -> None:
    """Look for damage: the database, missing, cut-off and unknown sound files; exit 1 if any."""
    with _open(library) as opened:
        findings = check_library(opened)
    for one in findings:
        typer.echo(one)
    if findings:
        raise typer.Exit(1)
    typer.echo("all well")


@recorder.command()
def repair(library: Folder = "") -> None:
    """Make a sound library of a damaged one; the damaged database is kept."""
    done = repair_library(library or default_library())
    if done.damaged is not None:
        typer.echo(f"the former database is kept as {done.damaged}")
    for table, rows in done.rows.items():
        some_lost = ", some are lost" if table in done.lost else ""
        typer.echo(f"{table}: {rows} saved{some_lost}")
    for one in done.found:
        typer.echo(
            f"{one}: only its sound could be saved; flowlace recorder analyse finds the rest anew"
        )


def _line(one: Recording) -> str:
    parts = [one.name, clock_time(one.duration_us), one.started_at]
    if one.state != "complete":
        parts.append(one.state)
    if one.tags:
        parts.append(f"[{', '.join(one.tags)}]")
    if one.notes:
        parts.append(f"({one.notes})")
    return plain_text("  ".join(parts))


def plain_text(text: str) -> str:
    """Returns text a terminal takes for text: words, labels and tags may hold control characters.

    >>> plain_text("a\x1b[31m b")
    'a?[31m b'
    """
    return "".join(one if one.isprintable() else "?" for one in text)


def _hit_line(hit: Hit) -> str:
    if hit.kind == "sound":
        until = clock_time(hit.end_us)
        return (
            f"{hit.recording}  {clock_time(hit.start_us)}–{until}  ♪ {hit.snippet}  {hit.score:.2f}"
        )
    return f"{hit.recording}  {clock_time(hit.start_us)}  {hit.snippet}"


def clock_time(time_us: int) -> str:
    """Returns a time as people write it.

    >>> clock_time(3_723_456_000), clock_time(1_250_000)
    ('1:02:03.5', '0:01.2')
    """
    tenths = (time_us + 49_999) // 100_000
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 10:04.1f}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"
