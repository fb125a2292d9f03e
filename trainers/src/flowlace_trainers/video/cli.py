"""`flowlace-train video`: networks that classify pictures and clips."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from flowlace_trainers.card import table
from flowlace_trainers.cli_options import DATA, Config, Data, Models, Out, Run
from flowlace_trainers.configuration import read_config
from flowlace_trainers.fit import fit as run_fit
from flowlace_trainers.fit import load_best
from flowlace_trainers.provenance import commit
from flowlace_trainers.video.attention_maps import token_maps, write_sheet, write_video
from flowlace_trainers.video.clips import ClipFile, read_clip
from flowlace_trainers.video.config import Folders, VideoConfig
from flowlace_trainers.video.networks import grid_of
from flowlace_trainers.video.part_costs import cost_table, part_costs
from flowlace_trainers.video.placement import (
    placement_table,
    placements,
    stream_costs,
    stream_table,
)
from flowlace_trainers.video.sampling import last_window, stacked
from flowlace_trainers.video.task import VideoTask
from flowlace_trainers.video.trained_facts import trained_facts
from flowlace_trainers.video.tuning import tuned_config
from flowlace_trainers.video.video_card import video_card
from flowlace_trainers.video.weights import write_weights

app = typer.Typer(help="Classifiers of pictures and clips.", no_args_is_help=True)
console = Console()

Clips = Annotated[Path | None, typer.Option(help="folder of recorded clips, for what needs them")]
Exported = Annotated[Path | None, typer.Option(help="folder of the exported files")]
Seed = Annotated[int | None, typer.Option(help="of everything random; none: the configuration's")]
_VIDEOS = (".mp4", ".mov", ".mkv", ".avi")


@app.command()
def fit(
    config: Config,
    out: Out,
    clips: Clips = None,
    data: Data = DATA,
    seed: Seed = None,
    begin_with: Annotated[
        Path | None, typer.Option(help="folder of a run, or file of weights; all that fit")
    ] = None,
) -> None:
    """Trains a classifier, or goes on with what the folder holds."""
    task = _task(config, clips, data, seed, begin_with)
    console.print(f"{len(task.training)} clips to learn, {len(task.development)} to check")
    console.print(f"best model: {run_fit(task, task.config.fit, out)}")


@app.command()
def evaluate(
    config: Config,
    run: Run,
    models: Exported = None,
    clips: Clips = None,
    data: Data = DATA,
    beside: Annotated[
        list[Path], typer.Option(help="more runs that were evaluated, for the card to compare")
    ] = [],  # noqa: B006
    views: Annotated[
        int, typer.Option(min=1, help="windows of each clip to average over, beside the last one")
    ] = 1,
    seed: Seed = None,
) -> None:
    """Measures a trained classifier beside baselines; with its files, writes the card too.

    With its frames in random order, a clip keeps all but its motion: what a network still tells,
    it tells from single frames.
    """
    task = _task(config, clips, data, seed)
    model = load_best(task, run)
    if models is None:
        measured = trained_facts(task, model, views)
    else:
        measured = _of_files(task, model, models, views)
    _tell(task, measured, run, models, beside)


@app.command()
def export(
    config: Config,
    run: Run,
    models: Models,
    clips: Clips = None,
    data: Data = DATA,
    weights: Annotated[
        Path | None, typer.Option(help="also write weights that `tune` can begin with")
    ] = None,
) -> None:
    """Writes the best model as `.tflite` with its ModelSpec; two of them for streams."""
    task = _task(config, clips, data)
    model = load_best(task, run)
    _export(task, model, models)
    if weights is not None:
        write_weights(model, weights)
        console.print(str(weights))


@app.command()
def tune(
    clips: Annotated[Path, typer.Argument(help="folder of class/clip.mp4, or of train and dev")],
    out: Out,
    models: Annotated[Path, typer.Option(help="folder for the exported files and the card")],
    base: Annotated[
        str, typer.Option(help="configuration whose network and weights it begins with")
    ] = "motions",
    name: Annotated[str, typer.Option(help="of the model")] = "tuned",
    steps: Annotated[int, typer.Option(min=1, help="of training")] = 1000,
    data: Data = DATA,
) -> None:
    """Fine-tunes a classifier on your own clips: trains, exports, measures, writes a card.

    Goes on with what the folder `--out` holds.
    """
    config = tuned_config(read_config(base, VideoConfig), clips, name=name, steps=steps)
    task = VideoTask(config, Folders(data, clips))
    console.print(
        f"{len(task.training)} clips to learn, {len(task.development)} to check: "
        + ", ".join(task.training.labels)
    )
    run_fit(task, config.fit, out)
    model = load_best(task, out)
    _export(task, model, models)
    _tell(task, _of_files(task, model, models), out, models)


@app.command()
def maps(
    config: Config,
    file: Annotated[Path, typer.Argument(help="a picture or a video")],
    out: Annotated[Path, typer.Option(help="a picture (.png) or a video (.mp4)")],
    run: Annotated[
        Path | None, typer.Option("--run", help="folder that `fit` wrote; none: untrained")
    ] = None,
    clips: Clips = None,
    data: Data = DATA,
) -> None:
    """Shows which places each learned token looks at, in a picture or over the time of a clip.

    Of a clip, the window that ends with it is shown.
    """
    task = _task(config, clips, data)
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


def _export(task: VideoTask, model: nn.Module, models: Path) -> None:
    # Imported here: the converter takes many seconds, and `fit` doesn't need it.
    from flowlace_trainers.video.export import export_classifier

    facts = {
        "name": task.config.name,
        "labels": list(task.training.labels),
        "licence": task.config.licence,
        "seed": task.config.fit.seed,
        "data_digest": task.training.digest,
        "commit": commit(),
    }
    for spec in export_classifier(model, task.config, task.training, models, facts):
        for one in spec.files.values():
            console.print(f"{models / one.file}  sha256 {one.sha256}")


def _of_files(task: VideoTask, model: nn.Module, models: Path, views: int = 1) -> dict[str, Any]:
    from flowlace_trainers.video.measuring import measure

    return measure(task, model, models, views)


def _tell(
    task: VideoTask,
    measured: Mapping[str, Any],
    run: Path,
    models: Path | None,
    beside: Sequence[Path] = (),
) -> None:
    """Prints results, keeps them in the run's folder, and writes the card beside the files."""
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, one in measured["scores"].items():
        console.print(_score_table(name, one))
    if models is not None and task.config.card is not None:
        others = [json.loads((one / "measured.json").read_text()) for one in beside]
        text = video_card(task.config.card, measured, others)
        (models / "card.md").write_text(text, encoding="utf-8")
        console.print(f"card: {models / 'card.md'}")


def _score_table(name: str, scores: Mapping[str, Any]) -> Table:
    made = Table("model", "accuracy", "balanced", "log loss", title=f"{name}: {scores['clips']}")
    for row, values in scores["rows"].items():
        made.add_row(row, *(f"{value:.3f}" for value in values.values()))
    return made


def _task(
    config: str,
    clips: Path | None,
    data: Path,
    seed: int | None = None,
    start: Path | None = None,
) -> VideoTask:
    made = read_config(config, VideoConfig)
    if start is not None:
        made = replace(made, start=start)
    if seed is not None:
        made = replace(made, fit=replace(made.fit, seed=seed))
    return VideoTask(made, Folders(data, clips))
