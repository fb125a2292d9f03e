"""`--model` and `--set`: options of a graph's nodes, for every verb that runs a graph."""

from typing import Annotated

import typer

Models = Annotated[
    list[str], typer.Option("--model", "-m", help="MODEL or NODE=MODEL: a name or a .tflite file")
]
Settings = Annotated[
    list[str],
    typer.Option("--set", help="NODE.FIELD=VALUE of a node, FIELD=VALUE of the graph itself"),
]
