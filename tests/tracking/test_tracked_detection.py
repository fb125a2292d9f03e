import numpy as np
import pytest

from flowlace.formats.detection import Detection
from flowlace.tracking.tracked_detection import (
    SETTLING_US,
    Smoothing,
    TrackedDetection,
    new_tracked_detection,
    upright_place,
)
from flowlace.tracking.usual_shape import UsualShapes
from tests.calculators.tracking.made_detections import box, detection

NONE = Smoothing()
SIZES = Smoothing(size_half_life_us=1000)
STRAY = Smoothing(max_stray=0.5)


def at(
    left: float, at_us: int, id_: int, size: float = 0.2, found_us: int | None = None
) -> TrackedDetection:
    found = detection(
        left, size=size, id_=id_, timestamp_us=at_us if found_us is None else found_us
    )
    made = new_tracked_detection(found, at_us, None)
    made.locate(box(id_, at_us, left, size=size))
    return made


def test_velocity_follows_the_tracker() -> None:
    one = at(0.2, 0, 1)
    for index in range(1, 40):
        one.locate(box(1, index * 100_000, 0.2 + index * 0.01))
    assert one.velocity == pytest.approx([0.1, 0], abs=1e-3)
    assert one.predicted_place(3_900_000 + 500_000)[0] == pytest.approx(0.59 + 0.05, abs=1e-3)


def test_nothing_is_predicted_for_more_than_a_second() -> None:
    one = at(0.2, 0, 1)
    one.locate(box(1, 1_000_000, 0.7))
    later = one.predicted_place(10_000_000)
    assert later == pytest.approx(one.predicted_place(2_000_000))


def test_two_detections_say_where_the_third_is_expected() -> None:
    first, second = at(0.2, 0, 1), at(0.3, 500_000, 2)
    second.take_over(first, NONE)
    assert second.found_velocity == pytest.approx([0.2, 0])
    assert second.expected_place(1_000_000)[0] == pytest.approx(0.4)


def test_detections_far_apart_in_time_say_nothing_about_velocity() -> None:
    first, second = at(0.2, 0, 1), at(0.3, 2_000_000, 2)
    second.take_over(first, NONE)
    assert second.found_velocity is None


def test_tracking_may_stray_only_so_far_from_where_detections_point() -> None:
    first, second = at(0.2, 0, 1), at(0.3, 500_000, 2)
    second.take_over(first, STRAY)
    second.locate(box(2, 1_000_000, 0.25))  # expected at .4
    assert second.shown_place(STRAY)[0] == pytest.approx(0.4 - 0.5 * 0.2)
    assert second.shown_place(NONE)[0] == pytest.approx(0.25)


def test_the_usual_size_is_taken_on_between_detections() -> None:
    each = at(0.2, 1000, 2, size=0.1)
    each.size_factor = np.array([4.0, 1.0])
    fresh = each.shown_place(SIZES)
    assert fresh[2] - fresh[0] == pytest.approx(0.1)  # exact when it was detected
    each.locate(box(2, 1000 + SETTLING_US, 0.2, size=0.1))
    settled = each.shown_place(SIZES)
    assert settled[2] - settled[0] == pytest.approx(0.1 * 4**0.5)
    assert settled[3] - settled[1] == pytest.approx(0.1)
    assert (settled[0] + settled[2]) / 2 == pytest.approx(0.25)


def test_shapes_are_handed_on_and_sizes_compared_with_the_trackers() -> None:
    first, second = at(0.2, 0, 1, size=0.4), at(0.2, 1000, 2, size=0.1)
    first.seen_shapes = first.seen_shapes.and_then(0.5, 0)
    first.locate(box(1, 1000, 0.2, size=0.4))
    second.take_over(first, SIZES)
    assert second.seen_shapes.shapes == (0.5,)
    assert second.size_change == pytest.approx([np.log(0.25)] * 2)


def test_a_box_at_the_frame_s_edge_teaches_no_shape() -> None:
    shapes = UsualShapes(SIZES.size_half_life_us)
    cut = at(0.0, 0, 1)
    cut.take_usual_size(shapes)
    whole = at(0.3, 0, 2)
    whole.take_usual_size(shapes)
    assert cut.seen_shapes.shapes == ()
    assert len(whole.seen_shapes.shapes) == 1


def test_without_smoothing_the_trackers_box_is_shown_as_it_is() -> None:
    first, second = at(0.2, 0, 1), at(0.3, 500_000, 2)
    second.take_over(first, NONE)
    turned = box(2, 600_000, 0.3, rotation=0.4, confidence=0.5)
    second.locate(turned)
    shown = second.as_box(NONE)
    assert (shown.rotation, shown.confidence, shown.left) == (0.4, 0.5, 0.3)
    assert (shown.id, shown.label) == (1, "car")


def test_the_upright_box_holds_a_turned_one() -> None:
    quarter = box(1, 0, 0.2, 0.2, 0.2, rotation=np.pi / 4)
    half = 0.1 * np.sqrt(2)
    expected = [0.3 - half, 0.3 - half, 0.3 + half, 0.3 + half]
    assert upright_place(quarter) == pytest.approx(expected)


def test_looks_are_mixed() -> None:
    first, second = at(0.2, 0, 1), at(0.2, 1, 2)
    first.look, second.look = np.eye(2, dtype=np.float32)
    second.take_over(first, NONE)
    assert second.look == pytest.approx([0.5**0.5, 0.5**0.5])


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (Detection(detection_id=1, label=("a", "b"), score=(0.1, 0.2)), {"a": 0.1, "b": 0.2}),
        (Detection(detection_id=1, label=("a", "a"), score=(0.3, 0.2)), {"a": 0.3}),
        (Detection(detection_id=1, label_id=(4,), score=(0.3,)), {"4": 0.3}),
        (Detection(detection_id=1, label=("a",)), {"a": 0.0}),
        (Detection(detection_id=1), {}),
    ],
)
def test_labels_come_with_their_highest_score(given: Detection, labels: dict[str, float]) -> None:
    assert new_tracked_detection(given, 0, None).labels == labels
