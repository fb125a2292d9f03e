"""How good, how large and how fast a trained classifier and its exported files are.

Files are measured as they are used: a stream's two models with a window of tokens between them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.inference.model_spec import ModelSpec, read_model_spec
from flowlace_trainers import provenance, tflite
from flowlace_trainers.exported_files import file_facts
from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.coatnet import CoAtNetOptions
from flowlace_trainers.video.config import VideoConfig
from flowlace_trainers.video.export import part_names
from flowlace_trainers.video.networks import NetworkOptions, input_of
from flowlace_trainers.video.part_costs import part_costs
from flowlace_trainers.video.sampling import last_window, stacked
from flowlace_trainers.video.scoring import scores_of
from flowlace_trainers.video.task import VideoTask, truth_of
from flowlace_trainers.video.trained_facts import trained_facts

PRECISIONS = ("float32", "int8")
SIDES_PX = (112, 224)
"""Of the table of multiply-adds, beside the network's own size."""

Floats = NDArray[np.float32]
Run = Callable[[Floats], Floats]
"""Probabilities `[class]` of frames `[frame · 3, y, x]` and of how many steps have come."""


def measure(task: VideoTask, network: nn.Module, folder: Path, views: int = 1) -> dict[str, Any]:
    """Returns everything the card says about a classifier, measured now.

    Args:
        task: its configuration and data.
        network: as trained.
        folder: holds its exported files.
        views: windows of each clip that torch averages over, beside one.
    """
    config = task.config
    specs = [read_model_spec(folder / f"{name}.json") for name in part_names(config)]
    runs = {one: lite_runner(specs, folder, one, task.takes.steps) for one in PRECISIONS}
    facts = trained_facts(task, network, views)
    for name, clips in task.measured_on.items():
        rows, truth = facts["scores"][name]["rows"], truth_of(clips)
        for precision, run in runs.items():
            logits = lite_logits(clips, config, run)
            rows[precision] = scores_of(logits, truth, len(clips.labels))._asdict()
    return {
        **facts,
        "files": [
            {"precision": precision, **file_facts(folder, spec.files[precision])}
            for spec in specs
            for precision in PRECISIONS
        ],
        "multiply_adds": multiply_adds_by_size(config.network),
        "processor": provenance.processor(),
        "commit": provenance.commit(),
        "versions": provenance.versions(),
    }


def multiply_adds_by_size(network: NetworkOptions) -> list[dict[str, Any]]:
    """Returns the cost with and without a TokenLearner, for the network's own size and others."""
    if isinstance(network, CoAtNetOptions) or network.token_learner is None:
        return []
    takes = input_of(network)
    sizes = {(takes.width_px, takes.height_px), *((side, side) for side in SIDES_PX)}
    rows = []
    for width_px, height_px in sorted(sizes):
        sized = _sized(network, width_px, height_px)
        cost = part_costs(sized)[0].multiply_adds
        plain = part_costs(replace(sized, token_learner=None))[0].multiply_adds
        rows.append({"size": f"{width_px} × {height_px}", "multiply_adds": cost, "without": plain})
    return rows


def lite_logits(clips: ClipSet, config: VideoConfig, run: Run) -> Tensor:
    """Returns logarithms of the probabilities `[clip, class]` that exported files give."""
    takes = input_of(config.network)
    windows = (last_window(clips[number], takes, config.period_us) for number in range(len(clips)))
    told = np.stack([run(stacked(one.frames)) for one in windows])
    return torch.from_numpy(np.log(np.maximum(told, 1e-9)))


def lite_runner(specs: Sequence[ModelSpec], folder: Path, precision: str, steps: int) -> Run:
    """Returns what classifies a whole clip with exported files."""
    first, *rest = (
        tflite.runner((folder / one.files[precision].file).read_bytes()) for one in specs
    )

    def whole(frames: Floats) -> Floats:
        made: Floats = first(_channels_last(frames))[0][0]
        return made

    def by_steps(frames: Floats) -> Floats:
        parts = frames.reshape(steps, -1, *frames.shape[1:])
        tokens = np.concatenate([first(_channels_last(one))[0].copy() for one in parts])
        made: Floats = rest[0](tokens[None])[0][0]
        return made

    return by_steps if rest else whole


def _sized(network: NetworkOptions, width_px: int, height_px: int) -> Any:
    assert not isinstance(network, CoAtNetOptions)
    name = "patches" if hasattr(network, "patches") else "tubelets"
    patches = replace(getattr(network, name), width_px=width_px, height_px=height_px)
    return replace(network, **{name: patches})


def _channels_last(frames: Floats) -> Floats:
    return np.ascontiguousarray(frames.transpose(1, 2, 0)[None])
