"""Fits each object's motion relative to the camera's, all boxes at once.

Shift, growth and turn about the box's centre by iteratively reweighted least squares. The
old velocity enters as one more measurement: with features it is outvoted; when they are gone
(the object is hidden) it carries the box on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_vectors import BoxVectors
from flowlace.tracking.step_options import TrackStepOptions

FloatArray = NDArray[np.float64]

HIDDEN_VELOCITY_TRUST = 0.5
"""Least weight of the old velocity, in features, while nothing of the object is seen."""


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

    weights: FloatArray
    """`[pair]` weight of each vector in the last round, 0..1."""

    support: FloatArray
    """`[box]` sum of trust in the vectors that agree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prior:
    """What is expected of each box before its vectors are seen."""

    shift: FloatArray
    weight: FloatArray
    growth: FloatArray


def fit_object_motion(
    boxes: BoxStates,
    pairs: BoxVectors,
    trust: FloatArray,
    camera_growth: FloatArray,
    options: TrackStepOptions,
    period: float,
) -> ObjectMotion:
    """Returns the motion of each object given the trust `[pair]` in each vector.

    `camera_growth` `[box]` is the growth the camera alone would cause.
    """
    sigma = options.belief.motion_sigma
    # The trust in the state falls while an object is hidden, but its velocity stays all there is:
    # with less weight the doubtful background would stop the box.
    held = np.where(boxes.failures > 0, HIDDEN_VELOCITY_TRUST, 0.05)
    full = options.velocity_measurements * np.maximum(held, boxes.prior_weight)
    # Growth is expected to cancel the camera's: a car followed by another does not grow with
    # the street. Expecting no growth of its own instead let boxes swell with the scenery.
    shift = boxes.velocity * period
    prior = _Prior(shift=shift, weight=full, growth=-camera_growth)
    weights = trust
    for k in range(options.irls_iterations):
        fitted = _least_squares(pairs, weights, trust, prior, options)
        rest = _rest(pairs, *fitted)
        residual = np.sqrt(np.einsum("ij,ij->i", rest, rest))
        off = np.linalg.norm(fitted[0] - shift, axis=1)
        # 1/r is convex: from any start it ends in the cluster that holds most trust. Cauchy
        # weights at the end take away the last pull of far vectors.
        weigh = _cauchy if k >= options.irls_iterations - 2 else _reciprocal
        weights = trust * weigh(residual / sigma)
        prior = _Prior(shift=shift, weight=full * weigh(off / sigma), growth=-camera_growth)
    support = pairs.sum_per_box(trust / (1 + (residual / (2 * sigma)) ** 4))
    shift, growth, turn = fitted
    return ObjectMotion(
        shift=shift,
        growth=growth,
        turn=turn,
        rest=rest,
        residual=residual,
        weights=weights,
        support=support,
    )


def _reciprocal(error: FloatArray) -> FloatArray:
    return 1 / (error + 0.3)


def _cauchy(error: FloatArray) -> FloatArray:
    return 1 / (1 + (error / 2) ** 2)


def _least_squares(
    pairs: BoxVectors,
    weights: FloatArray,
    trust: FloatArray,
    prior: _Prior,
    options: TrackStepOptions,
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
        growth, turn = _growth_and_turn(pairs, weights * trust, centroid, mean, prior, options)
    shift = mean - growth[:, None] * centroid - turn[:, None] * perpendicular(centroid)
    share = total / (total + prior.weight)
    return prior.shift + share[:, None] * (shift - prior.shift), growth, turn


def _growth_and_turn(
    pairs: BoxVectors,
    weights: FloatArray,
    centroid: FloatArray,
    mean: FloatArray,
    prior: _Prior,
    options: TrackStepOptions,
) -> tuple[FloatArray, FloatArray]:
    # The weights hold the trust twice: the many doubtful features far outside, with their long
    # levers, must not decide on the size.
    q = pairs.from_center - centroid[pairs.box]
    d = pairs.object_motion - mean[pairs.box]
    products = np.column_stack(
        (
            np.einsum("ij,ij->i", q, q),
            np.einsum("ij,ij->i", q, d),
            q[:, 0] * d[:, 1] - q[:, 1] * d[:, 0],
        )
    )
    spread, along, across = pairs.sum_per_box(weights[:, None] * products).T
    ridge = (options.belief.motion_sigma / options.scale_sigma) ** 2
    growth = (along + ridge * prior.growth) / (spread + ridge)
    turn = across / (spread + ridge)
    largest = options.box_similarity_max_scale - 1
    most = options.box_similarity_max_rotation
    return np.clip(growth, -largest, largest), np.clip(turn, -most, most)


def _rest(pairs: BoxVectors, shift: FloatArray, growth: FloatArray, turn: FloatArray) -> FloatArray:
    motion = shift[pairs.box] + growth[pairs.box, None] * pairs.from_center
    motion += turn[pairs.box, None] * perpendicular(pairs.from_center)
    return pairs.object_motion - motion


def perpendicular(v: FloatArray) -> FloatArray:
    """Returns each row turned by a quarter."""
    return np.column_stack((-v[:, 1], v[:, 0]))
