"""Measures in every step what tells a good track from a lost one; `confidence` weighs it."""

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.box_states import BoxStates, FeatureMemory
from flowlace.tracking.box_vectors import BoxVectors
from flowlace.tracking.object_motion import ObjectMotion
from flowlace.tracking.step_options import TrackStepOptions

FloatArray = NDArray[np.float64]

FAST, SLOW = 0.2, 0.03
"""Parts of a step's measurement that enter the running means: memories of 5 and 30 steps."""


def gathered_evidence(
    boxes: BoxStates,
    pairs: BoxVectors,
    motion: ObjectMotion,
    memory: FeatureMemory,
    options: TrackStepOptions,
) -> FloatArray:
    """Returns `[box, feature]`: running means and sums kept beside each box.

    Features: share of inliers among the vectors inside, share of weak steps, logarithm of the
    support, accumulated variance of the position, worst exchange of inliers.
    """
    sigma = options.belief.motion_sigma
    inside = (np.abs(pairs.place) < 0.5).all(axis=1)
    small = np.minimum(motion.residual / sigma, 5)
    counted = pairs.sum_per_box(
        np.column_stack((motion.weights, motion.weights * small, inside, memory.is_inlier & inside))
    )
    weight, misfit, within, inliers_within = counted.T
    residual = misfit / np.maximum(weight, 1e-6)
    survival = np.minimum(_continued(boxes, memory) / np.maximum(_inliers_before(boxes), 1), 1)
    now = np.column_stack((inliers_within / np.maximum(within, 1), motion.support < 3))
    size = np.sqrt(np.maximum(boxes.scaled_size.prod(axis=1), 1e-8))
    # The uncertainty of a mean of `support` vectors; the squares of all steps add up.
    noise = sigma * np.maximum(residual, 0.2) / np.sqrt(motion.support + 0.3) / size
    return _accumulated(boxes, now, np.log1p(motion.support), noise, survival)


def _accumulated(
    boxes: BoxStates,
    now: FloatArray,
    support: FloatArray,
    noise: FloatArray,
    survival: FloatArray,
) -> FloatArray:
    e = boxes.evidence
    is_first = boxes.age_us == 0
    slow = np.where(is_first[:, None], now, e[:, :2] + SLOW * (now - e[:, :2]))
    fast = np.where(is_first, support, e[:, 2] + FAST * (support - e[:, 2]))
    worst = np.maximum(0.98 * e[:, 4], np.where(is_first, 0, 1 - survival))
    return np.column_stack((slow, fast, e[:, 3] + noise**2, worst))


def _inliers_before(boxes: BoxStates) -> FloatArray:
    memory = boxes.memory
    return np.bincount(memory.box[memory.is_inlier], minlength=len(boxes)).astype(np.float64)


def _continued(boxes: BoxStates, memory: FeatureMemory) -> FloatArray:
    before = boxes.memory
    if not len(before.key):
        return np.zeros(len(boxes))
    where = np.minimum(np.searchsorted(before.key, memory.key), len(before.key) - 1)
    continued = (before.key[where] == memory.key) & before.is_inlier[where] & memory.is_inlier
    return np.bincount(memory.box[continued], minlength=len(boxes)).astype(np.float64)
