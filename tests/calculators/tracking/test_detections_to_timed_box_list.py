import math

import pytest

from flowlace.calculators.tracking.detections_to_timed_box_list import (
    DetectionsToTimedBoxListCalculator,
)
from flowlace.formats.detection import Detection
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.made_detections import detection


def test_a_detection_becomes_a_box_of_its_id_and_label() -> None:
    given = [at(5, [detection(0.1, 0.3, 0.2, id_=4, label="van")])]
    run = run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=given)
    [[box]] = run.payloads("BOXES")
    assert (box.left, box.top) == (0.1, 0.3)
    assert (box.right, box.bottom) == pytest.approx((0.3, 0.5))
    assert (box.id, box.label, box.timestamp_us) == (4, "van", 5)


def test_the_time_of_the_detections_frame_wins_over_the_packets() -> None:
    given = [at(50, [detection(id_=4, timestamp_us=10)])]
    run = run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=given)
    assert run.payloads("BOXES")[0][0].timestamp_us == 10


def test_both_forms_make_one_list() -> None:
    run = run_calculator(
        DetectionsToTimedBoxListCalculator,
        DETECTIONS=[at(5, [detection(id_=1)])],
        DETECTION_LIST=[at(5, [detection(id_=2)])],
    )
    assert [box.id for box in run.payloads("BOXES")[0]] == [2, 1]


def test_nothing_found_is_an_empty_list() -> None:
    run = run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=[at(5, [])])
    assert run.payloads("BOXES") == [[]]


@pytest.mark.parametrize("size", [0.0, -0.1, math.nan])
def test_boxes_without_extent_are_counted(size: float) -> None:
    given = [at(5, [detection(size=size, id_=1), detection(id_=2)])]
    run = run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=given)
    assert [box.id for box in run.payloads("BOXES")[0]] == [2]
    assert run.counters == {"boxes_without_extent": 1}


def test_boxes_nowhere_are_counted() -> None:
    given = [at(5, [detection(left=math.inf, id_=1)])]
    run = run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=given)
    assert run.payloads("BOXES") == [[]]
    assert run.counters == {"boxes_without_extent": 1}


def test_a_place_in_pixels_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="trackers start from RELATIVE_BOUNDING_BOX"):
        run_calculator(DetectionsToTimedBoxListCalculator, DETECTIONS=[at(5, [Detection()])])


def test_an_input_is_needed() -> None:
    with pytest.raises(GraphConfigError, match="connect DETECTIONS or DETECTION_LIST"):
        run_calculator(DetectionsToTimedBoxListCalculator)
