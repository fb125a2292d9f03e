"""`flowlace nowcast`: verify nowcasts on an archive of one's own."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from flowlace.formats.radar_grid import Extent
from flowlace.nowcast_verification.archive import Archive
from flowlace.nowcast_verification.as_json import as_json
from flowlace.nowcast_verification.report import report_page
from flowlace.nowcast_verification.results import verification_of
from flowlace.nowcast_verification.score_table import score_table
from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcast_verification.time_split import TimeSplit
from flowlace.nowcast_verification.verify import verify_archive
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.methods import find_method
from flowlace.runner.errors import RunnerError
from flowlace.runner.interrupt import graceful_interrupts

nowcast = typer.Typer(
    name="nowcast", help="Nowcasts of rain: how good they are.", no_args_is_help=True
)


@nowcast.callback()
def _group() -> None:
    """Keeps `verify` a verb of its own while it is the only one."""


@nowcast.command()
def verify(
    archive: Annotated[
        str, typer.Argument(help="folder, file or glob; '?quantity=dbz' and the like as for radar:")
    ],
    method: Annotated[
        list[str], typer.Option("--method", "-m", help="Name; all that work here if not given.")
    ] = [],  # noqa: B006 - typer copies it
    leads: Annotated[
        str, typer.Option(help="Minutes, 10,20,30; about every ten up to 60 if not given.")
    ] = "",
    thresholds: Annotated[str, typer.Option(help="mm/h, rising.")] = "0.2,1,2,5",
    scales: Annotated[str, typer.Option(help="Of the FSS, km, rising.")] = "1,4,16,64",
    every: Annotated[float, typer.Option(help="Minutes from one start time to the next.")] = 15,
    history: Annotated[float, typer.Option(help="Minutes a nowcast may look back.")] = 30,
    margin: Annotated[
        float, typer.Option(help="Km of the edges of what is seen that are not scored.")
    ] = 0,
    crop: Annotated[
        str, typer.Option(help="x_min,y_min,x_max,y_max in the units of the projection.")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="UTC, as 2024-06-01 or …T12:30.")] = "",
    until: Annotated[str, typer.Option("--to", help="UTC; that moment included.")] = "",
    split: Annotated[
        str, typer.Option(help="3w/1w: pick cut-offs, score, in turn; also 6h/2h; none; auto.")
    ] = "auto",
    resamples: Annotated[int, typer.Option(help="Of the bootstrap; 0 for no intervals.")] = 1000,
    block: Annotated[float, typer.Option(help="Minutes of its blocks; 0 picks them.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    json_file: Annotated[str, typer.Option("--json", help="Write all scores; - is stdout.")] = "",
    report: Annotated[str, typer.Option(help="Write one HTML page with plots.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Make every nowcast of an archive's past and score it against what came.

    Ctrl-C ends early: what was scored until then is shown and written.
    """
    with _mistakes_of_the_command_line():
        settings = VerificationSettings(
            methods=tuple(method),
            leads_minutes=_numbers("--leads", leads),
            thresholds_mm_h=_numbers("--thresholds", thresholds),
            scales_km=_numbers("--scales", scales),
            every_minutes=every,
            history_minutes=history,
            margin_km=margin,
            split=TimeSplit.parsed(split),
            resamples=resamples,
            block_minutes=block,
            seed=seed,
        )
        for name in method:
            find_method(name)
        extent = _extent(crop)
        times_us = _time_us("--from", since), _time_us("--to", until)
    for path in (json_file, report):
        _check_writable(path)
    opened = Archive(archive, extent, *times_us)
    with graceful_interrupts() as interrupts, _progress(quiet=quiet) as tell:
        interrupts.watch(_EndAtOnce())
        try:
            collected, facts = verify_archive(
                opened, settings, is_stopped=lambda: interrupts.count > 0, tell=tell
            )
        except NowcastError:
            if not interrupts.count:
                raise
            typer.echo("interrupted before anything was scored", err=True)
            raise typer.Exit(130) from None
    result = verification_of(collected, facts, settings)
    if json_file == "-":
        typer.echo(json.dumps(as_json(result), allow_nan=False))
    elif not quiet:
        typer.echo(score_table(result))
    if json_file not in ("", "-"):
        _write(json_file, json.dumps(as_json(result), allow_nan=False, indent=1))
    if report:
        _write(report, report_page(result, shlex.join(["flowlace", *sys.argv[1:]])))
    if interrupts.count:
        raise typer.Exit(130)


@contextmanager
def _mistakes_of_the_command_line() -> Iterator[None]:
    try:
        yield
    except NowcastError as error:
        raise RunnerError(str(error)) from error


class _EndAtOnce:
    """The first Ctrl-C ends after the start time at work, the second one at once."""

    def stop(self) -> None:
        """Leaves it to `is_stopped`."""

    def cancel(self) -> None:
        """Files are written whole or not at all, so nothing is left half done."""
        os._exit(130)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[float, int], None]]:
    """Gives what shows the share that is done and the start times so far, on a terminal."""
    console = Console(file=sys.stderr)
    if quiet or not console.is_terminal:
        yield lambda *_: None
        return
    columns = (
        TextColumn("verifying"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %, {task.fields[starts]} start times"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=1.0, starts=0)
        yield lambda share, starts: progress.update(task, completed=share, starts=starts)


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in text.split(",")) if text else ()
    except ValueError:
        raise NowcastError(f"{name} {text!r} must be numbers with commas, as 1,2,5") from None


def _extent(text: str) -> Extent | None:
    if not text:
        return None
    numbers = _numbers("--crop", text)
    if len(numbers) != 4 or numbers[0] >= numbers[2] or numbers[1] >= numbers[3]:
        raise NowcastError(
            f"--crop {text!r} must be x_min,y_min,x_max,y_max, with x_min < x_max and y_min < y_max"
        )
    return Extent(*numbers)


def _time_us(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise NowcastError(f"{name} {text!r} must be a time as 2024-06-01T12:30, UTC") from None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1e6)


def _check_writable(name: str) -> None:
    """A run may take hours; that there is no such folder had better be known before."""
    if name in ("", "-"):
        return
    path = Path(name)
    if path.is_dir():
        raise RunnerError(f"{name!r} can't be written: it is a folder; name a file")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise RunnerError(f"{name!r} can't be written: no folder {str(path.parent)!r} to write to")


def _write(name: str, text: str) -> None:
    """Writes the whole file or none."""
    path = Path(name)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise NowcastError(f"{name!r} can't be written: {error.strerror}") from error
