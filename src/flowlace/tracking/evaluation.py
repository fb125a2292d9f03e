"""Scores for trackers: overlap, success, precision, and how honest a confidence is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SUCCESS_THRESHOLDS = np.arange(21) * 0.05
"""Overlaps of the success plot (Wu et al., CVPR 2013)."""


def intersection_over_union(first: FloatArray, second: FloatArray) -> FloatArray:
    """Returns the overlap `[box]` of boxes `[box, (x, y, width, height)]`; 0 for empty ones."""
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    union = first[:, 2:].prod(axis=1) + second[:, 2:].prod(axis=1) - shared
    overlap: FloatArray = np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0)
    return overlap


def center_distance_px(first: FloatArray, second: FloatArray) -> FloatArray:
    """Returns the distance `[box]` of the centres of boxes `[box, (x, y, width, height)]`."""
    between = first[:, :2] + first[:, 2:] / 2 - second[:, :2] - second[:, 2:] / 2
    return np.hypot(between[:, 0], between[:, 1])


def success_auc(overlaps: FloatArray) -> float:
    """Returns the mean over 21 thresholds of the share of frames with more overlap.

    Raises ValueError without frames.
    """
    _need_frames(overlaps)
    return float((overlaps[:, None] > SUCCESS_THRESHOLDS).mean())


def precision(distances_px: FloatArray, limit_px: float = 20.0) -> float:
    """Returns the share of frames whose centre is at most `limit_px` off."""
    _need_frames(distances_px)
    return float((distances_px <= limit_px).mean())


def auroc(scores: FloatArray, is_positive: BoolArray) -> float:
    """Returns the probability that a positive scores above a negative; ties count half.

    Not a number when either kind is missing.
    """
    positives = int(np.count_nonzero(is_positive))
    negatives = len(is_positive) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # The mean rank of equal scores, by which ties count half.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[is_positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def calibration_error(probabilities: FloatArray, is_positive: BoolArray, bins: int = 10) -> float:
    """Returns the mean distance of stated and met probability, weighed by frames."""
    _need_frames(probabilities)
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    of_bin = np.digitize(probabilities, edges)
    counts = np.bincount(of_bin, minlength=bins)
    stated = np.bincount(of_bin, probabilities, minlength=bins)
    met = np.bincount(of_bin, is_positive, minlength=bins)
    return float(np.abs(stated - met).sum() / counts.sum())


def reinitialisation_frames(frames: Sequence[int], every: int) -> list[int]:
    """Returns the frames at which a track is set back to the truth: the first, then each `every`.

    Frames without truth are skipped; the next one that has it is taken.
    """
    chosen: list[int] = []
    for frame in sorted(frames):
        if not chosen or frame - chosen[-1] >= every:
            chosen.append(frame)
    return chosen


def _need_frames(values: FloatArray) -> None:
    if not len(values):
        raise ValueError("a score needs at least one frame, but got none")
