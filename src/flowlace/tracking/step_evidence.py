"""Measures in every step what tells a good track from a lost one; `confidence` weighs it."""

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracking_data import TrackingData
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
    data: TrackingData,
    options: TrackStepOptions,
) -> FloatArray:
    """Returns `[box, feature]`: running means and sums kept beside each box."""
    sigma = options.belief.motion_sigma
    inside = (np.abs(pairs.place) < 0.5).all(axis=1)
    weight = motion.weights
    total = np.maximum(pairs.sum_per_box(weight), 1e-6)
    residual = pairs.sum_per_box(weight * np.minimum(motion.residual / sigma, 5)) / total
    count_inside = pairs.sum_per_box(inside.astype(np.float64))
    inliers = pairs.sum_per_box((memory.is_inlier & inside).astype(np.float64))
    old = pairs.sum_per_box((memory.is_inlier & (memory.age > 10)).astype(np.float64))
    all_inliers = pairs.sum_per_box(memory.is_inlier.astype(np.float64))
    before = pairs_before(boxes)
    survived = np.minimum(old_continued(boxes, memory) / np.maximum(before, 1), 1)
    size = np.sqrt(np.maximum(boxes.scaled_size.prod(axis=1), 1e-8))
    noise = sigma * np.maximum(residual, 0.2) / np.sqrt(motion.support + 0.3) / size
    e = boxes.evidence
    is_first = (boxes.age_us == 0)[:, None]
    now = np.column_stack(
        (
            inliers / np.maximum(count_inside, 1),
            residual,
            survived,
            old / np.maximum(all_inliers, 1),
            (motion.support < 3).astype(np.float64),
        )
    )
    slow = np.where(is_first, now, e[:, :5] + SLOW * (now - e[:, :5]))
    support = np.log1p(motion.support)
    support = np.where(is_first[:, 0], support, e[:, 5] + FAST * (support - e[:, 5]))
    drift = e[:, 6] + noise**2
    worst = np.maximum(0.98 * e[:, 7], np.where(is_first[:, 0], 0, 1 - survived))
    return np.column_stack((slow, support, drift, worst))


def pairs_before(boxes: BoxStates) -> FloatArray:
    """Returns how many inliers each box had after the step before."""
    memory = boxes.memory
    return np.bincount(memory.box[memory.is_inlier], minlength=len(boxes)).astype(np.float64)


def old_continued(boxes: BoxStates, memory: FeatureMemory) -> FloatArray:
    """Returns how many of those are inliers again."""
    before = boxes.memory
    if not len(before.key):
        return np.zeros(len(boxes))
    where = np.minimum(np.searchsorted(before.key, memory.key), len(before.key) - 1)
    continued = (before.key[where] == memory.key) & before.is_inlier[where] & memory.is_inlier
    return np.bincount(memory.box[continued], minlength=len(boxes)).astype(np.float64)
