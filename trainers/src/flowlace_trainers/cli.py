"""`flowlace-train`: trains, measures and exports the models that flowlace runs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flowlace_trainers.card import card
from flowlace_trainers.cli_options import DATA, Config, Data, Models, Out, Run
from flowlace_trainers.configuration import read_config
from flowlace_trainers.detector.distillation import COCO_LABELS, DistillOptions, distilled
from flowlace_trainers.detector.network import Detector
from flowlace_trainers.detector.task import DetectorConfig, DetectorTask
from flowlace_trainers.detector.teacher import SsdTeacher
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.fit import fit as run_fit
from flowlace_trainers.fit import load_best
from flowlace_trainers.nowcast.cli import app as nowcast_app
from flowlace_trainers.provenance import commit
from flowlace_trainers.sound.cli import app as sound_app
from flowlace_trainers.tags.cli import app as tags_app
from flowlace_trainers.video.cli import app as video_app

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
detector_app = typer.Typer(help="Object detectors.", no_args_is_help=True)
app.add_typer(detector_app, name="detector")
app.add_typer(nowcast_app, name="nowcast")
app.add_typer(sound_app, name="sound")
app.add_typer(tags_app, name="tags")
app.add_typer(video_app, name="video")
console = Console()


def main() -> None:
    """Runs the command line; a mistake of the user is one line, not a traceback."""
    try:
        app()
    except TrainerError as error:
        typer.echo(f"flowlace-train: {error}", err=True)
        sys.exit(1)


@detector_app.command()
def fit(
    config: Config,
    out: Out,
    data: Data = DATA,
) -> None:
    """Trains a detector, or goes on with what the folder holds."""
    task = DetectorTask(read_config(config, DetectorConfig), data)
    console.print(f"{len(task.training)} pictures to learn, {len(task.development)} to check")
    console.print(f"best model: {run_fit(task, task.config.fit, out)}")


@detector_app.command()
def export(config: Config, run: Run, models: Models, data: Data = DATA) -> None:
    """Writes the best model as float32 and int8 `.tflite` with its ModelSpec."""
    # Imported here: the converter takes many seconds, and `fit` doesn't need it.
    from flowlace_trainers.detector.export import export_detector

    task = DetectorTask(read_config(config, DetectorConfig), data)
    facts = {
        "name": task.config.name,
        "labels": list(task.training.labels),
        "licence": task.config.licence,
        "limits": task.config.card.limits,
        "seed": task.config.fit.seed,
        "data_digest": task.training.digest,
        "commit": commit(),
    }
    spec = export_detector(_trained(task, run), task.config, task.training, models, facts)
    for one in spec.files.values():
        console.print(f"{models / one.file}  sha256 {one.sha256}")


@detector_app.command()
def evaluate(
    config: Config,
    run: Run,
    models: Models,
    data: Data = DATA,
    baseline: Annotated[Path | None, typer.Option(help="an SSD .tflite to compare with")] = None,
    baseline_labels: Annotated[Path | None, typer.Option(help="its labels, one a line")] = None,
) -> None:
    """Measures trained and exported models beside baselines, and writes the card."""
    from flowlace_trainers.detector.measuring import measure, score_table

    task = DetectorTask(read_config(config, DetectorConfig), data)
    teacher = SsdTeacher(baseline, baseline_labels) if baseline and baseline_labels else None
    options = DistillOptions(
        labels=task.evaluation.labels, names=COCO_LABELS, least_score=0.0, least_doubt=0.0
    )
    measured = measure(task, _trained(task, run), models, teacher=teacher, teacher_options=options)
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    (models / "card.md").write_text(card(task.config.card, measured), encoding="utf-8")
    console.print(score_table(measured["scores"]))


@detector_app.command()
def distil(
    config: Config,
    videos: Annotated[list[Path], typer.Argument(help="videos without labels")],
    teacher: Annotated[Path, typer.Option(help="an SSD .tflite with decoding inside")],
    teacher_labels: Annotated[Path, typer.Option(help="its labels, one a line")],
    out: Out,
    every: Annotated[int, typer.Option(help="takes one frame in so many")] = 5,
) -> None:
    """Trains a detector to see in videos what a teacher sees.

    The last tenth of every video is kept to choose the checkpoint; agreement with the teacher
    is what is measured there, not truth.
    """
    base = read_config(config, DetectorConfig)
    wise = SsdTeacher(teacher, teacher_labels)
    labels = tuple(dict.fromkeys(COCO_LABELS.values()))
    options = DistillOptions(labels=labels, names=COCO_LABELS, every=every)
    task = DetectorTask(distilled(base, videos, wise, options), DATA)
    console.print(f"{len(task.training)} pictures to learn, {len(task.development)} to check")
    console.print(f"best model: {run_fit(task, task.config.fit, out)}")


def _trained(task: DetectorTask, run: Path) -> Detector:
    model = load_best(task, run)
    assert isinstance(model, Detector)
    return model
