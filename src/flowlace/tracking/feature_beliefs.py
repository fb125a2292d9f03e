"""How likely each feature near a box is part of the box's object.

MediaPipe multiplies a dozen boost factors per vector and mixes measured and old motion by a
"disparity", whose continuity term never works because a count is passed where a fraction is
meant. Here each (box, feature) pair carries one number, the log-odds that the feature is on
the object. It starts from the place in the box, moves in every step by how much better the
object's motion explains the feature than the camera's does, and weighs the feature in the fit.
"""

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_vectors import BoxVectors
from flowlace.tracking.object_motion import ObjectMotion
from flowlace.tracking.step_options import BeliefOptions, TrackStepOptions

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def recalled_beliefs(
    boxes: BoxStates,
    pairs: BoxVectors,
    data: TrackingData,
    options: TrackStepOptions,
    period: float,
) -> tuple[FloatArray, IntArray]:
    """Returns log-odds `[pair]` from memory, or from place and motion for new features, and ages.

    Ages are steps since the feature was first near the box. `period` is the step's length in
    standard frame periods.
    """
    fresh = place_log_odds(pairs, options.belief) + _expected_motion_evidence(
        boxes, pairs, options, period
    )
    memory = boxes.memory
    if data.is_chunk_boundary or not len(memory.key):
        return fresh, np.zeros(len(fresh), np.int64)
    where = np.minimum(np.searchsorted(memory.key, pairs.key), len(memory.key) - 1)
    known = memory.key[where] == pairs.key
    belief = np.where(known, memory.belief[where], fresh)
    return belief, np.where(known, memory.age[where], 0)


def place_log_odds(pairs: BoxVectors, options: BeliefOptions) -> FloatArray:
    """Returns what the place in the box alone says `[pair]`."""
    r2 = 4 * squared_length(pairs.place)
    slope = options.center_log_odds - options.edge_log_odds
    odds: FloatArray = np.maximum(options.center_log_odds - slope * r2, options.outside_log_odds)
    return odds


def _expected_motion_evidence(
    boxes: BoxStates, pairs: BoxVectors, options: TrackStepOptions, period: float
) -> FloatArray:
    """Returns how much better the old velocity explains new features than the camera does.

    In the picture of an occluder the place alone would call the occluder the object.
    """
    expected = boxes.velocity * period
    speed = np.sqrt(squared_length(expected))
    sigma = np.maximum(options.min_motion_sigma, options.relative_motion_sigma * speed)
    variance = (sigma**2)[pairs.box]
    off = pairs.object_motion - expected[pairs.box]
    by_camera = np.minimum(squared_length(pairs.object_motion) / variance, 9)
    by_object = np.minimum(squared_length(off) / variance, 9)
    evidence: FloatArray = 0.5 * boxes.prior_weight[pairs.box] * (by_camera - by_object)
    return evidence


def trust_of(belief: FloatArray, options: BeliefOptions) -> FloatArray:
    """Returns the weight `[pair]` of a feature in a fit."""
    trust: FloatArray = (1 + np.exp(-belief)) ** -options.caution
    return trust


def updated_beliefs(
    pairs: BoxVectors,
    motion: ObjectMotion,
    belief: FloatArray,
    data: TrackingData,
    options: BeliefOptions,
) -> FloatArray:
    """Returns the log-odds `[pair]` after the evidence of a step."""
    variance = options.motion_sigma**2
    cap = 2 * options.max_evidence
    by_object = np.minimum(motion.residual**2 / variance, cap)
    change = -options.misfit_penalty * (by_object >= cap)
    if data.is_background_stable:
        by_camera = np.minimum(squared_length(pairs.object_motion) / variance, cap)
        apart = squared_length(pairs.object_motion - motion.rest) / variance
        evidence = 0.5 * (by_camera - by_object) * apart / (apart + options.separation**2)
        back = options.return_rate * (place_log_odds(pairs, options) - belief)
        change = change + options.learning_rate * evidence + back
    return np.clip(belief + change, -options.limit, options.limit)


def squared_length(v: FloatArray) -> FloatArray:
    """Returns the squared length of each row."""
    result: FloatArray = np.einsum("ij,ij->i", v, v)
    return result
