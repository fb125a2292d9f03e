"""Boxes of every shape the formats have, seen as four corners, and how much two of them share.

A box is told by the names of its fields, so rows of JSON are boxes too.
"""

import math
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.comparison.records import record_fields

Corners = NDArray[np.float64]
"""`[4, xy]` around the box."""

_SHAPES = (
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("xmin", "ymin", "width", "height"),
    ("x_center", "y_center", "width", "height"),
    ("left", "top", "right", "bottom"),
)
_TURNED = ("rotation", "quad")
_AROUND = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
_PLACES = ("relative_bounding_box", "bounding_box")


def box_fields(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the fields that are a box's place; none where it is no box.

    >>> box_fields({"id": 3, "x": 1.0, "y": 2.0, "w": 3.0, "h": 4.0, "rotation": 0.1})
    ('x', 'y', 'w', 'h', 'rotation')
    """
    for names in _SHAPES:
        if all(_is_number(record.get(name)) for name in names):
            return names + tuple(name for name in _TURNED if name in record)
    return ()


def corners_of(value: Any) -> Corners | None:
    """Returns the corners of a box, or of the box that a detection has; None for anything else."""
    record = record_fields(value)
    if record is None:
        return None
    if box_fields(record):
        return _corners(record)
    location = record_fields(record.get("location_data")) or {}
    places = (corners_of(location.get(name)) for name in _PLACES)
    return next((place for place in places if place is not None), None)


def overlap(first: Corners, second: Corners) -> float:
    """Returns intersection over union, 0..1; boxes that are the same share all, empty ones too.

    >>> square = np.array([(0, 0), (2, 0), (2, 2), (0, 2)], float)
    >>> round(overlap(square, square + (1, 0)), 3)
    0.333
    """
    if np.array_equal(first, second):
        return 1.0
    areas = _area(first) + _area(second)
    if not (math.isfinite(areas) and areas > 0):
        return 0.0
    upright = _is_upright(first) and _is_upright(second)
    shared = _shared_upright(first, second) if upright else _shared(first, second)
    return min(1.0, shared / (areas - shared))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _corners(record: Mapping[str, Any]) -> Corners:
    quad = record.get("quad")
    if quad is not None:
        return np.array(quad, np.float64).reshape(4, 2)
    names = box_fields(record)[:4]
    a, b, c, d = (float(record[name]) for name in names)
    if names[0] == "left":
        c, d = c - a, d - b
    if names[0] != "x_center":
        a, b = a + c / 2, b + d / 2
    around = _AROUND * (c, d)
    angle = record.get("rotation")
    if angle:
        cos, sin = math.cos(angle), math.sin(angle)
        around = around @ np.array([(cos, sin), (-sin, cos)])
    return np.asarray(around + np.array((a, b)))


def _area(corners: Corners) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _is_upright(corners: Corners) -> bool:
    return bool(len(np.unique(corners[:, 0])) <= 2 and len(np.unique(corners[:, 1])) <= 2)


def _shared_upright(first: Corners, second: Corners) -> float:
    low = np.maximum(first.min(axis=0), second.min(axis=0))
    high = np.minimum(first.max(axis=0), second.max(axis=0))
    return float(np.maximum(high - low, 0).prod())


def _shared(first: Corners, second: Corners) -> float:
    # OpenCV takes single precision with an absolute slack, so fractions of a frame are enlarged.
    both = np.concatenate((first, second))
    low = both.min(axis=0)
    scale = 1000 / max(float((both.max(axis=0) - low).max()), 1e-12)
    enlarged = [((each - low) * scale).astype(np.float32) for each in (first, second)]
    return float(cv2.intersectConvexConvex(*enlarged)[0]) / scale**2
