import numpy as np
import pytest

from flowlace.tracking.object_comparison import (
    area_ratios,
    distances,
    labels_agree,
    likeness,
    overlap_scores,
    same_by_area,
)
from flowlace.tracking.tracked_detection import TrackedDetection, new_tracked_detection
from tests.calculators.tracking.made_detections import box, detection


def one(left: float, *, id_: int = 1, size: float = 0.2, label: str = "car") -> TrackedDetection:
    made = new_tracked_detection(detection(left, size=size, id_=id_, label=label), 0, None)
    made.locate(box(id_, 0, left, size=size))
    return made


def test_overlap_and_likeness_make_the_score() -> None:
    first, second = one(0.2), one(0.3)
    plain = overlap_scores([first], [second], 0, 0.1, False)
    assert plain == pytest.approx(np.array([[1 / 3]]))
    first.look = second.look = np.array([1, 0], np.float32)
    assert overlap_scores([first], [second], 0, 0.1, False) > plain


def test_pairs_that_can_not_be_one_have_no_score() -> None:
    known = [one(0.2), one(0.2, label="cat"), one(0.35), one(0.2)]
    known[3].locate(box(1, -2_000_000))
    scores = overlap_scores([one(0.2)], known, 0, 0.3, False)
    assert np.isfinite(scores).tolist() == [[True, False, False, False]]


def test_an_object_is_also_where_its_detections_point() -> None:
    stuck = one(0.2)
    stuck.found_place, stuck.found_velocity = np.array([0.2, 0.2, 0.4, 0.4]), np.array([0.4, 0])
    stuck.started_us = 0
    stuck.locate(box(1, 1_000_000, 0.21))
    new = one(0.6)
    assert np.isfinite(overlap_scores([new], [stuck], 1_000_000, 0.3, False)).all()


def test_labels_agree_when_one_knows_the_others_best() -> None:
    both = one(0.2)
    both.labels = {"car": 0.9, "van": 0.5}
    table = labels_agree([both], [one(0.2), one(0.2, label="van"), one(0.2, label="cat")], False)
    assert table.tolist() == [[True, True, False]]
    assert labels_agree([both], [one(0.2, label="cat")], True).all()


def test_area_ratios_are_at_least_one_and_infinite_for_empty_boxes() -> None:
    ratios = area_ratios([one(0.2, size=0.4)], [one(0.2), one(0.2, size=0.8), one(0.2, size=0.0)])
    assert ratios == pytest.approx(np.array([[4, 4, np.inf]]))


def test_the_rule_of_areas_is_symmetric() -> None:
    some = [one(left, size=size) for left in (0.1, 0.2, 0.3) for size in (0.1, 0.15, 0.3)]
    same = same_by_area(some, some, 3.0, 0.5)
    assert (same == same.T).all()
    assert same.diagonal().all()


def test_one_box_away_is_as_far_as_can_be_at_once_and_time_widens_that() -> None:
    gone = one(0.2)
    assert distances([one(0.4)], [gone], 0, 0.1) == pytest.approx(np.array([[1.0]]))
    assert distances([one(0.4)], [gone], 2_000_000, 0.1) == pytest.approx(np.array([[0.5]]))


def test_objects_without_a_look_are_like_nothing() -> None:
    seen, unseen = one(0.2), one(0.2)
    seen.look = np.array([0, 1], np.float32)
    assert likeness([seen, unseen], [seen]).tolist() == [[1], [0]]
