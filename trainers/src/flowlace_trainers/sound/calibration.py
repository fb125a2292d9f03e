"""What scores mean: for each class a curve from logit to probability, and a threshold.

Both come from windows of folds that the network they are measured with has not learnt from. Platt
1999, "Probabilistic outputs for support vector machines".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.scoring import probabilities

Doubles = NDArray[np.float64]

_ROUNDS = 50
_LEAST_THRESHOLD, _MOST_THRESHOLD = 0.3, 0.95
_RIDGE = 1e-3
_LEAST_SLOPE = 1e-3
_START = np.array([1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Curve:
    """The probability of a class is sigmoid(slope * logit + offset)."""

    slope: float
    """Greater than 0."""
    offset: float
    """Of the logit."""

    def __call__(self, logits: Floats) -> Floats:
        """Returns probabilities."""
        return probabilities(self.slope * logits + np.float32(self.offset))


@dataclass(frozen=True, slots=True)
class CalibratedClass:
    """How the scores of one class are read."""

    label: str
    """Of the class."""
    curve: Curve
    """From logits to probabilities."""
    threshold: float
    """Probability from which it counts as heard."""
    precision: float
    """Share of windows at or above it that hold the sound."""
    recall: float
    """Share of windows with the sound that are at or above it."""


def calibrated(
    logits: Floats, truth: Floats, weight: Floats, labels: Sequence[str], *, precision: float
) -> list[CalibratedClass]:
    """Returns how each class is read.

    Args:
        logits: `[n, class]` of windows the network has not learnt from.
        truth: `[n, class]`, 0 or 1.
        weight: `[n, class]`, 0 where nobody can say.
        labels: of the classes.
        precision: wanted at the threshold; where no threshold gives it, the highest one is taken.
    """
    made = []
    for number, label in enumerate(labels):
        is_known = weight[:, number] > 0
        values = logits[is_known, number].astype(np.float64)
        is_true = truth[is_known, number] > 0
        curve = platt(values, is_true)
        scores = curve(values.astype(np.float32))
        made.append(CalibratedClass(label, curve, *_threshold(scores, is_true, precision)))
    return made


def platt(logits: Doubles, is_true: NDArray[np.bool_]) -> Curve:
    """Returns the curve of greatest likelihood, with Platt's soft targets.

    Newton's method, with steps halved until they help: whole ones can run away where the classes
    are far apart.
    """
    positive, negative = is_true.sum(), (~is_true).sum()
    wanted = np.where(is_true, (positive + 1) / (positive + 2), 1 / (negative + 2))
    inputs = np.stack((logits, np.ones_like(logits)), 1)
    parameters = np.array([1.0, 0.0])
    for _ in range(_ROUNDS):
        guess = 1 / (1 + np.exp(-np.clip(inputs @ parameters, -500, 500)))
        gradient = inputs.T @ (guess - wanted) + _RIDGE * (parameters - _START)
        curvature = (inputs * (guess * (1 - guess))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        loss = _loss(inputs, wanted, parameters)
        while _loss(inputs, wanted, parameters - step) > loss and np.abs(step).max() > 1e-9:
            step = step / 2
        parameters = parameters - step
        if np.abs(step).max() < 1e-9:
            break
    return Curve(float(max(parameters[0], _LEAST_SLOPE)), float(parameters[1]))


def _loss(inputs: Doubles, wanted: Doubles, parameters: Doubles) -> float:
    """Returns the cross-entropy, and how far the curve is from that of the network itself."""
    values = inputs @ parameters
    entropy = np.logaddexp(0, values) - wanted * values
    return float(entropy.sum() + _RIDGE / 2 * np.square(parameters - _START).sum())


def node_options(classes: Sequence[CalibratedClass]) -> dict[str, dict[str, Any]]:
    """Returns the options of the nodes that read scores in a graph."""
    return {
        "ScoreCalibrationCalculator": {
            "score_transformation": "INVERSE_LOGISTIC",
            "sigmoids": [
                {
                    "scale": 1,
                    "slope": round(one.curve.slope, 5),
                    "offset": round(one.curve.offset, 5),
                }
                for one in classes
            ],
        },
        "SoundScoresCalculator": {
            "sound_class": [
                {"label": one.label, "threshold": round(one.threshold, 3)} for one in classes
            ]
        },
    }


def _threshold(
    scores: Floats, is_true: NDArray[np.bool_], wanted: float
) -> tuple[float, float, float]:
    """Returns the lowest threshold with the wanted precision, and precision and recall there."""
    candidates = np.arange(_LEAST_THRESHOLD, _MOST_THRESHOLD + 1e-9, 0.01)
    is_heard = scores[None] >= candidates[:, None]
    right = (is_heard & is_true).sum(1)
    precision = right / np.maximum(is_heard.sum(1), 1)
    recall = right / max(is_true.sum(), 1)
    enough = np.flatnonzero(precision >= wanted)
    place = enough[0] if len(enough) else len(candidates) - 1
    return float(candidates[place]), float(precision[place]), float(recall[place])
