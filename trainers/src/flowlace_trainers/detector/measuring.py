"""How good and how fast a trained detector and its files are, with baselines beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from flowlace.inference.model_spec import read_model_spec
from flowlace_trainers import provenance
from flowlace_trainers.detector.baselines import prior_scores, teacher_scores
from flowlace_trainers.detector.distillation import DistillOptions
from flowlace_trainers.detector.export import tflite_detector
from flowlace_trainers.detector.network import Detector
from flowlace_trainers.detector.task import DetectorTask, score, torch_detector
from flowlace_trainers.detector.teacher import SsdTeacher
from flowlace_trainers.exported_files import file_facts


def measure(
    task: DetectorTask,
    detector: Detector,
    folder: Path,
    *,
    teacher: SsdTeacher | None = None,
    teacher_options: DistillOptions | None = None,
) -> dict[str, Any]:
    """Returns everything the card says about a detector, measured now.

    Args:
        task: its configuration and data.
        detector: as trained.
        folder: holds its exported files.
        teacher: a foreign model to compare with.
        teacher_options: how the foreign model's labels are read.
    """
    config, evaluation = task.config, task.evaluation
    spec = read_model_spec(folder / f"{config.name}.json")
    scores = {"commonest boxes (baseline)": prior_scores(task.training, evaluation, config)}
    if teacher is not None and teacher_options is not None:
        scores["foreign model (baseline)"] = teacher_scores(
            teacher, evaluation, config, teacher_options
        )
    scores["torch float32"] = score(torch_detector(detector), evaluation, config)
    files = {}
    for precision, one in spec.files.items():
        content = (folder / one.file).read_bytes()
        scores[f"tflite {precision}"] = score(tflite_detector(content), evaluation, config)
        files[precision] = file_facts(folder, one)
    return {
        "name": config.name,
        "labels": list(evaluation.labels),
        "input": [config.height_px, config.width_px, 3],
        "parameters": sum(one.numel() for one in detector.parameters()),
        "seed": config.fit.seed,
        "data": {
            name: {"pictures": len(samples), "digest": samples.digest}
            for name, samples in (
                ("training", task.training),
                ("development", task.development),
                ("evaluation", evaluation),
            )
        },
        "scores": scores,
        "files": files,
        "commit": provenance.commit(),
        "processor": provenance.processor(),
        "versions": provenance.versions(),
    }


def score_table(scores: Mapping[str, Mapping[str, float]]) -> Table:
    """Returns scores as a table for people, a line a model."""
    names = list(dict.fromkeys(name for one in scores.values() for name in one))
    table = Table("model", *names)
    for model, one in scores.items():
        table.add_row(model, *(f"{one[name]:.3f}" if name in one else "–" for name in names))
    return table
