"""`flowlace-train tags`: part-of-speech tagger and prior table, on a CPU in minutes.

Where torch is not installed: `python -m flowlace_trainers.tags.cli`.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flowlace_trainers.cli_options import Run
from flowlace_trainers.tags.corpus import DEVELOPMENT, TRAINING
from flowlace_trainers.tags.task import TagsConfig, evaluate_models, export_models, fit_models

app = typer.Typer(help="Tags of recordings.", no_args_is_help=True)
console = Console()

Data = Annotated[Path, typer.Option(help=f"folder with {TRAINING} and {DEVELOPMENT}")]
Models = Annotated[Path, typer.Option(help="folder of the models: part_of_speech/, tag_prior/")]
Seed = Annotated[int, typer.Option(help="of the order of sentences and of the trees")]


@app.command()
def fit(
    data: Data,
    out: Annotated[Path, typer.Option(help="folder for what is learned")],
    seed: Seed = 1,
    rounds: Annotated[int, typer.Option(help="how often the tagger sees all sentences")] = 6,
) -> None:
    """Trains the tagger, then the table on what the tagger says."""
    fit_models(data, out, TagsConfig.seeded(seed, rounds=rounds), console.print)
    console.print(f"learned: {out}")


@app.command()
def export(run: Run, models: Models) -> None:
    """Copies tagger and table to the models, each with its facts."""
    for path in export_models(run, models):
        console.print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


@app.command()
def evaluate(data: Data, run: Run, models: Models) -> None:
    """Measures the exported models on the development sentences, and writes their cards."""
    measured = evaluate_models(data, run, models)
    console.print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    app()
