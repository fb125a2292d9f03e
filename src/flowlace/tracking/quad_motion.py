"""Moves the corners of quads by a homography fitted to the vectors inside, all quads at once."""

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_vectors import BoxVectors
from flowlace.tracking.object_motion import ObjectMotion
from flowlace.tracking.step_options import TrackStepOptions

FloatArray = NDArray[np.float64]


def moved_quads(
    boxes: BoxStates,
    pairs: BoxVectors,
    full_motion: FloatArray,
    motion: ObjectMotion,
    by_similarity: FloatArray,
    options: TrackStepOptions,
) -> FloatArray:
    """Returns `[box, corner, xy]` after the step.

    `full_motion` `[pair, xy]` holds camera and object; `by_similarity` is where the corners go
    without perspective, used for quads whose homography is not supported or not believable.
    """
    size = np.maximum(boxes.scaled_size.max(axis=1), 1e-6)
    # Coordinates of order one about the centre keep the normal equations well conditioned.
    p = pairs.from_center / size[pairs.box, None]
    m = full_motion / size[pairs.box, None]
    h = _fit_homographies(pairs, p, m, motion.weights)
    corners = (boxes.quad - boxes.center[:, None]) / size[:, None, None]
    scaled = np.einsum("bij,bcj->bci", h[:, :, :2], corners) + h[:, None, :, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = scaled[..., :2] / scaled[..., 2:]
    usable = _is_believable(h, options) & (motion.support > options.object_perspective_min_support)
    usable &= np.isfinite(moved).all(axis=(1, 2)) & (scaled[..., 2] > 0.1).all(axis=1)
    placed = moved * size[:, None, None] + boxes.center[:, None]
    return np.where(usable[:, None, None], placed, by_similarity)


def _fit_homographies(
    pairs: BoxVectors, p: FloatArray, m: FloatArray, weights: FloatArray
) -> FloatArray:
    """Returns `[box, 3, 3]` by the direct linear method with h22 = 1."""
    q = p + m
    normal = np.zeros((pairs.box_count, 9, 9))
    for axis in (0, 1):
        row = np.zeros((len(p), 9))
        row[:, 3 * axis : 3 * axis + 2] = p
        row[:, 3 * axis + 2] = 1
        row[:, 6:8] = -p * q[:, axis, None]
        row[:, 8] = q[:, axis]
        normal += pairs.sum_per_box((weights[:, None] * row)[:, :, None] * row[:, None, :])
    # A trace of ridge keeps boxes without enough vectors solvable; they are not used anyway.
    left = normal[:, :8, :8] + 1e-9 * np.eye(8)
    h = np.linalg.solve(left, normal[:, :8, 8:])[..., 0]
    return np.concatenate((h, np.ones((len(h), 1))), axis=1).reshape(-1, 3, 3)


def _is_believable(h: FloatArray, options: TrackStepOptions) -> NDArray[np.bool_]:
    a = (h[:, 0, 0] + h[:, 1, 1]) / 2
    b = (h[:, 1, 0] - h[:, 0, 1]) / 2
    scale, turn = np.hypot(a, b), np.arctan2(b, a)
    largest = options.quad_homography_max_scale
    believable: NDArray[np.bool_] = ((scale < largest) & (scale > 1 / largest)) & (
        np.abs(turn) < options.quad_homography_max_rotation
    )
    return believable
