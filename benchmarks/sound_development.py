"""Sets what a sound classifier's scores mean, and from where on they count.

    PYTHONPATH=src:benchmarks python benchmarks/sound_development.py [--model PATH] [--write FILE]

Without a model, YAMNet with its classes grouped. Data: ESC-10, speech and music of folds 1 to 3,
and 40 soundscapes made of them over noise; never fold 4, which the scores are reported on. A model
that was trained on these clips needs others, or is set too sure of itself.

Calibration is Platt's, one curve a class, by logistic regression on every step: of clips with
sound, where the clip's label is true, and of soundscapes, where events are. Thresholds are the
lowest from which on at least `--precision` of the steps have such a sound in their window.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sound_clips import DATA, Clip, clips, made_soundscapes
from sound_models import YAMNET_NODES, SoundModel, scores_of, yamnet
from yamnet_groups import YAMNET_GROUPS

from flowlace.formats.sound_event import SoundEvent

FOLDS = ("1", "2", "3")
STEP_US = 50_000
WINDOW_US = 975_000
MOST_CLIPS = 36
"""Of one class."""
SCAPES = 40
LOWEST, HIGHEST = 0.8, 0.95
"""Thresholds. Lower ones let too many sounds through that no class is for: sound_thresholds.py."""
LEAST_SCORE = 1 / 512
"""Half a step of scores in 8 bits: a score of 0 has no logarithm."""

Steps = NDArray[np.float32]


def logits(scores: Steps) -> Steps:
    """Returns the logarithms of odds."""
    clipped = np.clip(scores, LEAST_SCORE, 1 - LEAST_SCORE)
    odds: Steps = np.log(clipped / (1 - clipped))
    return odds


def fitted(scores: Steps, truth: NDArray[Any], weights: NDArray[Any]) -> tuple[float, float]:
    """Returns slope and offset of Platt's sigmoid, by Newton's method with halved steps."""
    x = np.stack([logits(scores).astype(float), np.ones(len(scores))], axis=1)
    found, ridge = np.array([0.5, -2.0]), np.array([1e-3, 0.0])

    def loss(at: NDArray[Any]) -> float:
        z = x @ at
        return float(weights @ (np.logaddexp(0, z) - truth * z) + ridge @ at**2)

    for _ in range(100):
        p = 1 / (1 + np.exp(-(x @ found)))
        gradient = x.T @ (weights * (p - truth)) + 2 * ridge * found
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x + np.diag(2 * ridge + 1e-9)
        step, share = np.linalg.solve(curvature, gradient), 1.0
        while loss(found - share * step) > loss(found) and share > 1e-6:
            share /= 2
        found = found - share * step
        if np.abs(share * step).max() < 1e-7:
            break
    return float(found[0]), float(found[1])


def active(
    events: list[SoundEvent], labels: list[str], steps: int, around_us: int = 0
) -> NDArray[np.bool_]:
    """Returns `[step, class]`: whether an event, or what lies around it, is in a step's middle."""
    middles = np.arange(steps) * STEP_US + STEP_US // 2
    truth = np.zeros((steps, len(labels)), bool)
    for event in events:
        is_on = middles >= event.onset_us - around_us
        is_on &= middles < event.offset_us + around_us
        truth[:, labels.index(event.label)] |= is_on
    return truth


def chosen_clips(labels: list[str]) -> list[Clip]:
    """Returns clips of the development folds, at most so many of a class."""
    drawn = np.random.default_rng(0)
    by_label: dict[str, list[Clip]] = {label: [] for label in labels}
    for clip in clips(FOLDS, labels):
        by_label[clip.label].append(clip)
    chosen = []
    for found in by_label.values():
        order = drawn.permutation(len(found))[:MOST_CLIPS]
        chosen += [found[place] for place in sorted(order)]
    return chosen


def development(model: SoundModel, labels: list[str], precision: float) -> dict[str, Any]:
    """Returns the nodes of a spec: calibration and thresholds."""
    sounds = chosen_clips(labels)
    scores, truth, weights = [], [], []
    for clip in sounds:
        steps = scores_of(model, clip.samples)
        values = np.array([one.values for one in steps if not one.is_silence])
        scores.append(values)
        truth.append(np.tile(np.array(labels) == clip.label, (len(values), 1)))
        weights.append(np.full(len(values), 1 / max(len(values), 1)))
    scapes = []
    for sound, events in made_soundscapes(sounds, SCAPES):
        values = np.array([one.values for one in scores_of(model, sound)])
        scapes.append((values, active(events, labels, len(values), WINDOW_US // 2)))
        scores.append(values)
        truth.append(active(events, labels, len(values)))
        weights.append(np.full(len(values), len(sounds) / SCAPES / len(values)))
    every, true, weight = np.concatenate(scores), np.concatenate(truth), np.concatenate(weights)
    curves = [
        fitted(every[:, place], true[:, place].astype(float), weight * len(weight) / weight.sum())
        for place in range(len(labels))
    ]
    slopes, offsets = (np.array(part, np.float32) for part in zip(*curves, strict=True))
    heard = [1 / (1 + np.exp(-(slopes * logits(values) + offsets))) for values, _ in scapes]
    thresholds = [
        threshold([(values[:, place], on[:, place]) for values, (_, on)
                   in zip(heard, scapes, strict=True)], precision)
        for place in range(len(labels))
    ]  # fmt: skip
    return {
        "ScoreCalibrationCalculator": {
            "score_transformation": "INVERSE_LOGISTIC",
            "sigmoids": [
                {"scale": 1.0, "slope": round(slope, 4), "offset": round(offset, 4)}
                for slope, offset in curves
            ],
        },
        "SoundScoresCalculator": {
            "sound_class": [
                {"label": label, "threshold": one}
                for label, one in zip(labels, thresholds, strict=True)
            ]
        },
    }


def threshold(steps: list[tuple[Any, Any]], precision: float) -> float:
    """Returns the lowest threshold from which on so many of the steps of one class are right."""
    scores, truth = (np.concatenate(part) for part in zip(*steps, strict=True))
    for limit in np.arange(LOWEST, HIGHEST, 0.05):
        is_on = scores >= limit
        if is_on.any() and truth[is_on].mean() >= precision:
            return round(float(limit), 2)
    return HIGHEST


def main() -> None:
    """Prints the nodes, and writes them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", default="", help="a .tflite with the labels of the groups")
    parser.add_argument("--precision", type=float, default=0.9)
    parser.add_argument("--write", type=Path, default=None, help="JSON file")
    arguments = parser.parse_args()
    if not DATA.exists():
        raise SystemExit(f"there is no {DATA}")
    labels = list(YAMNET_GROUPS)
    model = yamnet(is_calibrated=False)
    if arguments.model:
        # What its spec says of scores so far must not count.
        plain = {"sigmoids": [{"scale": 1, "slope": 1, "offset": 0}] * len(labels)}
        plain["score_transformation"] = "INVERSE_LOGISTIC"
        model = SoundModel(
            name=arguments.model, path=arguments.model, options={"calibration": plain}
        )
    nodes = development(model, labels, arguments.precision)
    text = json.dumps(nodes, indent=2) + "\n"
    print(text)
    path = arguments.write or (None if arguments.model else YAMNET_NODES)
    if path is not None:
        path.write_text(text)


if __name__ == "__main__":
    main()
