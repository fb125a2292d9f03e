"""Scores agree with their definitions."""

import numpy as np
import pytest

from flowlace.tracking.evaluation import (
    auroc,
    calibration_error,
    center_distance_px,
    intersection_over_union,
    precision,
    reinitialisation_frames,
    success_auc,
)


def test_overlap_of_half_shifted_squares_is_a_third() -> None:
    boxes = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2]])
    assert intersection_over_union(*boxes) == pytest.approx([1 / 3])


def test_empty_boxes_overlap_nothing() -> None:
    nothing = np.zeros((1, 4))
    assert intersection_over_union(nothing, nothing) == [0]


def test_a_perfect_track_misses_only_the_last_threshold() -> None:
    assert success_auc(np.ones(5)) == pytest.approx(20 / 21)


def test_precision_counts_frames_within_the_limit() -> None:
    boxes = np.array([[0.0, 0, 2, 2], [30, 0, 2, 2]])
    distances = center_distance_px(boxes, np.tile((0.0, 0, 2, 2), (2, 1)))
    assert precision(distances) == 0.5


def test_auroc_of_perfect_order_is_one_and_of_ties_a_half() -> None:
    is_right = np.array([False, False, True, True])
    assert auroc(np.array([0.1, 0.2, 0.3, 0.4]), is_right) == 1
    assert auroc(np.full(4, 0.5), is_right) == 0.5


def test_auroc_of_one_kind_is_not_a_number() -> None:
    assert np.isnan(auroc(np.array([0.1, 0.2]), np.array([True, True])))


def test_calibration_error_is_the_gap_between_stated_and_met() -> None:
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 5) == pytest.approx(0.3)


def test_reinitialisation_skips_frames_without_truth() -> None:
    assert reinitialisation_frames([0, 1, 2, 3, 7, 8, 9], every=3) == [0, 3, 7]


def test_scores_need_frames() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        success_auc(np.empty(0))
