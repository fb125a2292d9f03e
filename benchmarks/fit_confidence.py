"""Fits the constants of `flowlace.tracking.confidence` and scores them on unseen clips.

    python benchmarks/fit_confidence.py --data ../shared/data/video

Every clip is tracked from many starts, forwards and backwards. The scores are of constants
fitted without the clip they are measured on; the printed constants use all clips.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tracking_clips import CLIPS, DATA, Clip, analyse, load_clip, pixels_of, started

from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_step import step_boxes
from flowlace.tracking.confidence import FEATURE_NAMES, confidence_features
from flowlace.tracking.evaluation import auroc, calibration_error, intersection_over_union
from flowlace.tracking.step_options import TrackStepOptions

FloatArray = NDArray[np.float64]
Samples = tuple[FloatArray, FloatArray]
START_EVERY_S, LENGTH_S, RIDGE = 1.5, 30.0, 0.1


def main() -> None:
    """Collects, scores, fits, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    samples = {}
    for name in CLIPS:
        clip = load_clip(arguments.data, name)
        analyse(clip)
        samples[name] = collect(clip)
    stated, met = [], []
    for name, (features, is_right) in samples.items():
        weights = fitted([s for other, s in samples.items() if other != name])
        probability = probabilities(features, weights)
        stated.append(probability)
        met.append(is_right)
        print(f"{name:12} AUROC unseen {auroc(probability, is_right > 0):.3f}")
    all_stated, all_met = np.concatenate(stated), np.concatenate(met) > 0
    print(
        f"all clips    AUROC unseen {auroc(all_stated, all_met):.3f}, calibration error "
        f"{calibration_error(all_stated, all_met):.3f}"
    )
    weights = fitted(list(samples.values()))
    for feature, weight in zip((*FEATURE_NAMES, "constant"), weights, strict=True):
        print(f"    {weight:.4f},  # {feature}")


def collect(clip: Clip) -> Samples:
    """Returns features `[sample, feature]` and whether IoU > 0.5, from many starts."""
    parts = [
        follow(clip, truth, start, direction)
        for truth in clip.tracks.values()
        for direction in (1, -1)
        for start in sorted(truth)[:: direction * round(START_EVERY_S * clip.fps)]
    ]
    kept = [part for part in parts if len(part[1])]
    return np.concatenate([p[0] for p in kept]), np.concatenate([p[1] for p in kept])


def follow(clip: Clip, truth: dict[int, FloatArray], start: int, direction: int) -> Samples:
    """Returns the samples of one run."""
    states: BoxStates = started(clip, truth[start], clip.motion[start].timestamp_us)
    features, boxes, wanted = [], [], []
    frame = start + direction
    while 0 <= frame < len(clip.motion) and abs(frame - start) < LENGTH_S * clip.fps:
        data = clip.inverted[frame] if direction > 0 else clip.motion[frame + 1]
        states = step_boxes(states, data, TrackStepOptions())
        if states.is_failed[0]:
            break
        if frame in truth:
            features.append(confidence_features(states)[0])
            boxes.append(pixels_of(states, clip))
            wanted.append(truth[frame])
        frame += direction
    if not boxes:
        return np.empty((0, len(FEATURE_NAMES))), np.empty(0)
    overlap = intersection_over_union(np.array(boxes), np.array(wanted))
    return np.array(features), (overlap > 0.5).astype(np.float64)


def fitted(samples: list[Samples]) -> FloatArray:
    """Returns logistic weights and constant by Newton steps; every clip weighs the same."""
    x = np.concatenate([s[0] for s in samples])
    y = np.concatenate([s[1] for s in samples])
    w = np.concatenate([np.full(len(s[1]), 1 / len(s[1])) for s in samples]) / len(samples)
    mean = w @ x
    spread = np.sqrt(w @ (x - mean) ** 2) + 1e-6
    z = np.column_stack(((x - mean) / spread, np.ones(len(x))))
    ridge = np.append(np.full(x.shape[1], RIDGE), 1e-9)
    b = np.zeros(z.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ b))
        gradient = z.T @ (w * (p - y)) + ridge * b
        hessian = (z * (w * p * (1 - p))[:, None]).T @ z + np.diag(ridge)
        b -= np.linalg.solve(hessian, gradient)
    return np.append(b[:-1] / spread, b[-1] - (b[:-1] * mean / spread).sum())


def probabilities(features: FloatArray, weights: FloatArray) -> FloatArray:
    """Returns the model's answer `[sample]`."""
    result: FloatArray = 1 / (1 + np.exp(-(features @ weights[:-1] + weights[-1])))
    return result


if __name__ == "__main__":
    main()
