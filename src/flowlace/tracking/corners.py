"""Corners spread evenly over a frame, found by the smaller eigenvalue of the structure tensor."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class CornerOptions:
    """Which points are worth following. Names as in MediaPipe's TrackingOptions."""

    max_features: int = 600
    """Points kept in a frame, old ones and new ones together."""

    min_feature_distance: int = 5
    """Pixels of the analysed frame between two points, at least."""

    block_size: int = 5
    """Side of the window that sums the structure tensor, pixels."""

    feature_quality_level: float = 0.01
    """Least response, as a fraction of the strongest of the same grid cell."""

    lowest_quality_level: float = 8e-5
    """Least response at all; below it the picture is flat (grey levels as 0..1)."""

    adaptive_features_cells: int = 8
    """Grid cells along each axis; each hands over its best corner in turn."""

    max_cell_share: float = 2.0
    """A cell holds at most this many times its even share of `max_features`.

    Without the limit a textured crowd uses up all points, and none are left for an object
    that moves into a part of the picture that was flat before.
    """

    border_px: int = 3
    """Points closer to the frame's edge are left out."""


def grid_corners(
    gray: NDArray[np.uint8], occupied: FloatArray, wanted: int, options: CornerOptions
) -> FloatArray:
    """Returns up to `wanted` new corners, `[point, xy]` in pixels.

    `occupied` `[point, xy]` are points already followed: no corner comes closer to one than
    `min_feature_distance`. Corners are taken one a grid cell in turn, so that a strongly
    textured region does not use up all of them.
    """
    if wanted <= 0 or min(gray.shape) <= 2 * options.border_px + 2:
        return np.empty((0, 2))
    response = np.asarray(cv2.cornerMinEigenVal(gray, options.block_size), np.float32)
    is_corner = _local_maxima(response, options)
    _clear_around(is_corner, occupied, options)
    rows, columns = np.nonzero(is_corner)
    return _one_a_cell_in_turn(
        np.column_stack((columns, rows)),
        response[rows, columns],
        _cell_of(occupied, gray.shape, options),
        gray.shape,
        wanted,
        options,
    )


def _cell_of(
    points: FloatArray, shape: tuple[int, ...], options: CornerOptions
) -> NDArray[np.int64]:
    cells = options.adaptive_features_cells
    at = (points * cells / np.array([shape[1], shape[0]])).astype(np.int64)
    cell: NDArray[np.int64] = at.clip(0, cells - 1) @ np.array([1, cells])
    return cell


def _local_maxima(response: NDArray[np.float32], options: CornerOptions) -> NDArray[np.bool_]:
    side = 2 * (options.min_feature_distance // 2) + 1
    # A window maximum as wide as the wanted distance replaces the usual 3x3 test followed by
    # one-by-one thinning: the same spacing without a loop over points.
    highest = cv2.dilate(response, np.ones((side, side), np.uint8))
    is_corner: NDArray[np.bool_] = (response >= highest) & (response > options.lowest_quality_level)
    edge = options.border_px
    is_corner[:edge] = is_corner[-edge:] = False
    is_corner[:, :edge] = is_corner[:, -edge:] = False
    return is_corner


def _clear_around(
    is_corner: NDArray[np.bool_], occupied: FloatArray, options: CornerOptions
) -> None:
    if not len(occupied):
        return
    height, width = is_corner.shape
    taken = np.zeros((height, width), np.uint8)
    column = np.clip(np.rint(occupied[:, 0]).astype(np.intp), 0, width - 1)
    row = np.clip(np.rint(occupied[:, 1]).astype(np.intp), 0, height - 1)
    taken[row, column] = 1
    side = 2 * options.min_feature_distance - 1
    is_corner &= cv2.dilate(taken, np.ones((side, side), np.uint8)) == 0


def _one_a_cell_in_turn(
    points: NDArray[np.intp],
    response: NDArray[np.float32],
    occupied_cells: NDArray[np.int64],
    shape: tuple[int, ...],
    wanted: int,
    options: CornerOptions,
) -> FloatArray:
    if not len(points):
        return np.empty((0, 2))
    cell_count = options.adaptive_features_cells**2
    cell = _cell_of(points.astype(np.float64), shape, options)
    best = np.zeros(cell_count, np.float32)
    np.maximum.at(best, cell, response)
    good = response > options.feature_quality_level * best[cell]
    points, response, cell = points[good], response[good], cell[good]
    by_cell = np.lexsort((-response, cell))
    counts = np.bincount(cell, minlength=cell_count)
    held = np.bincount(occupied_cells, minlength=cell_count)
    turn = np.arange(len(cell)) - np.repeat(np.cumsum(counts) - counts - held, counts)
    most = options.max_cell_share * options.max_features / cell_count
    by_turn = np.lexsort((-response[by_cell], turn))
    first = by_turn[turn[by_turn] < most][:wanted]
    return points[by_cell[first]].astype(np.float64)
