"""How good and how fast a trained sound classifier and its files are, with baselines beside them.

Every clip is judged by the model that learnt without its fold; the one that ships learnt from all
folds and can't be judged on them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowlace.inference.model_spec import read_model_spec
from flowlace.inference.tflite_file import TfliteFile
from flowlace_trainers import provenance, tflite
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.exported_files import file_facts
from flowlace_trainers.sound.calibration import CalibratedClass
from flowlace_trainers.sound.clips import Clip, digest, without_fold
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.data import SoundData
from flowlace_trainers.sound.export import tflite_classifier
from flowlace_trainers.sound.front_end import WINDOW_SAMPLES, Floats
from flowlace_trainers.sound.scoring import accuracy_by_class, clip_measures, scores_of_clips

_STEP_SAMPLES = 7680


def measure_folds(data: SoundData, folders: Mapping[str, Path]) -> dict[str, Any]:
    """Returns, by model, scores over all clips, by fold and by class.

    Args:
        data: of the configuration.
        folders: by fold that was left out, where the exported files are.
    """
    config = data.config
    scores: dict[str, list[Floats]] = {"commonest class (baseline)": [], "YAMNet (baseline)": []}
    clips: list[Clip] = []
    for fold, folder in folders.items():
        kept = [one for one in data.clips if one.fold == fold]
        clips += kept
        scores["commonest class (baseline)"] += _commonest(
            without_fold(data.clips, fold), kept, config
        )
        scores["YAMNet (baseline)"] += foreign_scores(data.teacher_file, kept, config)
        for precision, suffix in (("float32", "f32"), ("int8", "int8")):
            content = (folder / f"{config.name}_{suffix}.tflite").read_bytes()
            made = scores_of_clips(tflite_classifier(content), kept)
            scores.setdefault(f"{config.name} {precision}", []).extend(made)
    return {
        name: {
            **clip_measures(one, clips, config.labels, config.named),
            "by fold": {
                fold: clip_measures(*_of_fold(one, clips, fold), config.labels, config.named)[
                    "accuracy"
                ]
                for fold in folders
            },
            "by class": accuracy_by_class(one, clips, config.labels),
        }
        for name, one in scores.items()
    }


def foreign_scores(file: Path, clips: Sequence[Clip], config: SoundConfig) -> list[Floats]:
    """Returns scores of clips by a model of waveforms; a class has the best of its members' scores.

    Raises:
        TrainerError: the model lacks a label of the configuration's mapping.
    """
    names = list(TfliteFile(file).labels)
    unknown = [
        one for members in config.teacher_labels.values() for one in members if one not in names
    ]
    if unknown:
        raise TrainerError(f"teacher {str(file)!r} has no labels: {', '.join(unknown)}")
    members = [
        [names.index(one) for one in config.teacher_labels[label]] for label in config.labels
    ]
    run = tflite.runner(file.read_bytes())
    return [_foreign(run, one.sound, members) for one in clips]


def facts(
    data: SoundData,
    scores: Mapping[str, Any],
    folder: Path,
    classes: Sequence[CalibratedClass],
    parameters: int,
) -> dict[str, Any]:
    """Returns everything the card says about a classifier whose files are in a folder."""
    spec = read_model_spec(folder / f"{data.config.name}.json")
    clips = data.clips
    return {
        "name": data.config.name,
        "labels": list(data.config.labels),
        "parameters": parameters,
        "seed": data.config.fit.seed,
        "clips": dict(Counter(one.label for one in clips)),
        "licences": dict(Counter(one.licence for one in clips)),
        "minutes": round(sum(len(one.sound) for one in clips) / 16_000 / 60, 1),
        "digest": digest(clips),
        "scores": scores,
        "classes": [
            {
                "label": one.label,
                "threshold": one.threshold,
                "precision": one.precision,
                "recall": one.recall,
            }
            for one in classes
        ],
        "files": {precision: file_facts(folder, one) for precision, one in spec.files.items()},
        "teacher": {
            "bytes": data.teacher_file.stat().st_size,
            "cpu_ms": tflite.cpu_ms(data.teacher_file.read_bytes()),
        },
        "commit": provenance.commit(),
        "processor": provenance.processor(),
        "versions": provenance.versions(),
    }


def _foreign(run: Any, sound: Floats, members: Sequence[Sequence[int]]) -> Floats:
    if len(sound) < WINDOW_SAMPLES:
        sound = np.pad(sound, (0, WINDOW_SAMPLES - len(sound)))
    starts = range(0, len(sound) - WINDOW_SAMPLES + 1, _STEP_SAMPLES)
    scores = np.stack([run(sound[start : start + WINDOW_SAMPLES])[0].ravel() for start in starts])
    return np.stack([scores[:, one].max(1).mean() for one in members])


def _commonest(training: Sequence[Clip], kept: Sequence[Clip], config: SoundConfig) -> list[Floats]:
    counts = Counter(one.label for one in training)
    shares = np.array([counts[label] / len(training) for label in config.labels], np.float32)
    return [shares] * len(kept)


def _of_fold(
    scores: Sequence[Floats], clips: Sequence[Clip], fold: str
) -> tuple[list[Floats], list[Clip]]:
    pairs = [(score, clip) for score, clip in zip(scores, clips, strict=True) if clip.fold == fold]
    return [score for score, _ in pairs], [clip for _, clip in pairs]
