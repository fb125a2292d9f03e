"""`flowlace-train video`: networks that classify pictures and clips."""

from typing import Annotated

import typer

from flowlace_trainers.card import table
from flowlace_trainers.video.placement import (
    placement_table,
    placements,
    stream_costs,
    stream_table,
)

app = typer.Typer(help="Classifiers of pictures and clips.", no_args_is_help=True)


@app.callback()
def _video() -> None:
    """Classifiers of pictures and clips."""


@app.command()
def macs(
    tokens: Annotated[int, typer.Option(min=1, help="learned from each picture or step")] = 8,
) -> None:
    """Prints what TokenLearner saves by where it stands, and what a live stream costs.

    Multiply-adds are counted exactly, attention included; ratios are to the same network without
    TokenLearner.
    """
    typer.echo(table(*placement_table(list(placements(tokens)))))
    typer.echo()
    typer.echo(table(*stream_table(stream_costs(tokens))))
