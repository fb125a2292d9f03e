"""What is known of a trained classifier before it is exported: its data, and how well it tells."""

from typing import Any

from torch import nn

from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.scoring import Scores, commonest
from flowlace_trainers.video.task import VideoTask, truth_of


def trained_facts(task: VideoTask, network: nn.Module, views: int = 1) -> dict[str, Any]:
    """Returns name, seed, data, and scores on each set of clips beside baselines.

    Args:
        task: its configuration and data.
        network: as trained.
        views: windows of each clip; with more than one, scores of one and of all are told.
    """
    config = task.config
    sets = {
        "training": task.training,
        "development": task.development,
        "evaluation": task.evaluation,
    }
    return {
        "name": config.name,
        "seed": config.fit.seed,
        "labels": list(task.training.labels),
        "parameters": sum(one.numel() for one in network.parameters()),
        "data": {
            name: {"clips": len(clips), "digest": clips.digest} for name, clips in sets.items()
        },
        "scores": {
            name: _scores(task, network, clips, views) for name, clips in task.measured_on.items()
        },
    }


def _scores(task: VideoTask, network: nn.Module, clips: ClipSet, views: int) -> dict[str, Any]:
    known = truth_of(task.training), truth_of(clips), len(clips.labels)
    rows: dict[str, Scores] = {"commonest class (baseline)": commonest(*known)}
    if task.takes.frames > 1:
        rows["frames in random order"] = task.scores(network, clips, is_shuffled=True)
    rows["torch"] = task.scores(network, clips)
    if views > 1:
        rows[f"torch, {views} views"] = task.scores(network, clips, views=views)
    return {
        "clips": len(clips),
        "digest": clips.digest,
        "rows": {name: one._asdict() for name, one in rows.items()},
    }
