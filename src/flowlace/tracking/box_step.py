"""Moves every box of a frame by one step of TrackingData, all boxes at once.

The frame of MediaPipe's MotionBox step is kept (search area, weights, reweighted fit, camera
plus object motion, states and option names); its heart is replaced. MediaPipe multiplies a
dozen boost factors per vector and mixes measured and old motion by a "disparity", whose
continuity term never works because a count is passed where a fraction is meant. Here each
(box, feature) pair carries one number, the log-odds that the feature is on the object:

* it starts from the place in the box: features in the middle are likely on the object;
* in every step it moves by how much better the object's motion explains the feature than the
  camera's motion does;
* it weighs the feature in the fit of the object's motion.

The old velocity enters the fit as one more measurement. With features it is outvoted; when
they are gone (the object is hidden) it carries the box on, and features that appear in the
meantime are only believed when they move that way.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum

import os
import numpy as np
X=float(os.environ.get('X','1'))
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TrackState
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import STANDARD_PERIOD_US, BoxStates, FeatureMemory
from flowlace.tracking.box_vectors import BoxVectors, FrameVectors, vectors_near_boxes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class TrackingDegrees(IntEnum):
    """What of a box may change besides its place, numbered as in MediaPipe."""

    TRANSLATION = 0
    CAMERA_SCALE = 1
    CAMERA_ROTATION = 2
    CAMERA_ROTATION_SCALE = 3
    OBJECT_SCALE = 5
    OBJECT_ROTATION = 6
    OBJECT_ROTATION_SCALE = 7
    OBJECT_PERSPECTIVE = 8

    @property
    def has_scale(self) -> bool:
        """Whether the box may grow."""
        return self in (1, 3, 5, 7, 8)

    @property
    def has_rotation(self) -> bool:
        """Whether the box may turn."""
        return self in (2, 3, 6, 7, 8)

    @property
    def is_object(self) -> bool:
        """Whether growing and turning is also measured on the object itself."""
        return self >= TrackingDegrees.OBJECT_SCALE


@dataclass(frozen=True, kw_only=True, slots=True)
class BeliefOptions:
    """How features come to be counted as part of the object. Lengths in the aspect domain."""

    center_log_odds: float = 1.0
    """Log-odds of a new feature in the middle of the box."""

    edge_log_odds: float = -1.0
    """The same on the ellipse that touches the box's sides; falls with the square outwards."""

    outside_log_odds: float = -5.0
    """The least a place can give."""

    limit: float = 5.0
    """Log-odds stay within ± this, so that a change of mind takes few steps."""

    learning_rate: float = 0.5
    """Part of a step's evidence that is believed: steps are not independent."""

    motion_sigma: float = 1.2e-3
    """Deviation of a feature from its object's motion: flow noise and bending."""

    max_evidence: float = 3.0
    """Most log-odds one step can give."""

    separation: float = 2.0
    """Object and camera must differ by this many sigmas for full evidence.

    The object's motion is fitted to the very features it is then compared on; where both
    motions are alike that head start would win over the surroundings one by one.
    """

    return_rate: float = 0.15
    """Part of the way back to what its place says that a belief goes in each step."""

    misfit_penalty: float = 0.4
    """Log-odds lost by a feature that neither object nor camera explains."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackStepOptions:
    """Options of a step. Names and units are MediaPipe's where it has them."""

    tracking_degrees: TrackingDegrees = TrackingDegrees.OBJECT_SCALE
    """MediaPipe's default is TRANSLATION; its box tracking graph sets OBJECT_SCALE."""

    track_object_and_camera: bool = True
    """Also take the camera's scale and rotation; its graph sets this."""

    irls_iterations: int = 5
    """Rounds of reweighting in the fit."""

    min_motion_sigma: float = 2e-3
    """Least deviation of a new feature from the expected motion."""

    relative_motion_sigma: float = 0.3
    """The same as a fraction of the velocity."""

    velocity_update_weight: float = 0.5
    """Part of the old velocity kept in each step."""

    velocity_measurements: float = 1.0
    """How many features the old velocity counts as in the fit."""

    expansion_size: float = 0.03
    """The search area reaches this far around the box, at least."""

    prior_weight_increase: float = 0.2
    """Growth of the trust in the state with each good step."""

    max_track_failures: int = 30
    """Steps without support by features before the box is given up."""

    static_motion_temporal_ratio: float = 3e-3
    """A box slower than this is static, per standard frame period."""

    box_similarity_max_scale: float = 1.05
    """Largest believable growth in one step."""

    box_similarity_max_rotation: float = 0.2
    """Largest believable turn in one step, radians."""

    scale_sigma: float = 0.012
    """Expected size of growth and turn in a step; few features give less than they measure."""

    belief: BeliefOptions = field(default_factory=BeliefOptions)
    """How features are told from the background."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectMotion:
    """Fitted motion of each object relative to the camera's."""

    shift: FloatArray
    """`[box, xy]` at the box's centre."""

    growth: FloatArray
    """`[box]` relative change of size."""

    turn: FloatArray
    """`[box]` radians."""

    rest: FloatArray
    """`[pair, xy]` each vector minus its object's motion there."""

    residual: FloatArray
    """`[pair]` length of `rest`."""

    support: FloatArray
    """`[box]` belief-weighted number of vectors that agree."""


def step_boxes(boxes: BoxStates, data: TrackingData, options: TrackStepOptions) -> BoxStates:
    """Returns `boxes` moved from the frame at `data.timestamp_us` to the other frame of `data`.

    For a step forward in time pass the inverted data of the later frame.
    """
    if not len(boxes):
        return boxes
    if data.is_duplicated:
        return _duplicated(boxes)
    vectors = FrameVectors.of(data)
    period = abs(data.previous_timestamp_us - data.timestamp_us) / STANDARD_PERIOD_US
    pairs = vectors_near_boxes(boxes, vectors, options.expansion_size, period)
    belief, anchor, age = _recall(boxes, pairs, data, options, period)
    motion = _fit(boxes, pairs, belief, options, period, X*_camera_growth(boxes, vectors))
    new_belief = _updated_belief(pairs, motion, belief, data, options.belief)
    moved = _moved(boxes, vectors, motion, options)
    is_inlier = (new_belief > 0) & (motion.residual < 3 * options.belief.motion_sigma)
    memory = FeatureMemory(
        key=pairs.key,
        belief=new_belief,
        anchor=anchor,
        age=age + 1,
        position=pairs.position
        + vectors.camera_motion(pairs.position)
        + pairs.object_motion,
        is_inlier=is_inlier,
    )
    return _with_outcome(boxes, replace(moved, memory=memory), motion, options, period)


def _duplicated(boxes: BoxStates) -> BoxStates:
    ok = boxes.status == TrackState.TRACKED
    return replace(
        boxes, status=np.where(ok, TrackState.DUPLICATED, boxes.status), age=boxes.age + 1
    )


def _recall(
    boxes: BoxStates,
    pairs: BoxVectors,
    data: TrackingData,
    options: TrackStepOptions,
    period: float,
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Returns belief, anchor and age of each pair, from memory or new."""
    believed = options.belief
    fresh = _place_log_odds(pairs, believed)
    # A new feature near a moving object has to move like it: in an occluder's picture the place
    # alone would call the occluder the object.
    expected = boxes.velocity * period
    speed = np.linalg.norm(expected, axis=1)
    sigma = np.maximum(options.min_motion_sigma, options.relative_motion_sigma * speed)
    off = pairs.object_motion - expected[pairs.box]
    evidence = 0.5 * (
        np.minimum(_squared(pairs.object_motion), 9 * sigma[pairs.box] ** 2)
        - np.minimum(_squared(off), 9 * sigma[pairs.box] ** 2)
    ) / sigma[pairs.box] ** 2
    fresh = fresh + boxes.prior_weight[pairs.box] * evidence
    known, where = _find(boxes.memory.key, pairs.key)
    if data.is_chunk_boundary:
        known &= False
    belief = np.where(known, boxes.memory.belief[where] if len(where) else 0, fresh)
    anchor = pairs.place.copy()
    age = np.zeros(len(known), np.int64)
    if known.any():
        anchor[known] = boxes.memory.anchor[where[known]]
        age[known] = boxes.memory.age[where[known]]
    return belief, anchor, age


def _place_log_odds(pairs: BoxVectors, options: BeliefOptions) -> FloatArray:
    r2 = 4 * _squared(pairs.place)
    slope = options.center_log_odds - options.edge_log_odds
    return np.maximum(options.center_log_odds - slope * r2, options.outside_log_odds)


def _find(keys: IntArray, wanted: IntArray) -> tuple[NDArray[np.bool_], IntArray]:
    if not len(keys):
        return np.zeros(len(wanted), np.bool_), np.zeros(0, np.int64)
    where = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[where] == wanted, where


def _fit(
    boxes: BoxStates,
    pairs: BoxVectors,
    belief: FloatArray,
    options: TrackStepOptions,
    period: float,
    growth0: FloatArray,
) -> ObjectMotion:
    """Fits translation, growth and turn by iteratively reweighted least squares."""
    sigma = options.belief.motion_sigma
    trust = (1 / (1 + np.exp(-belief)))**float(os.environ.get('TP','1'))
    expected = boxes.velocity * period
    prior = options.velocity_measurements * (0.05 + boxes.prior_weight)
    weights, prior_weights = trust * 1.0, prior
    rounds = options.irls_iterations
    for k in range(rounds):
        fit = _least_squares(pairs, weights, trust, expected, prior_weights, options, growth0)
        shift, growth, turn = fit
        rest = _rest(pairs, shift, growth, turn)
        residual = np.sqrt(_squared(rest))
        prior_residual = np.linalg.norm(shift - expected, axis=1)
        if k < rounds - 2:
            # 1/r is convex: from any start it ends in the cluster that holds most belief.
            weights = trust * sigma / (residual + 0.3 * sigma)
            prior_weights = prior * sigma / (prior_residual + 0.3 * sigma)
        else:
            # Cauchy at the end: far vectors stop pulling at all.
            weights = trust / (1 + (residual / (2 * sigma)) ** 2)
            prior_weights = prior / (1 + (prior_residual / (2 * sigma)) ** 2)
    support = pairs.sum_per_box(trust / (1 + (residual / (2 * sigma)) ** 4))
    return ObjectMotion(
        shift=shift, growth=growth, turn=turn, rest=rest, residual=residual, support=support
    )


def _least_squares(
    pairs: BoxVectors,
    weights: FloatArray,
    trust: FloatArray,
    expected: FloatArray,
    prior_weights: FloatArray,
    options: TrackStepOptions,
    growth0: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    w = weights[:, None]
    sums = pairs.sum_per_box(
        np.concatenate((w, w * pairs.from_center, w * pairs.object_motion), axis=1)
    )
    total = sums[:, 0]
    safe = np.maximum(total, 1e-9)[:, None]
    centroid, mean = sums[:, 1:3] / safe, sums[:, 3:5] / safe
    growth = turn = np.zeros(len(total))
    if options.tracking_degrees.is_object:
        q = pairs.from_center - centroid[pairs.box]
        d = pairs.object_motion - mean[pairs.box]
        products = np.column_stack(
            (
                _squared(q),
                np.einsum("ij,ij->i", q, d),
                q[:, 0] * d[:, 1] - q[:, 1] * d[:, 0],
            )
        )
        # The square keeps the many doubtful features far outside, with their long levers, from
        # deciding on the size.
        spread, along, across = pairs.sum_per_box(w * trust[:, None] * products).T
        ridge = (options.belief.motion_sigma / options.scale_sigma) ** 2
        growth, turn = (along - ridge*growth0) / (spread + ridge), across / (spread + ridge)
        limit = options.box_similarity_max_scale - 1
        growth = np.clip(growth, -limit, limit)
        most = options.box_similarity_max_rotation
        turn = np.clip(turn, -most, most)
    shift = mean - growth[:, None] * centroid - turn[:, None] * _perpendicular(centroid)
    share = total / (total + prior_weights)
    return expected + share[:, None] * (shift - expected), growth, turn


def _rest(
    pairs: BoxVectors, shift: FloatArray, growth: FloatArray, turn: FloatArray
) -> FloatArray:
    rest = pairs.object_motion - shift[pairs.box]
    rest = rest - growth[pairs.box, None] * pairs.from_center
    return rest - turn[pairs.box, None] * _perpendicular(pairs.from_center)


def _updated_belief(
    pairs: BoxVectors,
    motion: ObjectMotion,
    belief: FloatArray,
    data: TrackingData,
    options: BeliefOptions,
) -> FloatArray:
    s2 = options.motion_sigma**2
    cap = 2 * options.max_evidence
    by_object = np.minimum(motion.residual**2 / s2, cap)
    misfit = options.misfit_penalty * (by_object >= cap)
    if not data.is_background_stable:
        return np.clip(belief - misfit, -options.limit, options.limit)
    by_camera = np.minimum(_squared(pairs.object_motion) / s2, cap)
    modelled = pairs.object_motion - motion.rest
    apart = _squared(modelled) / s2
    evidence = 0.5 * (by_camera - by_object) * apart / (apart + options.separation**2)
    back = options.return_rate * (_place_log_odds(pairs, options) - belief)
    updated = belief + back + options.learning_rate * evidence - misfit
    return np.clip(updated, -options.limit, options.limit)


def _camera_growth(boxes: BoxStates, vectors: FrameVectors) -> FloatArray:
    jacobian = vectors.camera_jacobian(boxes.center)
    a = (jacobian[:, 0, 0] + jacobian[:, 1, 1]) / 2
    b = (jacobian[:, 1, 0] - jacobian[:, 0, 1]) / 2
    return np.hypot(a, b) - 1


def _moved(
    boxes: BoxStates, vectors: FrameVectors, motion: ObjectMotion, options: TrackStepOptions
) -> BoxStates:
    camera = vectors.camera_motion(boxes.center)
    growth, turn = np.zeros(len(boxes)), np.zeros(len(boxes))
    degrees = options.tracking_degrees
    if degrees.is_object:
        growth, turn = growth + motion.growth, turn + motion.turn
    if degrees != TrackingDegrees.TRANSLATION and (
        options.track_object_and_camera or not degrees.is_object
    ):
        jacobian = vectors.camera_jacobian(boxes.center)
        a = (jacobian[:, 0, 0] + jacobian[:, 1, 1]) / 2
        b = (jacobian[:, 1, 0] - jacobian[:, 0, 1]) / 2
        growth, turn = growth + np.hypot(a, b) - 1, turn + np.arctan2(b, a)
    limit = options.box_similarity_max_scale
    return replace(
        boxes,
        center=boxes.center + camera + motion.shift,
        scale=boxes.scale * np.clip(1 + growth, 1 / limit, limit)
        if degrees.has_scale
        else boxes.scale,
        rotation=boxes.rotation + turn if degrees.has_rotation else boxes.rotation,
    )


def _with_outcome(
    before: BoxStates,
    boxes: BoxStates,
    motion: ObjectMotion,
    options: TrackStepOptions,
    period: float,
) -> BoxStates:
    is_supported = motion.support >= 1.0
    kept = options.velocity_update_weight * before.prior_weight
    measured = motion.shift / max(period, 1e-3)
    velocity = measured + kept[:, None] * (before.velocity - measured)
    step = np.where(is_supported, 1, -1) * options.prior_weight_increase
    failures = np.where(is_supported, 0, before.failures + 1)
    status = np.where(failures > options.max_track_failures, TrackState.UNTRACKED,
                      TrackState.TRACKED)
    return replace(
        boxes,
        velocity=velocity,
        prior_weight=np.clip(before.prior_weight + step, 0, 1),
        failures=failures,
        status=status.astype(np.int64),
        age=before.age + 1,
    )


def _squared(v: FloatArray) -> FloatArray:
    result: FloatArray = np.einsum("ij,ij->i", v, v)
    return result


def _perpendicular(v: FloatArray) -> FloatArray:
    return np.column_stack((-v[:, 1], v[:, 0]))
