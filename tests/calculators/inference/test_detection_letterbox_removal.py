"""Borders taken away; the first two cases are those of MediaPipe's own tests."""

import pytest

from flowlace.calculators.inference.detection_letterbox_removal import (
    DetectionLetterboxRemovalCalculator,
)
from flowlace.formats.detection import Detection
from flowlace.framework.errors import CalculatorError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.found_things import (
    corner_and_size,
    in_pixels,
    keypoints,
    relative,
)

FOUND = relative(0.25, 0.25, 0.25, 0.25, label=("detected_object",), score=0.3)


def carried(detection: Detection, *padding: float) -> Detection:
    run = run_calculator(
        DetectionLetterboxRemovalCalculator,
        DETECTIONS=[at(8, [detection])],
        LETTERBOX_PADDING=[at(8, padding)],
    )
    ((found,),) = run.payloads("DETECTIONS")
    assert isinstance(found, Detection)
    return found


def test_borders_left_and_right() -> None:
    found = carried(FOUND, 0.2, 0, 0.3, 0)
    assert corner_and_size(found) == pytest.approx((0.1, 0.25, 0.5, 0.25))
    assert (found.label, found.score) == (("detected_object",), (0.3,))


def test_borders_above_and_below() -> None:
    found = carried(FOUND, 0, 0.2, 0, 0.3)
    assert corner_and_size(found) == pytest.approx((0.25, 0.1, 0.25, 0.5))


def test_keypoints_move_with_the_box() -> None:
    found = carried(relative(0, 0, 1, 1, points=[(0.25, 0.5), (0.75, 1.0)]), 0.25, 0, 0.25, 0)
    assert keypoints(found) == [(0.0, 0.5), (1.0, 1.0)]


def test_detections_without_padding_are_dropped_and_counted() -> None:
    run = run_calculator(
        DetectionLetterboxRemovalCalculator,
        DETECTIONS=[at(0, [FOUND]), at(1, [])],
        LETTERBOX_PADDING=[at(1, (0.0, 0.0, 0.0, 0.0))],
    )
    assert run.timestamps("DETECTIONS") == [1]
    assert run.counters == {"detections_without_padding": 1}


def test_what_makes_no_sense_is_an_error() -> None:
    with pytest.raises(CalculatorError, match="leaves nothing of the picture"):
        carried(FOUND, 0.5, 0, 0.5, 0)
    with pytest.raises(CalculatorError, match="only detections with RELATIVE_BOUNDING_BOX"):
        carried(in_pixels(1, 2, 3, 4), 0, 0, 0, 0)
