"""`flowlace-train video`: networks that classify pictures and clips."""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from flowlace_trainers.card import table
from flowlace_trainers.configuration import read_config
from flowlace_trainers.fit import fit as run_fit
from flowlace_trainers.fit import load_best
from flowlace_trainers.provenance import commit
from flowlace_trainers.video.attention_maps import token_maps, write_sheet, write_video
from flowlace_trainers.video.clips import ClipFile, read_clip
from flowlace_trainers.video.config import VideoConfig
from flowlace_trainers.video.networks import grid_of
from flowlace_trainers.video.part_costs import cost_table, part_costs
from flowlace_trainers.video.placement import (
    placement_table,
    placements,
    stream_costs,
    stream_table,
)
from flowlace_trainers.video.sampling import last_window, stacked
from flowlace_trainers.video.scoring import commonest
from flowlace_trainers.video.task import VideoTask, truth_of

app = typer.Typer(help="Classifiers of pictures and clips.", no_args_is_help=True)
console = Console()

Config = Annotated[str, typer.Argument(help="name in flowlace_trainers.configs, or a file")]
Data = Annotated[Path, typer.Option(help="folder for data that can be made again")]
Run = Annotated[Path, typer.Option("--run", help="folder that `fit` wrote")]
DATA = Path("runs/data")
_VIDEOS = (".mp4", ".mov", ".mkv", ".avi")


@app.command()
def fit(
    config: Config,
    out: Annotated[Path, typer.Option(help="folder for checkpoints and the log")],
    data: Data = DATA,
) -> None:
    """Trains a classifier, or goes on with what the folder holds."""
    task = VideoTask(read_config(config, VideoConfig), data)
    console.print(f"{len(task.training)} clips to learn, {len(task.development)} to check")
    console.print(f"best model: {run_fit(task, task.config.fit, out)}")


@app.command()
def evaluate(config: Config, run: Run, data: Data = DATA) -> None:
    """Measures a trained classifier beside baselines.

    With its frames shuffled, a clip keeps all but its motion: what a network still tells, it
    tells from single frames.
    """
    task = VideoTask(read_config(config, VideoConfig), data)
    model, clips = load_best(task, run), task.evaluation
    scores = {
        "commonest class (baseline)": commonest(
            truth_of(task.training), truth_of(clips), len(clips.labels)
        ),
        task.config.name: task.scores(model, clips),
    }
    if task.takes.frames > 1:
        shuffled = task.scores(model, clips, is_shuffled=True)
        scores[f"{task.config.name}, frames shuffled"] = shuffled
    measured = {name: one._asdict() for name, one in scores.items()}
    facts = {"clips": len(clips), "digest": clips.digest, "scores": measured}
    (run / "measured.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    rows = Table("model", "accuracy", "balanced", "log loss")
    for name, one in scores.items():
        rows.add_row(name, *(f"{value:.3f}" for value in one))
    console.print(rows)


@app.command()
def export(
    config: Config,
    run: Run,
    models: Annotated[Path, typer.Option(help="folder for the exported files")],
    data: Data = DATA,
) -> None:
    """Writes the best model as `.tflite` with its ModelSpec; two of them for streams."""
    # Imported here: the converter takes many seconds, and `fit` doesn't need it.
    from flowlace_trainers.video.export import export_classifier

    task = VideoTask(read_config(config, VideoConfig), data)
    facts = {
        "name": task.config.name,
        "labels": list(task.training.labels),
        "licence": task.config.licence,
        "seed": task.config.fit.seed,
        "data_digest": task.training.digest,
        "commit": commit(),
    }
    for spec in export_classifier(load_best(task, run), task.config, task.training, models, facts):
        for one in spec.files.values():
            console.print(f"{models / one.file}  sha256 {one.sha256}")


@app.command()
def maps(
    config: Config,
    file: Annotated[Path, typer.Argument(help="a picture or a video")],
    out: Annotated[Path, typer.Option(help="a picture (.png) or a video (.mp4)")],
    run: Annotated[
        Path | None, typer.Option("--run", help="folder that `fit` wrote; none: untrained")
    ] = None,
    data: Data = DATA,
) -> None:
    """Shows which places each learned token looks at, in a picture or over the time of a clip.

    Of a clip, the window that ends with it is shown.
    """
    task = VideoTask(read_config(config, VideoConfig), data)
    takes, network = task.takes, task.config.network
    model = task.make_model().eval() if run is None else load_best(task, run)
    clip = read_clip(ClipFile(file, ""), width_px=takes.width_px, height_px=takes.height_px)
    frames = last_window(clip, takes, task.config.period_us).frames
    shown = token_maps(
        model, torch.from_numpy(stacked(frames))[None], grid_of(network), takes.steps
    )
    pictures = list(frames[takes.frames_a_step - 1 :: takes.frames_a_step])
    step_us = task.config.period_us * takes.frames_a_step
    times_us = [step * step_us for step in range(takes.steps)]
    write = write_video if out.suffix.lower() in _VIDEOS else write_sheet
    write(out, pictures, shown, times_us)
    console.print(f"{shown.shape[1]} tokens of {len(pictures)} steps: {out}")


@app.command()
def macs(
    config: Annotated[
        str | None, typer.Argument(help="name in flowlace_trainers.configs, or a file")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="learned from each picture or step")] = 8,
) -> None:
    """Prints what a network costs in multiply-adds, counted exactly, attention included.

    Without a configuration, prints what TokenLearner saves by where it stands, and what a live
    stream costs; ratios are to the same network without TokenLearner.
    """
    if config is not None:
        network = read_config(config, VideoConfig).network
        typer.echo(table(*cost_table(part_costs(network))))
        return
    typer.echo(table(*placement_table(list(placements(tokens)))))
    typer.echo()
    typer.echo(table(*stream_table(stream_costs(tokens))))
