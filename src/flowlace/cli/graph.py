"""`flowlace graph`: a picture of a graph, made offline."""

from pathlib import Path
from typing import Annotated

import typer

from flowlace.cli.imports import Imports
from flowlace.framework.validation import validate_graph
from flowlace.observe.graph_picture import draw_graph
from flowlace.observe.mermaid import to_mermaid
from flowlace.observe.svg import to_svg
from flowlace.runner.errors import RunnerError
from flowlace.runner.import_code import import_code
from flowlace.runner.node_settings import configured_graph

_FORMATS = {".svg": lambda plan: to_svg(draw_graph(plan)), ".mmd": to_mermaid, ".md": to_mermaid}


def graph(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, or a file")],
    out: Annotated[str, typer.Option("--out", "-o", help="picture.svg or picture.mmd")] = "",
    imports: Imports = [],  # noqa: B006 - typer copies it
) -> None:
    """Draw a graph with its subgraphs expanded: SVG or Mermaid; Mermaid to the terminal."""
    import_code(imports)
    plan = validate_graph(configured_graph(graph, [], []))
    if not out:
        typer.echo(to_mermaid(plan), nl=False)
        return
    write = _FORMATS.get(Path(out).suffix)
    if write is None:
        raise RunnerError(f"picture {out!r} is of no known kind; known: {', '.join(_FORMATS)}")
    Path(out).write_text(write(plan))
