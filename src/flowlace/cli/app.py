"""Puts the verbs together and turns errors into messages and exit codes.

0 all well, 1 the run failed, 2 the command line or the graph is wrong, 130 interrupted.
"""

import importlib.metadata
import logging
import sys

import typer
from threadpoolctl import threadpool_limits

from flowlace.cli.bench import bench
from flowlace.cli.bundle import bundle
from flowlace.cli.check import check
from flowlace.cli.classify import classify
from flowlace.cli.diff import diff
from flowlace.cli.doctor import doctor
from flowlace.cli.golden import golden
from flowlace.cli.graph import graph
from flowlace.cli.models import models
from flowlace.cli.nodes import nodes
from flowlace.cli.nowcast import nowcast
from flowlace.cli.record import record
from flowlace.cli.recorder import recorder
from flowlace.cli.replay import replay
from flowlace.cli.run import run
from flowlace.comparison.errors import ComparisonError
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.runner.errors import RunnerError

app = typer.Typer(
    name="flowlace",
    help="Calculator graphs for live video, audio and radar.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_VERBS = (run, classify, record, replay, check, graph, nodes, bench, bundle, diff, doctor)
for verb in _VERBS:
    app.command()(verb)
app.add_typer(models)
app.add_typer(recorder)
app.add_typer(nowcast)
app.add_typer(golden)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(importlib.metadata.version("flowlace"))
        raise typer.Exit


@app.callback()
def _options(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Also tell what goes well."),
    version: bool = typer.Option(  # noqa: ARG001 - its callback has shown it
        False, "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
    ),
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(message)s"
    )
    # Nodes run side by side already. Their matrices are small: BLAS would spend more time on waking
    # threads than on numbers, and its results would depend on how many there are.
    threadpool_limits(1, user_api="blas")


def main() -> None:
    """Runs the command line; expected errors end it with one message and no traceback."""
    try:
        app()
    except (GraphConfigError, RunnerError, ComparisonError) as error:
        _end(error, 2)
    except FlowlaceError as error:
        _end(error, 1)
    except BrokenPipeError:
        # The reader of our output has left, as `head` does; nothing more to say to it.
        sys.stderr.close()
        sys.exit(1)


def _end(error: FlowlaceError, code: int) -> None:
    for line in str(error).splitlines() or [type(error).__name__]:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201 - this is where messages go
    sys.exit(code)
