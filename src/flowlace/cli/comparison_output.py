"""How a comparison is shown on a terminal, and to programs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.picture import write_difference_picture
from flowlace.comparison.report import as_json, report
from flowlace.comparison.streams import Comparison
from flowlace.framework.errors import FlowlaceError

PLAIN_WIDTH = 120
"""Characters of a line where the output is no terminal."""


def show_comparison(comparison: Comparison, *, is_json: bool = False) -> None:
    """Writes a comparison to the standard output, in colour where that is a terminal."""
    if is_json:
        typer.echo(json.dumps(as_json(comparison), allow_nan=False, ensure_ascii=False, indent=1))
        return
    console = Console(file=sys.stdout, highlight=False)
    width = console.width if console.is_terminal else PLAIN_WIDTH
    text = report(comparison, width)
    if console.is_terminal:
        console.print(text, soft_wrap=True)
    else:
        typer.echo(text.plain)


def write_picture(comparison: Comparison, path: str | Path) -> bool:
    """Writes the first difference that is a picture and says so; tells whether there was one."""
    if not write_difference_picture(comparison, path):
        return False
    typer.echo(f"{path}: expected, actual and what differs", err=True)
    return True


@contextmanager
def trouble_told() -> Iterator[None]:
    """Makes every error one that ends with 2, because 1 says that results differ."""
    try:
        yield
    except ComparisonError:
        raise
    except FlowlaceError as error:
        raise ComparisonError(str(error)) from error
