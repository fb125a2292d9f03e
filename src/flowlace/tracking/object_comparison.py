"""Compares detected objects with each other: place, area, class and look, all pairs at once."""

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.box_matching import areas, overlaps, shared_areas
from flowlace.tracking.detection_look import similarities
from flowlace.tracking.tracked_detection import (
    MOST_PREDICTED_US,
    TrackedDetection,
    places_of,
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Objects = list[TrackedDetection]

LOOK_WEIGHT = 2.0
"""Weight of likeness beside overlap in the choice between objects that overlap with a detection."""


def overlap_scores(
    new: Objects, known: Objects, now_us: int, min_iou: float, ignores_labels: bool
) -> FloatArray:
    """Returns `[new, known]`: overlap and likeness; minus infinity for pairs that can't be one.

    An object is where the tracker has it, or where its last detections point: points of the
    background pull at small boxes, but not at detections.
    """
    here = places_of(new)
    tracked = overlaps(here, np.array([each.predicted_place(now_us) for each in known]))
    expected = overlaps(here, np.array([each.expected_place(now_us) for each in known]))
    scores = np.maximum(tracked, expected)
    # Somebody else may stand where an object was lost a while ago.
    is_old = np.array([now_us - each.updated_us > MOST_PREDICTED_US for each in known])
    is_apart = (scores < min_iou) | is_old | ~labels_agree(new, known, ignores_labels)
    found: FloatArray = np.where(is_apart, -np.inf, scores + LOOK_WEIGHT * likeness(new, known))
    return found


def same_by_area(
    first: Objects, second: Objects, max_area_ratio: float, min_overlap_ratio: float
) -> BoolArray:
    """Returns `[first, second]`: MediaPipe's rule for the same object."""
    a, b = places_of(first), places_of(second)
    smaller = np.minimum(areas(a)[:, None], areas(b)[None, :])
    larger = np.maximum(areas(a)[:, None], areas(b)[None, :])
    # More than a share of either box is more than that share of the smaller one.
    is_shared = shared_areas(a, b) > min_overlap_ratio * smaller
    return np.asarray(is_shared & (larger <= max_area_ratio * smaller), np.bool_)


def labels_agree(first: Objects, second: Objects, ignores_labels: bool) -> BoolArray:
    """Returns `[first, second]`: whether the best label of one is among the other's."""
    if ignores_labels:
        return np.ones((len(first), len(second)), np.bool_)
    rows = [
        [
            a.labels == b.labels or a.best_label in b.labels or b.best_label in a.labels
            for b in second
        ]
        for a in first
    ]
    return np.array(rows, np.bool_).reshape(len(first), len(second))


def likeness(first: Objects, second: Objects) -> FloatArray:
    """Returns `[first, second]` similarities of looks; 0 where one has none."""
    found = np.zeros((len(first), len(second)))
    rows = [index for index, each in enumerate(first) if each.look is not None]
    columns = [index for index, each in enumerate(second) if each.look is not None]
    if rows and columns:
        found[np.ix_(rows, columns)] = similarities(
            np.array([first[index].look for index in rows]),
            np.array([second[index].look for index in columns]),
        )
    return found


def area_ratios(first: Objects, second: Objects) -> FloatArray:
    """Returns `[first, second]` larger area / smaller area; infinity for empty boxes."""
    a, b = areas(places_of(first))[:, None], areas(places_of(second))[None, :]
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    ratio: FloatArray = np.divide(
        larger, smaller, out=np.full_like(larger, np.inf), where=smaller > 0
    )
    return ratio


def distances(new: Objects, gone: Objects, now_us: int, reach_per_s: float) -> FloatArray:
    """Returns `[new, gone]` distance from where a lost object should be; 1 is as far as can be.

    That is a box's size, and `reach_per_s` frames for each second since its last detection.
    """
    here = places_of(new)[:, None]
    there = np.array([each.predicted_place(now_us) for each in gone])[None, :]
    away_s = np.array([(now_us - each.started_us) / 1e6 for each in gone])
    sizes = (here[..., 2:] - here[..., :2] + there[..., 2:] - there[..., :2]) / 2
    reach = sizes + reach_per_s * away_s[None, :, None]
    between = np.abs(here[..., :2] + here[..., 2:] - there[..., :2] - there[..., 2:]) / 2
    found: FloatArray = (between / np.maximum(reach, 1e-9)).max(axis=2)
    return found
