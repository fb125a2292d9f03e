"""`--tolerance` and what goes with it, for every verb that compares."""

from typing import Annotated

import typer

from flowlace.comparison.tolerances import StreamTolerances, Tolerances, parse_stream_tolerances

Allowed = Annotated[
    list[str],
    typer.Option(
        "--tolerance",
        "-t",
        help="[STREAM:]NAME=NUMBER: box=0.9 (IoU), score=0.01, time=50ms, number=1e-5, "
        "relative=1%, outliers=0.1%, image=40dB, sound=60dB, words=10%, or a field's name",
    ),
]
Ignored = Annotated[
    list[str], typer.Option("--ignore", help="Field that is not looked at, by name or path")
]
Keys = Annotated[
    list[str], typer.Option("--key", help="Field by which rows of one time are paired")
]
RenamedIds = Annotated[
    bool, typer.Option("--rename-ids", help="Ids may be others, if consistently so.")
]


def tolerances_from(
    allowed: list[str], ignored: list[str], keys: list[str], are_ids_renamed: bool
) -> StreamTolerances:
    """Returns what the options say; ComparisonError for what can't be read."""
    base = Tolerances(ignore=frozenset(ignored), keys=tuple(keys), are_ids_renamed=are_ids_renamed)
    return parse_stream_tolerances(allowed, base)
