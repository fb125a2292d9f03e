"""Regions around detections; the numbers are those of MediaPipe's own tests where it has them."""

from math import pi
from typing import Any

import pytest

from flowlace.calculators.inference.detections_to_rects import (
    ConversionMode,
    DetectionsToRectsCalculator,
    DetectionsToRectsOptions,
)
from flowlace.formats.rect import NormalizedRect, Rect
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.found_things import in_pixels, relative
from tests.calculators.inference.graph_text import options_in

PIXELS = [in_pixels(100, 200, 300, 400), in_pixels(200, 300, 400, 500)]
FRACTIONS = [relative(0.1, 0.2, 0.3, 0.4), relative(0.2, 0.3, 0.4, 0.5)]
EYES: dict[str, Any] = {
    "rotation_vector_start_keypoint_index": 0,
    "rotation_vector_end_keypoint_index": 1,
}


def run_on(output: str, given: Any, size: Any = None, **options: Any) -> CalculatorRun:
    tag = "DETECTIONS" if isinstance(given, list) else "DETECTION"
    inputs = {tag: [at(4, given)]}
    if size is not None:
        inputs["IMAGE_SIZE"] = [at(4, size)]
    return run_calculator(
        DetectionsToRectsCalculator,
        DetectionsToRectsOptions(**options),
        inputs=inputs,
        outputs=[output],
    )


def made(output: str, given: Any, size: Any = None, **options: Any) -> Any:
    run = run_on(output, given, size, **options)
    assert run.timestamps(output) == [4]
    return run.payloads(output)[0]


FIRST = Rect(x_center=250, y_center=400, width=300, height=400)
SECOND = Rect(x_center=400, y_center=550, width=400, height=500)


def test_boxes_in_pixels_become_regions_in_pixels() -> None:
    assert made("RECT", PIXELS[0]) == FIRST
    assert made("RECT", PIXELS) == FIRST
    assert made("RECTS", PIXELS) == [FIRST, SECOND]
    assert made("RECTS", PIXELS[0]) == [FIRST]


def places(rect: NormalizedRect) -> tuple[float, ...]:
    assert rect.rotation == 0
    return rect.x_center, rect.y_center, rect.width, rect.height


def test_boxes_in_fractions_become_regions_in_fractions() -> None:
    first, second = pytest.approx((0.25, 0.4, 0.3, 0.4)), pytest.approx((0.4, 0.55, 0.4, 0.5))
    assert places(made("NORM_RECT", FRACTIONS[0])) == first
    assert places(made("NORM_RECT", FRACTIONS)) == first
    assert [places(each) for each in made("NORM_RECTS", FRACTIONS)] == [first, second]
    assert [places(each) for each in made("NORM_RECTS", FRACTIONS[0])] == [first]


def test_the_other_kind_of_box_is_an_error() -> None:
    with pytest.raises(CalculatorError, match="only detections with BOUNDING_BOX"):
        made("RECT", FRACTIONS)
    with pytest.raises(CalculatorError, match="only detections with RELATIVE_BOUNDING_BOX"):
        made("NORM_RECT", PIXELS)


POINTS = relative(0, 0, 1, 1, points=[(0.25, 0.5), (0.75, 0.625), (0.5, 0.25)])


def test_a_region_may_be_drawn_around_keypoints() -> None:
    mode = {"conversion_mode": ConversionMode.USE_KEYPOINTS}
    found = made("NORM_RECT", POINTS, **mode)
    assert places(found) == (0.5, 0.4375, 0.5, 0.375)
    rect = made("RECT", POINTS, (100, 200), **mode)
    assert rect == Rect(x_center=50, y_center=88, width=50, height=75)


def test_a_region_around_keypoints_needs_two() -> None:
    single = relative(0, 0, 1, 1, points=[(0.5, 0.5)])
    with pytest.raises(CalculatorError, match="needs 2 or more, but a detection has 1"):
        made("NORM_RECT", single, conversion_mode=ConversionMode.USE_KEYPOINTS)


def test_a_box_that_is_asked_for_by_name_is_the_usual_one() -> None:
    mode = {"conversion_mode": ConversionMode.USE_BOUNDING_BOX}
    assert made("RECT", PIXELS, **mode) == FIRST


@pytest.mark.parametrize(
    ("end", "target", "rotation"),
    [
        ((0.6, 0.5), 0.0, 0.0),
        # Pointing down in a picture whose y counts downwards: a quarter turn clockwise.
        ((0.5, 0.6), 0.0, pi / 2),
        ((0.5, 0.4), 90.0, 0.0),
        ((0.6, 0.5), 90.0, pi / 2),
        ((0.4, 0.5), 0.0, -pi),
        # As long in pixels both ways, in a picture twice as wide as high.
        ((0.6, 0.7), 0.0, pi / 4),
    ],
)
def test_two_keypoints_turn_the_region(
    end: tuple[float, float], target: float, rotation: float
) -> None:
    face = relative(0.4, 0.4, 0.2, 0.2, points=[(0.5, 0.5), end])
    options = {**EYES, "rotation_vector_target_angle_degrees": target}
    found = made("NORM_RECT", face, (200, 100), **options)
    assert found.rotation == pytest.approx(rotation, abs=1e-6)
    in_radians = {**EYES, "rotation_vector_target_angle": target * pi / 180}
    (found,) = made("NORM_RECTS", [face], (200, 100), **in_radians)
    assert found.rotation == pytest.approx(rotation, abs=1e-6)


def test_turning_waits_for_the_size_of_the_picture() -> None:
    run = run_calculator(
        DetectionsToRectsCalculator,
        DetectionsToRectsOptions(**EYES, rotation_vector_target_angle=0.0),
        DETECTION=[at(0, POINTS), at(1, POINTS)],
        IMAGE_SIZE=[at(1, (10, 10))],
        outputs=["NORM_RECT"],
    )
    assert run.timestamps("NORM_RECT") == [1]


def test_a_keypoint_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CalculatorError, match="keypoint 0, but a detection has 0 keypoints"):
        made("NORM_RECT", FRACTIONS, (10, 10), **EYES, rotation_vector_target_angle=0.0)


def test_without_detections_there_is_nothing_or_a_region_of_no_size() -> None:
    assert run_on("NORM_RECT", []).packets("NORM_RECT") == []
    assert run_on("RECTS", []).packets("RECTS") == []
    nothing = NormalizedRect(x_center=0, y_center=0, width=0, height=0)
    empty = {"output_zero_rect_for_empty_detections": True}
    assert made("NORM_RECT", [], **empty) == nothing
    assert made("NORM_RECTS", [], **empty) == [nothing]
    assert made("RECT", [], **empty) == Rect(x_center=0, y_center=0, width=0, height=0)
    assert len(made("RECTS", [], **empty)) == 1


@pytest.mark.parametrize(
    ("outputs", "options", "problem"),
    [
        (["RECT", "NORM_RECT"], {}, "exactly one of RECT, RECTS"),
        ([], {}, "exactly one of RECT, RECTS"),
        (["RECT"], {**EYES, "rotation_vector_target_angle": 0.0}, "needs IMAGE_SIZE"),
        (["RECT"], {"conversion_mode": ConversionMode.USE_KEYPOINTS}, "needs IMAGE_SIZE"),
        (["RECT"], EYES, "turning needs rotation_vector_target_angle or"),
        (["RECT"], {"rotation_vector_start_keypoint_index": 0}, "turning needs .*end_keypoint"),
        (
            ["RECT"],
            {
                **EYES,
                "rotation_vector_target_angle": 0.0,
                "rotation_vector_target_angle_degrees": 0.0,
            },
            "and not both",
        ),
    ],
)
def test_what_is_connected_has_to_fit_the_options(
    outputs: list[str], options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        run_calculator(
            DetectionsToRectsCalculator,
            DetectionsToRectsOptions(**options),
            DETECTION=[],
            outputs=outputs,
        )


def test_one_input_has_to_be_connected() -> None:
    with pytest.raises(GraphConfigError, match="DETECTION or DETECTIONS"):
        run_calculator(DetectionsToRectsCalculator, DETECTION=[], DETECTIONS=[], outputs=["RECT"])


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        rotation_vector_start_keypoint_index: 33 rotation_vector_end_keypoint_index: 263
        rotation_vector_target_angle_degrees: 0 output_zero_rect_for_empty_detections: true
        conversion_mode: USE_KEYPOINTS
    """
    assert options_in(text, DetectionsToRectsOptions) == DetectionsToRectsOptions(
        rotation_vector_start_keypoint_index=33,
        rotation_vector_end_keypoint_index=263,
        rotation_vector_target_angle_degrees=0.0,
        output_zero_rect_for_empty_detections=True,
        conversion_mode=ConversionMode.USE_KEYPOINTS,
    )
