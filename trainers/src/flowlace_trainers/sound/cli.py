"""`flowlace-train sound`: trains, measures and exports sound classifiers."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from flowlace_trainers.cli_options import DATA, Config, Data, Models, Out, Run
from flowlace_trainers.configuration import read_config
from flowlace_trainers.fit import fit as run_fit
from flowlace_trainers.fit import load_best
from flowlace_trainers.provenance import commit
from flowlace_trainers.sound.calibration import CalibratedClass, calibrated
from flowlace_trainers.sound.clips import digest
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.data import SoundData
from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.network import SoundHead, SoundNetwork
from flowlace_trainers.sound.task import ALL_FOLDS, SoundTask, head_logits

app = typer.Typer(help="Sound classifiers.", no_args_is_help=True)
console = Console()

Clips = Annotated[Path, typer.Option(help="folder with labels.csv (file,label,fold,licence)")]
Teacher = Annotated[Path, typer.Option(help="YAMNet's .tflite: flowlace models fetch yamnet")]
PRECISION = 0.95
"""Of windows of mixed sounds at or above a class's threshold, wanted share that holds it."""


@app.command()
def fit(
    config: Config,
    clips: Clips,
    teacher: Teacher,
    out: Out,
    data: Data = DATA,
    only: Annotated[str | None, typer.Option(help="leave out just this fold; `all`: none")] = None,
) -> None:
    """Trains one classifier without each fold, and one on all folds; goes on where it stopped."""
    every = _data(config, clips, teacher, data)
    names = [*every.folds, ALL_FOLDS] if only is None else [ALL_FOLDS if only == "all" else only]
    for fold in names:
        task = SoundTask(every, fold)
        folder = _folder(out, fold)
        console.print(f"{folder.name}: {len(task.training)} clips to learn from")
        run_fit(task, task.config.fit, folder)


@app.command()
def export(
    config: Config, clips: Clips, teacher: Teacher, run: Run, models: Models, data: Data = DATA
) -> None:
    """Writes the classifier of all folds with its ModelSpec, and each fold's into the run."""
    # Imported here: the converter takes many seconds, and `fit` doesn't need it.
    from flowlace_trainers.sound.export import export_files, write_spec

    every = _data(config, clips, teacher, data)
    logits = _logits(every, run)
    for fold in (*every.folds, ALL_FOLDS):
        task = SoundTask(every, fold)
        target = models if fold == ALL_FOLDS else _folder(run, fold)
        facts = {
            "name": task.config.name,
            "labels": list(task.config.labels),
            "licence": task.config.licence,
            "limits": task.config.card.limits,
            "left_out": fold,
            "seed": task.config.fit.seed,
            "data_digest": digest(task.training),
            "commit": commit(),
        }
        network = SoundNetwork(every.trunk, _head(task, run)).eval()
        files = export_files(network, task.config, task.training, target, facts)
        write_spec(task.config, files, _classes(every, logits, fold), target)
        for one in files.values():
            console.print(f"{target / one.file.file}  sha256 {one.file.sha256}")


@app.command()
def evaluate(
    config: Config, clips: Clips, teacher: Teacher, run: Run, models: Models, data: Data = DATA
) -> None:
    """Measures every fold with the files that learnt without it, and writes the card."""
    from flowlace_trainers.sound.measuring import facts, measure_folds
    from flowlace_trainers.sound.sound_card import sound_card

    every = _data(config, clips, teacher, data)
    scores = measure_folds(every, {fold: _folder(run, fold) for fold in every.folds})
    classes = _classes(every, _logits(every, run), ALL_FOLDS)
    network = SoundNetwork(every.trunk, _head(SoundTask(every), run))
    parameters = sum(one.numel() for one in network.parameters())
    measured = facts(every, scores, models, classes, parameters)
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    (models / "card.md").write_text(sound_card(every.config.card, measured), encoding="utf-8")
    console.print(_score_table(scores))


def _data(config: str, clips: Path, teacher: Path, data: Path) -> SoundData:
    return SoundData(read_config(config, SoundConfig), clips, teacher, data)


def _folder(run: Path, fold: str) -> Path:
    return run / (f"without_{fold}" if fold else "all")


def _head(task: SoundTask, run: Path) -> SoundHead:
    head = load_best(task, _folder(run, task.left_out))
    assert isinstance(head, SoundHead)
    return head


def _logits(every: SoundData, run: Path) -> Floats:
    """Returns the logits of all windows, each fold's by what learnt without it."""
    pool = every.pool
    logits = np.zeros_like(pool.truth)
    for fold in every.folds:
        places = pool.of_folds(fold.__eq__)
        head = _head(SoundTask(every, fold), run)
        logits[places] = head_logits(head, torch.from_numpy(pool.features[places]))
    return logits


def _classes(every: SoundData, logits: Floats, left_out: str) -> list[CalibratedClass]:
    """Returns how scores are read, without a look at the fold that is left out."""
    pool, labels = every.pool, every.config.labels
    places = pool.of_folds(lambda fold: fold != left_out)
    truth, weight = pool.truth[places], pool.weight[places]
    return calibrated(logits[places], truth, weight, labels, precision=PRECISION)


def _score_table(scores: dict[str, Any]) -> Table:
    table = Table("model", "accuracy", "balanced", "by fold")
    for name, one in scores.items():
        folds = "  ".join(f"{value:.3f}" for value in one["by fold"].values())
        table.add_row(name, f"{one['accuracy']:.3f}", f"{one['balanced']:.3f}", folds)
    return table
