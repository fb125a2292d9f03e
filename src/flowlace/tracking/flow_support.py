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
    radius = options.radius_fraction * float(np.hypot(*shape))
    near = _squared_distances(positions) < radius**2
    tolerance = np.maximum(
        options.absolute_inlier_error_threshold,
        options.relative_inlier_error_threshold * np.linalg.norm(flow, axis=1),
    ).astype(np.float32)
    agrees = _squared_distances(flow) < (tolerance**2)[:, None]
    # Both counts include the vector itself.
    neighbours = near.sum(axis=1) - 1
    supporters = (near & agrees).sum(axis=1) - 1
    supported: NDArray[np.bool_] = supporters >= np.minimum(options.min_supporters, neighbours)
    return supported


def _squared_distances(points: FloatArray) -> NDArray[np.float32]:
    """Returns `[point, point]` by |a|² + |b|² - 2ab, one matrix product instead of a loop."""
    # Centred first: in single precision the formula loses digits far from the origin.
    p = (points - points.mean(axis=0)).astype(np.float32)
    squared = np.einsum("ij,ij->i", p, p)
    distances: NDArray[np.float32] = squared[:, None] + squared[None] - 2 * (p @ p.T)
    return distances
