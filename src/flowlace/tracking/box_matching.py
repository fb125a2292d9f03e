"""Compares every box of one set with every box of another, and pairs them one to one."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def areas(boxes: FloatArray) -> FloatArray:
    """Returns the area `[box]` of boxes `[box, (left, top, right, bottom)]`; 0 for empty ones."""
    area: FloatArray = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return area


def shared_areas(first: FloatArray, second: FloatArray) -> FloatArray:
    """Returns the area `[first, second]` that each box shares with each other one."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: FloatArray = np.maximum(high - low, 0).prod(axis=2)
    return shared


def overlaps(first: FloatArray, second: FloatArray) -> FloatArray:
    """Returns intersection over union `[first, second]`; 0 where both boxes are empty.

    >>> a, b = np.array([[0.0, 0, 2, 1]]), np.array([[1.0, 0, 3, 1], [5, 5, 6, 6]])
    >>> overlaps(a, b).round(3).tolist()
    [[0.333, 0.0]]
    """
    shared = shared_areas(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    ratio: FloatArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio


def visible_shares(boxes: FloatArray) -> FloatArray:
    """Returns the share `[box]` of each box's area that lies in the frame, 0..1 on both axes."""
    inside = np.clip(boxes, 0, 1)
    area = areas(boxes)
    share: FloatArray = np.divide(areas(inside), area, out=np.zeros_like(area), where=area > 0)
    return share


def pairs_one_to_one(scores: FloatArray, least: float) -> list[tuple[int, int]]:
    """Returns row and column of pairs that share no row and no column, the best pairs first.

    Takes the highest score, strikes out its row and column, and goes on while a score is at
    least `least`; minus infinity never pairs. For overlaps this differs from the optimal
    assignment only where boxes crowd, and there a sure pair is worth more than the sum.

    >>> pairs_one_to_one(np.array([[0.9, 0.8], [0.85, 0.1]]), 0.5)
    [(0, 0)]
    """
    left = np.where(np.isnan(scores), -np.inf, scores)
    found: list[tuple[int, int]] = []
    while left.size:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        if left[row, column] == -np.inf or left[row, column] < least:
            break
        found.append((int(row), int(column)))
        left[row, :] = -np.inf
        left[:, column] = -np.inf
    return found
