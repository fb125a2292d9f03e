"""Moves every box of a frame by one step of TrackingData, all boxes at once.

The frame of MediaPipe's MotionBox step is kept: search area, prior weights, reweighted fit,
camera plus object motion, states, option names. `feature_beliefs` says what replaced its heart.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TrackState
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import STANDARD_PERIOD_US, BoxStates, FeatureMemory
from flowlace.tracking.box_vectors import BoxVectors, FrameVectors, vectors_near_boxes
from flowlace.tracking.confidence import tracking_confidence
from flowlace.tracking.feature_beliefs import recalled_beliefs, trust_of, updated_beliefs
from flowlace.tracking.object_motion import ObjectMotion, fit_object_motion
from flowlace.tracking.quad_motion import moved_quads
from flowlace.tracking.step_evidence import gathered_evidence
from flowlace.tracking.step_options import TrackingDegrees, TrackStepOptions

FloatArray = NDArray[np.float64]


def step_boxes(boxes: BoxStates, data: TrackingData, options: TrackStepOptions) -> BoxStates:
    """Returns `boxes` moved from the frame at `data.timestamp_us` to the other frame of `data`.

    For a step forward in time pass the inverted data of the later frame. Boxes whose state is
    a failure keep it; take them out with `select`.
    """
    if not len(boxes):
        return boxes
    if data.is_duplicated:
        return _duplicated(boxes)
    vectors = FrameVectors.of(data)
    period = max(abs(data.previous_timestamp_us - data.timestamp_us) / STANDARD_PERIOD_US, 1e-3)
    pairs = vectors_near_boxes(boxes, vectors, options.expansion_size, period)
    camera_growth, camera_turn = _camera_growth_and_turn(boxes, vectors)
    belief, age = recalled_beliefs(boxes, pairs, data, options, period)
    trust = trust_of(belief, options.belief)
    motion = fit_object_motion(boxes, pairs, trust, camera_growth, options, period)
    memory = _remembered(pairs, vectors, motion, belief, age, data, options)
    evidence = gathered_evidence(boxes, pairs, motion, memory, options)
    moved = _moved(boxes, pairs, vectors, motion, (camera_growth, camera_turn), options)
    return _with_outcome(
        boxes, replace(moved, memory=memory, evidence=evidence), vectors, motion, options, period
    )


def _duplicated(boxes: BoxStates) -> BoxStates:
    is_fine = boxes.status == TrackState.TRACKED
    return replace(boxes, status=np.where(is_fine, TrackState.DUPLICATED, boxes.status))


def _camera_growth_and_turn(
    boxes: BoxStates, vectors: FrameVectors
) -> tuple[FloatArray, FloatArray]:
    jacobian = vectors.camera_jacobian(boxes.center)
    a = (jacobian[:, 0, 0] + jacobian[:, 1, 1]) / 2
    b = (jacobian[:, 1, 0] - jacobian[:, 0, 1]) / 2
    return np.hypot(a, b) - 1, np.arctan2(b, a)


def _remembered(
    pairs: BoxVectors,
    vectors: FrameVectors,
    motion: ObjectMotion,
    belief: FloatArray,
    age: NDArray[np.int64],
    data: TrackingData,
    options: TrackStepOptions,
) -> FeatureMemory:
    updated = updated_beliefs(pairs, motion, belief, data, options.belief)
    return FeatureMemory(
        key=pairs.key,
        belief=updated,
        age=age + 1,
        position=pairs.position + vectors.camera_motion(pairs.position) + pairs.object_motion,
        is_inlier=(updated > 0) & (motion.residual < 3 * options.belief.motion_sigma),
    )


def _moved(
    boxes: BoxStates,
    pairs: BoxVectors,
    vectors: FrameVectors,
    motion: ObjectMotion,
    camera: tuple[FloatArray, FloatArray],
    options: TrackStepOptions,
) -> BoxStates:
    degrees = options.tracking_degrees
    growth, turn = np.zeros(len(boxes)), np.zeros(len(boxes))
    if degrees.is_object:
        growth, turn = growth + motion.growth, turn + motion.turn
    if degrees != TrackingDegrees.TRANSLATION and (
        options.track_object_and_camera or not degrees.is_object
    ):
        growth, turn = growth + camera[0], turn + camera[1]
    limit = options.box_similarity_max_scale
    factor = np.clip(1 + growth, 1 / limit, limit) if degrees.has_scale else np.ones(len(boxes))
    turn = turn if degrees.has_rotation else np.zeros(len(boxes))
    center = boxes.center + vectors.camera_motion(boxes.center) + motion.shift
    moved = replace(
        boxes, center=center, scale=boxes.scale * factor, rotation=boxes.rotation + turn
    )
    is_quad = boxes.is_quad
    if is_quad.any():
        return _with_quads(boxes, moved, pairs, vectors, motion, (factor, turn), options)
    return moved


def _with_quads(
    boxes: BoxStates,
    moved: BoxStates,
    pairs: BoxVectors,
    vectors: FrameVectors,
    motion: ObjectMotion,
    similarity: tuple[FloatArray, FloatArray],
    options: TrackStepOptions,
) -> BoxStates:
    factor, turn = similarity
    cos, sin = factor * np.cos(turn), factor * np.sin(turn)
    x, y = np.moveaxis(boxes.quad - boxes.center[:, None], 2, 0)
    around = np.stack(
        (cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y), axis=2
    )
    quad = around + moved.center[:, None]
    if options.tracking_degrees == TrackingDegrees.OBJECT_PERSPECTIVE:
        full = pairs.object_motion + vectors.camera_motion(pairs.position)
        quad = moved_quads(boxes, pairs, full, motion, quad, options)
    # The upright bounds stand for the quad wherever a box is needed.
    low, high = quad.min(axis=1), quad.max(axis=1)
    is_quad = boxes.is_quad
    return replace(
        moved,
        quad=quad,
        center=np.where(is_quad[:, None], (low + high) / 2, moved.center),
        size=np.where(is_quad[:, None], high - low, moved.size),
        scale=np.where(is_quad, 1.0, moved.scale),
        rotation=np.where(is_quad, 0.0, moved.rotation),
    )


def _with_outcome(
    before: BoxStates,
    boxes: BoxStates,
    vectors: FrameVectors,
    motion: ObjectMotion,
    options: TrackStepOptions,
    period: float,
) -> BoxStates:
    is_supported = motion.support >= 1.0
    kept = options.velocity_update_weight * before.prior_weight
    measured = motion.shift / period
    velocity = measured + kept[:, None] * (before.velocity - measured)
    trust = np.where(is_supported, 1, -1) * options.prior_weight_increase
    outcome = replace(
        boxes,
        velocity=velocity,
        prior_weight=np.clip(before.prior_weight + trust, 0, 1),
        failures=np.where(is_supported, 0, before.failures + 1),
        age_us=before.age_us + round(period * STANDARD_PERIOD_US),
    )
    return replace(
        outcome,
        status=_status(before, outcome, vectors, options),
        confidence=tracking_confidence(outcome),
    )


def _status(
    before: BoxStates, boxes: BoxStates, vectors: FrameVectors, options: TrackStepOptions
) -> NDArray[np.int64]:
    half = boxes.half_extent()
    is_outside = np.any((boxes.center + half < 0) | (boxes.center - half > vectors.extent), axis=1)
    speed = np.linalg.norm(boxes.velocity, axis=1)
    is_moving = speed > options.static_motion_temporal_ratio
    is_hopeless = boxes.failures > options.max_track_failures
    status = np.select(
        [
            before.is_failed,
            boxes.scaled_size.min(axis=1) < 1e-3,
            is_outside & is_moving,
            is_outside,
            is_hopeless & is_moving,
            is_hopeless,
        ],
        [
            before.status,
            np.int64(TrackState.EMPTY),
            np.int64(TrackState.UNTRACKED),
            np.int64(TrackState.TRACKED_OUT_OF_BOUND),
            np.int64(TrackState.NO_FEATURES),
            np.int64(TrackState.UNTRACKED),
        ],
        np.int64(TrackState.TRACKED),
    )
    return status.astype(np.int64)
