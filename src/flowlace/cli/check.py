"""`flowlace check`: everything that is wrong with a graph, before it runs."""

from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.framework.validation import check_graph
from flowlace.runner.import_code import import_code
from flowlace.runner.node_settings import configured_graph


def check(
    graphs: Annotated[list[str], typer.Argument(help="names of packaged graphs, or files")],
    imports: Imports = [],  # noqa: B006 - typer copies it
) -> None:
    """Check graphs with the validator that `run` uses; every problem with its place.

    Options of unknown types are warnings here, because a graph may be checked without the
    package that brings them; everything else is an error.
    """
    import_code(imports)
    error_count = 0
    for name in graphs:
        problems = check_graph(configured_graph(name, [], []))
        for problem in problems:
            mark = "error: " if problem.severity == "error" else ""  # a warning says so itself
            typer.echo(f"{mark}{problem}")
        errors = sum(problem.severity == "error" for problem in problems)
        error_count += errors
        if not errors:
            typer.echo(f"{name}: fine")
    if error_count:
        typer.echo(f"{error_count} error{'s' if error_count > 1 else ''}", err=True)
        raise typer.Exit(2)
