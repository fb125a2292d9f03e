"""Detections carried over; the numbers are those of MediaPipe's own tests."""

from math import pi
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.calculators.inference.detection_projection import DetectionProjectionCalculator
from flowlace.calculators.inference.region import projection_matrix, region_of
from flowlace.formats.detection import Detection
from flowlace.formats.rect import NormalizedRect
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.found_things import (
    corner_and_size,
    in_pixels,
    keypoints,
    relative,
)

SAME = (1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)


def carried(detection: Detection, matrix: Any) -> Detection:
    run = run_calculator(
        DetectionProjectionCalculator,
        DETECTIONS=[at(8, [detection])],
        PROJECTION_MATRIX=[at(8, matrix)],
    )
    ((found,),) = run.payloads("DETECTIONS")
    assert isinstance(found, Detection)
    return found


def matrix_of(rect: NormalizedRect, width: int = 100, height: int = 100) -> tuple[float, ...]:
    return projection_matrix(region_of(rect, width, height), width, height)


def region(x: float, y: float, width: float, height: float, degrees: float) -> NormalizedRect:
    return NormalizedRect(
        x_center=x, y_center=y, width=width, height=height, rotation=degrees * pi / 180
    )


QUARTER = relative(0.0, 0.0, 0.5, 0.5, points=[(0.25, 0.25)])


def test_the_whole_picture_changes_nothing() -> None:
    found = carried(QUARTER, matrix_of(region(0.5, 0.5, 1, 1, 0)))
    assert corner_and_size(found) == pytest.approx((0, 0, 0.5, 0.5))
    assert keypoints(found) == [pytest.approx((0.25, 0.25))]


def test_a_quarter_turn_moves_the_box_to_the_next_corner() -> None:
    found = carried(QUARTER, matrix_of(region(0.5, 0.5, 1, 1, 90)))
    assert corner_and_size(found) == pytest.approx((0.5, 0, 0.5, 0.5))
    assert keypoints(found) == [pytest.approx((0.75, 0.25))]


def test_a_smaller_region() -> None:
    corner = relative(0.5, 0.0, 0.5, 0.5, points=[(0.5, 0.5)])
    found = carried(corner, matrix_of(region(0.75, 0.75, 0.5, 0.5, 0)))
    assert corner_and_size(found) == pytest.approx((0.75, 0.5, 0.25, 0.25))
    assert keypoints(found) == [pytest.approx((0.75, 0.75))]


def test_a_turned_region_in_a_picture_that_is_not_square() -> None:
    width, height = 80, 120
    rect = region(65 / width, 85 / height, 50 / width, 30 / height, 30)
    whole = relative(0, 0, 1, 1, points=[(0, 0), (0.5, 0.5), (1, 0)])
    found = carried(whole, matrix_of(rect, width, height))
    box = (35.849 / width, 59.510 / height, 58.301 / width, 50.981 / height)
    assert corner_and_size(found) == pytest.approx(box, abs=1e-4)
    assert keypoints(found) == [
        pytest.approx((50.85 / width, 59.52 / height), abs=1e-4),
        pytest.approx((65 / width, 85 / height), abs=1e-4),
        pytest.approx((94.15 / width, 84.51 / height), abs=1e-4),
    ]


@given(rotation=st.floats(-180, 180), x=st.floats(0, 1), y=st.floats(0, 1))
def test_keypoints_stay_inside_the_box_that_holds_them(rotation: float, x: float, y: float) -> None:
    inside = relative(0.25, 0.25, 0.5, 0.5, points=[(0.25 + x / 2, 0.25 + y / 2)])
    found = carried(inside, matrix_of(region(0.4, 0.6, 0.5, 0.7, rotation), 64, 48))
    left, top, width, height = corner_and_size(found)
    ((px, py),) = keypoints(found)
    assert left - 1e-9 <= px <= left + width + 1e-9
    assert top - 1e-9 <= py <= top + height + 1e-9


def test_several_streams_are_carried_over_side_by_side() -> None:
    run = run_calculator(
        DetectionProjectionCalculator,
        inputs={
            "DETECTIONS": [at(0, [QUARTER]), at(1, [])],
            "DETECTIONS:1": [at(0, [QUARTER, QUARTER])],
            "PROJECTION_MATRIX": [at(0, SAME), at(1, SAME)],
        },
        outputs=["DETECTIONS", "DETECTIONS:1"],
    )
    assert [len(each) for each in run.payloads("DETECTIONS")] == [1, 0]
    assert [len(each) for each in run.payloads("DETECTIONS:1")] == [2]


def test_without_a_matrix_there_is_nothing() -> None:
    run = run_calculator(
        DetectionProjectionCalculator, DETECTIONS=[at(0, [QUARTER])], PROJECTION_MATRIX=[]
    )
    assert run.packets("DETECTIONS") == []


def test_what_cannot_be_carried_is_an_error() -> None:
    with pytest.raises(CalculatorError, match="only detections with RELATIVE_BOUNDING_BOX"):
        carried(in_pixels(1, 2, 3, 4), SAME)
    with pytest.raises(CalculatorError, match="needs 16 numbers, but has 9"):
        carried(QUARTER, SAME[:9])


def test_every_input_needs_its_output() -> None:
    with pytest.raises(GraphConfigError, match="has 1 DETECTIONS to carry over and 2 outputs"):
        run_calculator(
            DetectionProjectionCalculator,
            DETECTIONS=[],
            PROJECTION_MATRIX=[],
            outputs=["DETECTIONS", "DETECTIONS:1"],
        )
