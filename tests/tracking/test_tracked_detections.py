"""Objects keep their ids; checked without an engine and without a tracker."""

from typing import Any

import numpy as np
import pytest

from flowlace.tracking.tracked_detection import Smoothing
from flowlace.tracking.tracked_detections import (
    Association,
    TrackedDetectionOptions,
    TrackedDetections,
)
from tests.calculators.tracking.made_detections import box, detection

SECOND = 1_000_000
RED, BLUE = np.eye(2, dtype=np.float32)


def by_area(**more: Any) -> TrackedDetections:
    return TrackedDetections(TrackedDetectionOptions(**more))


def by_iou(**more: Any) -> TrackedDetections:
    return TrackedDetections(TrackedDetectionOptions(association=Association.IOU, **more))


def ids(objects: TrackedDetections) -> list[int]:
    return [each.object_id for each in objects.shown()]


@pytest.fixture(params=[by_area, by_iou])
def objects(request: pytest.FixtureRequest) -> TrackedDetections:
    made: TrackedDetections = request.param()
    return made


def test_a_detection_is_shown_once_the_tracker_tells_of_it(objects: TrackedDetections) -> None:
    objects.add([detection(id_=1)], 0)
    assert objects.update([], 0) == []
    assert ids(objects) == []
    objects.update([box(1, 10)], 10)
    assert ids(objects) == [1]


def test_a_second_detection_takes_over_the_id_and_the_old_box_is_cancelled(
    objects: TrackedDetections,
) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(0.22, id_=2)], SECOND)
    assert objects.update([box(1, SECOND), box(2, SECOND, 0.22)], SECOND) == [1]
    [shown] = objects.shown()
    assert (shown.object_id, shown.box_id) == (1, 2)
    assert shown.place[0] == 0.22


def test_ids_stay_over_many_detections(objects: TrackedDetections) -> None:
    for index in range(20):
        at_us, left = index * SECOND, 0.1 + 0.02 * index
        objects.add([detection(left, id_=index + 1)], at_us)
        before = [box(index, at_us, left - 0.01)] if index else []
        objects.update([*before, box(index + 1, at_us, left)], at_us)
        assert ids(objects) == [1]


def test_a_detection_elsewhere_is_another_object(objects: TrackedDetections) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(0.6, 0.6, id_=2)], SECOND)
    assert objects.update([box(1, SECOND), box(2, SECOND, 0.6, 0.6)], SECOND) == []
    assert ids(objects) == [1, 2]


def test_labels_keep_their_highest_score() -> None:
    objects = by_area()
    objects.add([detection(id_=1, label="car", score=0.9)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(id_=2, label="van", score=0.5)], 1)
    objects.update([box(1, 1), box(2, 1)], 1)
    assert objects.shown()[0].labels == {"car": 0.9, "van": 0.5}
    assert objects.shown()[0].best_label == "car"


def test_a_late_detection_joins_where_the_tracker_has_moved_it(objects: TrackedDetections) -> None:
    objects.add([detection(0.1, id_=1)], 0)
    objects.update([box(1, 0, 0.1)], 0)
    objects.update([box(1, SECOND, 0.5)], SECOND)
    # Found in the first frame at .1, told of a second later at .51.
    objects.add([detection(0.1, id_=2, timestamp_us=100)], SECOND)
    removed = objects.update([box(1, SECOND + 5, 0.5), box(2, SECOND + 5, 0.51)], SECOND + 5)
    assert removed == [1]
    assert ids(objects) == [1]


def test_objects_of_another_class_are_others_by_iou_and_the_same_by_area() -> None:
    outcomes = {}
    for name, objects in {"area": by_area(), "iou": by_iou()}.items():
        objects.add([detection(id_=1, label="car")], 0)
        objects.update([box(1, 0)], 0)
        objects.add([detection(id_=2, label="person")], 1)
        objects.update([box(1, 1), box(2, 1)], 1)
        outcomes[name] = ids(objects)
    assert outcomes == {"area": [1], "iou": [1, 2]}


def test_classes_may_change_if_the_options_say_so() -> None:
    objects = by_iou(ignore_labels=True)
    objects.add([detection(id_=1, label="car")], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(id_=2, label="person")], 1)
    objects.update([box(1, 1), box(2, 1)], 1)
    assert ids(objects) == [1]


@pytest.mark.parametrize(
    ("left", "size", "is_same"),
    [
        (0.2, 0.2, True),
        (0.29, 0.2, True),  # 55 % of either lies in the other
        (0.31, 0.2, False),  # 45 %
        (0.2, 0.34, True),  # 2.9 times the area
        (0.2, 0.35, False),  # 3.06 times
    ],
)
def test_mediapipes_rule_compares_areas(left: float, size: float, is_same: bool) -> None:
    objects = by_area()
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(left, size=size, id_=2)], 1)
    objects.update([box(1, 1), box(2, 1, left, size=size)], 1)
    assert (ids(objects) == [1]) is is_same


def test_by_area_objects_that_come_to_cover_each_other_are_merged() -> None:
    objects = by_area()
    objects.add([detection(0.1, id_=1, label="car")], 0)
    objects.update([box(1, 0, 0.1)], 0)
    objects.add([detection(0.6, id_=2, label="van")], 1)
    objects.update([box(1, 1, 0.1), box(2, 1, 0.6)], 1)
    assert objects.update([box(1, 2, 0.35), box(2, 2, 0.36)], 2) == [1]
    assert ids(objects) == [1]  # the later detection's box under the earlier id
    assert objects.shown()[0].box_id == 2
    assert set(objects.shown()[0].labels) == {"car", "van"}


def test_by_iou_objects_that_pass_each_other_stay_two() -> None:
    objects = by_iou()
    objects.add([detection(0.1, id_=1), detection(0.6, id_=2)], 0)
    objects.update([box(1, 0, 0.1), box(2, 0, 0.6)], 0)
    assert objects.update([box(1, 2, 0.35), box(2, 2, 0.36)], 2) == []
    assert ids(objects) == [1, 2]


def test_detections_and_objects_are_paired_one_to_one() -> None:
    objects = by_iou()
    objects.add([detection(0.2, id_=1), detection(0.24, id_=2)], 0)
    objects.update([box(1, 0, 0.2), box(2, 0, 0.24)], 0)
    objects.add([detection(0.25, id_=3), detection(0.21, id_=4)], 1)
    boxes = [box(1, 1, 0.2), box(2, 1, 0.24), box(3, 1, 0.25), box(4, 1, 0.21)]
    assert sorted(objects.update(boxes, 1)) == [1, 2]
    assert {each.object_id: each.box_id for each in objects.shown()} == {1: 4, 2: 3}


def test_looks_decide_between_objects_that_overlap() -> None:
    objects = by_iou()
    objects.add([detection(0.2, id_=1), detection(0.26, id_=2)], 0, np.array([RED, BLUE]))
    objects.update([box(1, 0, 0.2), box(2, 0, 0.26)], 0)
    objects.add([detection(0.22, id_=3), detection(0.24, id_=4)], 1, np.array([BLUE, RED]))
    boxes = [box(1, 1, 0.2), box(2, 1, 0.26), box(3, 1, 0.22), box(4, 1, 0.24)]
    objects.update(boxes, 1)
    assert {each.object_id: each.box_id for each in objects.shown()} == {1: 4, 2: 3}


def test_an_object_the_tracker_has_lost_is_not_shown(objects: TrackedDetections) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.update([], 1)
    assert ids(objects) == []


def test_an_object_the_tracker_is_silent_about_is_forgotten_after_five_seconds(
    objects: TrackedDetections,
) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    assert objects.update([], 5 * SECOND) == []
    assert objects.update([], 5 * SECOND + 1) == [1]


def test_an_object_out_of_view_ends(objects: TrackedDetections) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    assert objects.update([box(1, 1, -0.19)], 1) == []
    assert objects.update([box(1, 2, -0.21)], 2) == [1]
    assert ids(objects) == []


def test_an_object_of_which_too_little_is_in_view_ends() -> None:
    objects = by_iou(min_visible=0.4)
    objects.add([detection(id_=1)], 0)
    assert objects.update([box(1, 0, -0.11)], 0) == []
    assert objects.update([box(1, 1, -0.13)], 1) == [1]


def test_objects_that_detections_miss_are_hidden_then_lost() -> None:
    objects = by_iou(max_missed_detections=2, max_missed_shown=1)
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(id_=2)], 1)
    objects.update([box(1, 1), box(2, 1)], 1)
    shown, removed = [], []
    for index in range(2, 6):
        objects.add([], index)
        removed.append(objects.update([box(2, index)], index))
        shown.append(ids(objects))
    assert shown == [[1], [], [], []]
    assert removed == [[], [], [2], []]


def test_a_single_detection_that_is_not_confirmed_is_hidden_at_once() -> None:
    objects = by_iou(max_missed_detections=2, max_missed_shown=1)
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([], 1)
    objects.update([box(1, 1)], 1)
    assert ids(objects) == []


def test_a_hidden_object_that_is_found_again_has_its_id() -> None:
    objects = by_iou(max_missed_detections=2)
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([], 1)
    objects.update([box(1, 1)], 1)
    objects.add([detection(id_=2)], 2)
    objects.update([box(1, 2), box(2, 2)], 2)
    assert ids(objects) == [1]


def test_without_the_option_missed_objects_go_on(objects: TrackedDetections) -> None:
    objects.add([detection(id_=1)], 0)
    objects.update([box(1, 0)], 0)
    for index in range(1, 20):
        objects.add([], index)
        assert objects.update([box(1, index)], index) == []
    assert ids(objects) == [1]


def test_detections_older_than_an_object_do_not_miss_it() -> None:
    objects = by_iou(max_missed_detections=1)
    objects.add([detection(id_=1)], 10)
    objects.update([box(1, 10)], 10)
    objects.add([], 5)
    objects.update([box(1, 11)], 11)
    assert ids(objects) == [1]


def lost(**more: Any) -> TrackedDetections:
    """Returns objects of which number 1, a red one at .2, was lost at one second."""
    objects = by_iou(**{"reacquire_us": 5 * SECOND, "min_similarity": 0.8, **more})
    objects.add([detection(id_=1)], 0, np.array([RED]))
    objects.update([box(1, 0)], 0)
    objects.update([], SECOND)
    return objects


def found_again(
    objects: TrackedDetections, look: Any, *, left: float = 0.3, top: float = 0.35,
    at_us: int = 3 * SECOND, **more: Any,
) -> list[int]:  # fmt: skip
    objects.add([detection(left, top, id_=9, **more)], at_us, np.array([look]))
    objects.update([box(9, at_us, left, top, more.get("size", 0.2))], at_us)
    return ids(objects)


def test_a_lost_object_that_looks_the_same_gets_its_id_back() -> None:
    objects = lost()
    assert found_again(objects, RED) == [1]
    assert objects.reacquired == 1


def test_a_detection_that_looks_different_is_a_new_object() -> None:
    assert found_again(lost(), BLUE) == [9]


def test_nothing_comes_back_after_the_time() -> None:
    assert found_again(lost(), RED, at_us=6 * SECOND) == [9]


def test_nothing_comes_back_where_it_is_turned_off() -> None:
    assert found_again(lost(reacquire_us=0), RED) == [9]


def test_nothing_comes_back_as_another_class() -> None:
    assert found_again(lost(), RED, label="person") == [9]


def test_nothing_comes_back_farther_away_than_it_can_have_gone() -> None:
    assert found_again(lost(reach_per_s=0.05), RED, left=0.75) == [9]
    assert found_again(lost(reach_per_s=0.2), RED, left=0.75) == [1]


def test_nothing_comes_back_of_quite_another_size() -> None:
    assert found_again(lost(), RED, size=0.5) == [9]


def test_of_two_lost_objects_the_more_alike_comes_back() -> None:
    objects = by_iou(reacquire_us=5 * SECOND)
    between = (RED + BLUE) / np.float32(np.sqrt(2))
    looks = np.array([RED, between])
    objects.add([detection(0.2, id_=1), detection(0.45, id_=2)], 0, looks)
    objects.update([box(1, 0, 0.2), box(2, 0, 0.45)], 0)
    objects.update([], SECOND)
    assert found_again(objects, between) == [2]


def test_a_box_stuck_on_the_background_gives_its_id_to_the_object_found_elsewhere() -> None:
    objects = by_iou(reacquire_us=5 * SECOND, max_missed_detections=3)
    objects.add([detection(0.2, id_=1)], 0, np.array([RED]))
    objects.update([box(1, 0, 0.2)], 0)
    objects.add([detection(0.45, id_=2)], SECOND, np.array([RED]))
    removed = objects.update([box(1, SECOND, 0.2), box(2, SECOND, 0.45)], SECOND)
    assert removed == [1]
    assert ids(objects) == [1]


def test_a_correction_fades_in_where_the_options_say_so() -> None:
    objects = by_iou(smoothing=Smoothing(correction_half_life_us=100))
    objects.add([detection(0.2, id_=1)], 0)
    objects.update([box(1, 0, 0.2)], 0)
    objects.add([detection(0.24, id_=2)], 1000)
    lefts = []
    for at_us in (1000, 1100, 1200):
        objects.update([box(1, at_us, 0.2), box(2, at_us, 0.24)], at_us)
        shown = objects.shown()[0]
        lefts.append(shown.shown_place(Smoothing(correction_half_life_us=100))[0])
    assert lefts == pytest.approx([0.2, 0.22, 0.23])


def test_what_the_tracker_never_tells_of_is_given_up() -> None:
    objects = by_iou()
    objects.add([detection(id_=1)], 0)
    for at_us in range(0, 7 * SECOND, SECOND):
        objects.update([], at_us)
    assert objects.unanswered == 1
    objects.update([box(1, 8 * SECOND)], 8 * SECOND)
    assert ids(objects) == []


def test_a_detection_without_an_id_is_an_error() -> None:
    with pytest.raises(ValueError, match="put a DetectionUniqueIdCalculator before"):
        by_area().add([detection()], 0)


def test_looks_have_to_belong_to_the_detections() -> None:
    with pytest.raises(ValueError, match="2 detections at 0 us came with 1 looks"):
        by_iou().add([detection(id_=1), detection(id_=2)], 0, np.array([RED]))


def test_a_weak_detection_starts_no_object_and_its_box_is_cancelled() -> None:
    objects = by_iou(min_new_score=0.5)
    objects.add([detection(id_=1, score=0.4)], 0)
    assert objects.update([box(1, 0)], 0) == [1]
    assert ids(objects) == []


def test_a_weak_detection_goes_on_with_a_known_object() -> None:
    objects = by_iou(min_new_score=0.5)
    objects.add([detection(id_=1, score=0.9)], 0)
    objects.update([box(1, 0)], 0)
    objects.add([detection(0.22, id_=2, score=0.4)], SECOND)
    assert objects.update([box(1, SECOND), box(2, SECOND, 0.22)], SECOND) == [1]
    assert ids(objects) == [1]
