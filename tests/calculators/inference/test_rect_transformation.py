from math import pi
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.calculators.inference.rect_transformation import (
    RectTransformationCalculator,
    RectTransformationOptions,
)
from flowlace.formats.rect import NormalizedRect, Rect
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.graph_text import options_in

RECT = Rect(x_center=50, y_center=60, width=20, height=10, rect_id=3)
NORM = NormalizedRect(x_center=0.5, y_center=0.5, width=0.2, height=0.2)
SIZE = (200, 100)
"""The fractions above are 40 by 20 pixels in it."""


def made(tag: str, given: Any, size: Any = None, **options: Any) -> Any:
    inputs = {tag: [at(1, given)]}
    if size is not None:
        inputs["IMAGE_SIZE"] = [at(1, size)]
    run = run_calculator(
        RectTransformationCalculator, RectTransformationOptions(**options), inputs=inputs
    )
    (packet,) = run.packets("regions")
    assert packet.timestamp == 1
    return packet.payload


def sides(rect: NormalizedRect) -> tuple[float, ...]:
    return rect.x_center, rect.y_center, rect.width, rect.height


def test_without_options_nothing_changes() -> None:
    assert made("RECT", RECT) == RECT
    assert made("NORM_RECT", NORM, SIZE) == NORM


def test_sides_are_scaled_and_identity_kept() -> None:
    assert made("RECT", RECT, scale_x=2.5, scale_y=0.5) == Rect(
        x_center=50, y_center=60, width=50, height=5, rect_id=3
    )
    assert sides(made("NORM_RECT", NORM, SIZE, scale_x=2.0)) == (0.5, 0.5, 0.4, 0.2)


def test_a_shift_is_in_lengths_of_the_sides() -> None:
    assert made("RECT", RECT, shift_x=0.5, shift_y=-1) == Rect(
        x_center=60, y_center=50, width=20, height=10, rect_id=3
    )
    moved = made("NORM_RECT", NORM, SIZE, shift_x=0.5, shift_y=-0.5)
    assert sides(moved) == pytest.approx((0.6, 0.4, 0.2, 0.2))


def test_a_shift_follows_the_turn_in_pixels_that_are_square() -> None:
    turned = NormalizedRect(x_center=0.5, y_center=0.5, width=0.2, height=0.2, rotation=pi / 2)
    # A quarter turn clockwise: along its own x is down in the picture, 40 pixels of 100.
    assert sides(made("NORM_RECT", turned, SIZE, shift_x=1)) == pytest.approx((0.5, 0.9, 0.2, 0.2))
    # Along its own y is left in the picture, 20 pixels of 200.
    assert sides(made("NORM_RECT", turned, SIZE, shift_y=1)) == pytest.approx((0.4, 0.5, 0.2, 0.2))


def test_squares_are_square_in_pixels() -> None:
    assert sides(made("NORM_RECT", NORM, SIZE, square_long=True)) == (0.5, 0.5, 0.2, 0.4)
    assert sides(made("NORM_RECT", NORM, SIZE, square_short=True)) == (0.5, 0.5, 0.1, 0.2)
    squared = made("RECT", RECT, square_long=True, scale_x=1.5, scale_y=1.5)
    assert (squared.width, squared.height) == (30, 30)
    squared = made("RECT", RECT, square_short=True)
    assert (squared.width, squared.height) == (10, 10)


@pytest.mark.parametrize(
    ("options", "rotation"),
    [
        ({"rotation": pi / 4}, pi / 4 + 1),
        ({"rotation_degrees": 45}, pi / 4 + 1),
        ({"rotation": 3.0}, 4 - 2 * pi),
        ({"rotation": 0.0}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_turn_is_added_and_wrapped(options: dict[str, Any], rotation: float) -> None:
    turned = NormalizedRect(x_center=0.5, y_center=0.5, width=0.2, height=0.2, rotation=1.0)
    assert made("NORM_RECT", turned, SIZE, **options).rotation == pytest.approx(rotation)


def test_lists_are_transformed_one_by_one() -> None:
    assert made("RECTS", [RECT, RECT], scale_x=2.0) == [made("RECT", RECT, scale_x=2.0)] * 2
    assert made("NORM_RECTS", [NORM], SIZE) == [NORM]
    assert made("RECTS", []) == []


@given(x=st.floats(-2, 2), y=st.floats(-2, 2), rotation=st.floats(-pi, 3))
def test_shifting_there_and_back_changes_nothing(x: float, y: float, rotation: float) -> None:
    start = NormalizedRect(x_center=0.4, y_center=0.3, width=0.3, height=0.1, rotation=rotation)
    there = made("NORM_RECT", start, SIZE, shift_x=x, shift_y=y)
    back = made("NORM_RECT", there, SIZE, shift_x=-x, shift_y=-y)
    assert sides(back) == pytest.approx(sides(start), abs=1e-9)
    assert back.rotation == rotation


def test_fractions_wait_for_the_size_of_the_picture() -> None:
    run = run_calculator(
        RectTransformationCalculator,
        NORM_RECT=[at(0, NORM), at(1, NORM)],
        IMAGE_SIZE=[at(1, SIZE)],
    )
    assert run.timestamps("regions") == [1]


@pytest.mark.parametrize(
    ("tags", "options", "problem"),
    [
        (["RECT", "RECTS"], {}, "exactly one of RECT, RECTS"),
        (["IMAGE_SIZE"], {}, "exactly one of RECT, RECTS"),
        (["NORM_RECT"], {}, "NORM_RECT needs IMAGE_SIZE"),
        (["RECT"], {"rotation": 1.0, "rotation_degrees": 1}, "rotation and rotation_degrees"),
        (["RECT"], {"square_long": True, "square_short": True}, "square_long and square_short"),
    ],
)
def test_what_is_connected_has_to_fit_the_options(
    tags: list[str], options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        run_calculator(
            RectTransformationCalculator,
            RectTransformationOptions(**options),
            inputs={tag: [] for tag in tags},
        )


def test_mediapipes_graph_text_is_understood() -> None:
    text = "scale_x: 2.6 scale_y: 2.6 shift_y: -0.5 square_long: true rotation_degrees: 90"
    assert options_in(text, RectTransformationOptions) == RectTransformationOptions(
        scale_x=2.6, scale_y=2.6, shift_y=-0.5, square_long=True, rotation_degrees=90
    )
