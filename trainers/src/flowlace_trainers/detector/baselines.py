"""What a detector has to beat: knowing the place without looking, and a foreign model."""

from collections.abc import Sequence

import numpy as np

from flowlace_trainers.detector.augmentation import letterbox, moved_boxes
from flowlace_trainers.detector.decoding import Found
from flowlace_trainers.detector.distillation import DistillOptions, taught_sample
from flowlace_trainers.detector.samples import Sample, Samples
from flowlace_trainers.detector.scoring import coco_scores
from flowlace_trainers.detector.task import DetectorConfig
from flowlace_trainers.detector.teacher import SsdTeacher

_BIN = 16.0
_MOST = 100


def prior_scores(
    training: Samples, evaluation: Samples, config: DetectorConfig
) -> dict[str, float]:
    """Returns the scores of giving every picture the same boxes: the commonest in training."""
    guess = _commonest([_boxed(one, config) for one in _all(training)])
    truth = [_boxed(one, config) for one in _all(evaluation)]
    return coco_scores(truth, [guess] * len(truth), evaluation.labels)


def teacher_scores(
    teacher: SsdTeacher, evaluation: Samples, config: DetectorConfig, options: DistillOptions
) -> dict[str, float]:
    """Returns the scores of a foreign model, its labels read as ours."""
    truth, found = [], []
    for sample in _all(evaluation):
        taught = taught_sample(sample.image, teacher.look(sample.image), options)
        rows, columns = sample.image.shape[:2]
        matrix = letterbox(columns, rows, config.width_px, config.height_px)
        boxes = taught.boxes * matrix[0, 0] + np.tile(matrix[:, 2], 2)
        found.append(Found(boxes.astype(np.float32), taught.classes, taught.scores))
        truth.append(_boxed(sample, config))
    return coco_scores(truth, found, evaluation.labels)


def _all(samples: Samples) -> list[Sample]:
    return [samples[number] for number in range(len(samples))]


def _boxed(sample: Sample, config: DetectorConfig) -> Sample:
    rows, columns = sample.image.shape[:2]
    matrix = letterbox(columns, rows, config.width_px, config.height_px)
    return moved_boxes(sample, matrix, config.width_px, config.height_px, 0.0)


def _commonest(samples: Sequence[Sample]) -> Found:
    boxes = np.concatenate([one.boxes[~one.is_ignored] for one in samples])
    classes = np.concatenate([one.classes[~one.is_ignored] for one in samples])
    bins = np.column_stack([np.round(boxes / _BIN), classes])
    _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:_MOST]
    middles = np.stack([boxes[which.ravel() == one].mean(0) for one in most])
    kinds = np.array([classes[which.ravel() == one][0] for one in most])
    return Found(
        middles.astype(np.float32), kinds, (counts[most] / len(samples)).astype(np.float32)
    )
