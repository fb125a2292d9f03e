"""Rejects flow vectors that no neighbour agrees with.

MediaPipe draws a few random vectors per block and keeps the largest agreeing set (a local
translational RANSAC). With a few hundred points every vector can be a hypothesis at the price
of one matrix product: the answer is then exact and the same in every run, and a small object
in a busy block is not voted out by a large background, because support is counted instead of
compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSupportOptions:
    """When a vector counts as supported."""

    radius_fraction: float = 0.1
    """Neighbours are looked for within this fraction of the frame's diagonal."""

    min_supporters: int = 2
    """Neighbours that must agree."""

    absolute_inlier_error_threshold: float = 1.0
    """Vectors agree when they differ by less, pixels…"""

    relative_inlier_error_threshold: float = 0.1
    """…or by less than this fraction of their length."""


def supported_by_neighbours(
    positions: FloatArray, flow: FloatArray, shape: tuple[int, ...], options: FlowSupportOptions
) -> NDArray[np.bool_]:
    """Returns for each vector `[vector, xy]` whether enough neighbours move alike.

    A vector alone in its neighbourhood cannot be contradicted and is kept.
    """
    if len(positions) <= options.min_supporters:
        return np.ones(len(positions), np.bool_)
    radius = options.radius_fraction * float(np.hypot(shape[0], shape[1]))
    tolerance = np.maximum(
        options.absolute_inlier_error_threshold,
        options.relative_inlier_error_threshold * np.linalg.norm(flow, axis=1),
    )
    near = _differ_by_less(positions, np.full(len(positions), radius))
    agrees = _differ_by_less(flow, tolerance)
    agrees &= near
    # Both counts include the vector itself. Single precision counts a row by one fast product.
    ones = np.ones(len(positions), np.float32)
    neighbours = near.astype(np.float32) @ ones - 1
    supporters = agrees.astype(np.float32) @ ones - 1
    supported: NDArray[np.bool_] = supporters >= np.minimum(options.min_supporters, neighbours)
    return supported


def _differ_by_less(points: FloatArray, limit: FloatArray) -> NDArray[np.bool_]:
    """Returns `[point, point]` whether |a - b| < limit of a.

    |a|² + |b|² - 2ab - limit² is one matrix product with the squares as further columns: no
    intermediate arrays of all pairs, which would cost more than the comparison.
    """
    # Centred first: in single precision the formula loses digits far from the origin.
    p = points - points.mean(axis=0)
    squared = np.einsum("ij,ij->i", p, p)
    ones = np.ones(len(p))
    left = np.column_stack((-2 * p, squared - limit**2, ones)).astype(np.float32)
    right = np.column_stack((p, ones, squared)).astype(np.float32)
    less: NDArray[np.bool_] = left @ right.T < 0
    return less
