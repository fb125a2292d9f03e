"""`flowlace-train nowcast`: trains, measures and exports the U-Net for nowcasting."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flowlace_trainers.cli_options import DATA, Config, Data, Models, Out, Run
from flowlace_trainers.configuration import read_config
from flowlace_trainers.fit import fit as run_fit
from flowlace_trainers.fit import load_best
from flowlace_trainers.nowcast.events import digest
from flowlace_trainers.nowcast.network import RainUnet
from flowlace_trainers.nowcast.task import RainUnetConfig, RainUnetTask
from flowlace_trainers.provenance import commit

app = typer.Typer(help="U-Nets for nowcasting.", no_args_is_help=True)
console = Console()

Radar = Annotated[Path, typer.Option(help="folder of radar data")]


@app.command()
def fit(
    config: Config,
    radar: Radar,
    out: Out,
    data: Data = DATA,
) -> None:
    """Trains a U-Net, or goes on with what the folder holds."""
    task = _task(config, radar, data)
    learnt, checked = (sum(map(len, one)) for one in (task.training, task.development))
    console.print(f"{learnt} starts to learn from, {checked} to check")
    console.print(f"best model: {run_fit(task, task.config.fit, out)}")


@app.command()
def export(config: Config, radar: Radar, run: Run, models: Models, data: Data = DATA) -> None:
    """Writes the best model as float32 and int8 `.tflite` with its ModelSpec."""
    # Imported here: the converter takes many seconds, and `fit` doesn't need it.
    from flowlace_trainers.nowcast.export import export_unet

    task = _task(config, radar, data)
    facts = {
        "name": task.config.name,
        "licence": task.config.licence,
        "limits": task.config.card.limits,
        "seed": task.config.fit.seed,
        "data_digest": digest(task.training_events),
        "commit": commit(),
    }
    spec = export_unet(_trained(task, run), task.config, task.training, models, facts)
    for one in spec.files.values():
        console.print(f"{models / one.file}  sha256 {one.sha256}")


@app.command()
def evaluate(config: Config, radar: Radar, run: Run, models: Models, data: Data = DATA) -> None:
    """Measures the exported models as nowcasts beside the baselines, and writes the card."""
    from flowlace_trainers.nowcast.measuring import measure
    from flowlace_trainers.nowcast.nowcast_card import nowcast_card

    task = _task(config, radar, data)
    measured = measure(task, _trained(task, run), models)
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    card = nowcast_card(task.config.card, measured)
    (models / "card.md").write_text(card, encoding="utf-8")
    console.print(card)


def _task(config: str, radar: Path, data: Path) -> RainUnetTask:
    return RainUnetTask(read_config(config, RainUnetConfig), radar, data)


def _trained(task: RainUnetTask, run: Path) -> RainUnet:
    model = load_best(task, run)
    assert isinstance(model, RainUnet)
    return model
