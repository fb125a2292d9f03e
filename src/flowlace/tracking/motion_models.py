"""Translation, similarity and homography fitted to weighted point motion.

All functions take positions `p` and motion `m` `[point, xy]`; a model maps `p` to `p + m`.
Models are 3x3 matrices, so that they compose with `@`.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def apply_model(model: FloatArray, points: FloatArray) -> FloatArray:
    """Returns `[point, xy]` moved by the 3x3 `model`."""
    moved = points @ model[:, :2].T + model[:, 2]
    result: FloatArray = moved[:, :2] / moved[:, 2:]
    return result


def translation(dx: float, dy: float) -> FloatArray:
    """Returns the 3x3 matrix that moves by dx, dy."""
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])


def fit_translation(m: FloatArray, weights: FloatArray) -> FloatArray:
    """Returns the weighted mean motion as a 3x3 matrix."""
    dx, dy = weights @ m / weights.sum()
    return translation(dx, dy)


def fit_similarity(p: FloatArray, m: FloatArray, weights: FloatArray) -> FloatArray:
    """Returns the weighted least-squares similarity, closed form about the centroid.

    Raises ValueError when the points fall together.
    """
    w = weights / weights.sum()
    centre = w @ p
    mean_motion = w @ m
    q = p - centre
    d = m - mean_motion
    spread = float(w @ np.einsum("ij,ij->i", q, q))
    if spread < 1e-12:
        raise ValueError("a similarity needs points that do not fall together")
    a = 1 + float(w @ np.einsum("ij,ij->i", q, d)) / spread
    b = float(w @ (q[:, 0] * d[:, 1] - q[:, 1] * d[:, 0])) / spread
    linear = np.array([[a, -b], [b, a]])
    model = np.eye(3)
    model[:2, :2] = linear
    model[:2, 2] = centre + mean_motion - linear @ centre
    return model


def fit_homography(p: FloatArray, m: FloatArray, weights: FloatArray) -> FloatArray:
    """Returns the weighted least-squares homography with h22 = 1 (direct linear, 8 unknowns).

    Raises numpy.linalg.LinAlgError when the points do not determine it.
    """
    q = p + m
    x, y = p[:, 0], p[:, 1]
    rows = np.zeros((2, len(p), 9))
    for axis in (0, 1):
        rows[axis, :, 3 * axis] = x
        rows[axis, :, 3 * axis + 1] = y
        rows[axis, :, 3 * axis + 2] = 1
        rows[axis, :, 6] = -x * q[:, axis]
        rows[axis, :, 7] = -y * q[:, axis]
        rows[axis, :, 8] = q[:, axis]
    weighted = (rows * weights[:, None]).reshape(-1, 9)
    normal = weighted.T @ rows.reshape(-1, 9)
    h = np.linalg.solve(normal[:8, :8], normal[:8, 8])
    return np.append(h, 1.0).reshape(3, 3)


def similarity_about(model: FloatArray, point: FloatArray) -> tuple[float, float]:
    """Returns scale and rotation (radians) of `model` near `point`, by its local derivative."""
    w = float(model[2, :2] @ point + model[2, 2])
    moved = (model[:2, :2] @ point + model[:2, 2]) / w
    jacobian = (model[:2, :2] - np.outer(moved, model[2, :2])) / w
    a = (jacobian[0, 0] + jacobian[1, 1]) / 2
    b = (jacobian[1, 0] - jacobian[0, 1]) / 2
    return float(np.hypot(a, b)), float(np.arctan2(b, a))
