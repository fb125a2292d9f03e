"""`flowlace classify`: what sound files hold."""

import json
import sys
from typing import Annotated, Any

import typer

from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.runner.import_code import import_code
from flowlace.runner.node_settings import configured_graph

_GRAPH = "sound_classification"
_FILE, _CLASSES = "input_file_path", "clip_classes"
_WORTH_TELLING = {
    "cut_off": "the file breaks off",
    "corrupt": "damaged packets were left out",
    "format_changes": "packets of another rate or number of channels were left out",
    "non_finite_samples": "samples were no numbers and became silence",
}


def classify(
    files: Annotated[list[str], typer.Argument(help="sound files, or films with sound")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    top: Annotated[int, typer.Option(min=0, help="Most classes a file; 0 for all.")] = 3,
    model: Models = [],  # noqa: B006 - typer copies it
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
) -> None:
    """Say what sound files hold: classes with scores, for files of any length.

    A file that can't be read is reported and the others are classified all the same; the exit code
    is 1 then.
    """
    import_code(imports)
    plan = validate_graph(configured_graph(_GRAPH, model, setting))
    has_failed = False
    for file in files:
        try:
            best = _classes(plan, file)[: top or None]
        except FlowlaceError as error:
            has_failed = True
            print(f"error: {file}: {_reason(error)}", file=sys.stderr)  # noqa: T201
            continue
        typer.echo(_as_json(file, best) if as_json else _as_text(file, best))
    if has_failed:
        raise typer.Exit(1)


def _classes(plan: GraphPlan, file: str) -> tuple[Classification, ...]:
    graph = CalculatorGraph(plan)
    found: list[ClassificationList] = []
    graph.observe_output_stream(_CLASSES, lambda packet: found.append(packet.payload))
    graph.start_run({_FILE: file})
    graph.wait_until_done()
    for name, count in graph.counters().items():
        what = _WORTH_TELLING.get(name.rpartition(".")[2])
        if what is not None:
            print(f"warning: {file}: {what} ({count})", file=sys.stderr)  # noqa: T201
    if not found:
        raise FlowlaceError("there is no sound in it")
    return found[0].classification


def _reason(error: FlowlaceError) -> str:
    """Returns what went wrong, without the names of a graph nobody has asked for."""
    cause: Any = error.__cause__
    return str(cause or error).splitlines()[0].removeprefix("node 'decoder': ")


def _as_json(file: str, best: tuple[Classification, ...]) -> str:
    classes = [{"label": one.label, "score": round(one.score or 0.0, 4)} for one in best]
    name = file.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text
    return json.dumps({"file": name, "classes": classes}, ensure_ascii=False)


def _as_text(file: str, best: tuple[Classification, ...]) -> str:
    width = max((len(one.label or "") for one in best), default=0)
    rows = [f"  {one.label:<{width}}  {one.score:.3f}" for one in best]
    return "\n".join([file, *rows])
