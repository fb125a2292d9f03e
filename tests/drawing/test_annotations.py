import math

import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.drawing.annotations import draw_annotations
from flowlace.formats.render_data import (
    Arrow,
    Color,
    FilledRectangle,
    Line,
    LineType,
    Oval,
    Point,
    Rectangle,
    RenderAnnotation,
    RenderData,
    Shape,
    Text,
)

WHITE = Color(r=255, g=255, b=255)


def drawn(shape: Shape, *, thickness: float = 1.0) -> NDArray[np.uint8]:
    pixels = np.zeros((60, 80, 3), np.uint8)
    annotation = RenderAnnotation(data=shape, color=WHITE, thickness=thickness)
    draw_annotations(pixels, [RenderData(annotations=(annotation,))])
    return pixels[:, :, 0]


def test_normalised_and_pixel_rectangles_meet() -> None:
    pixels = drawn(Rectangle(left=20, top=15, right=60, bottom=45))
    fractions = drawn(Rectangle(left=0.25, top=0.25, right=0.75, bottom=0.75, normalized=True))
    assert np.array_equal(pixels, fractions)
    assert pixels[15, 40] > 200
    assert pixels[30, 40] == 0


def test_a_rectangle_turns_about_its_centre() -> None:
    upright = drawn(Rectangle(left=20, top=25, right=60, bottom=35))
    turned = drawn(Rectangle(left=20, top=25, right=60, bottom=35, rotation=math.pi / 2))
    assert upright[25, 40] > 200
    assert turned[30, 35] > 200
    assert turned[25, 25] == 0


@pytest.mark.parametrize(
    ("shape", "inside", "outside"),
    [
        (
            FilledRectangle(rectangle=Rectangle(left=20, top=15, right=60, bottom=45)),
            (30, 40),
            (5, 5),
        ),
        (Oval(rectangle=Rectangle(left=20, top=15, right=60, bottom=45)), (15, 40), (30, 40)),
        (Point(x=40, y=30), (30, 40), (30, 50)),
        (Line(x_start=10, y_start=30, x_end=70, y_end=30), (30, 40), (40, 40)),
        (Arrow(x_start=10, y_start=30, x_end=70, y_end=30), (30, 40), (50, 40)),
    ],
)
def test_a_shape_is_drawn_where_it_belongs(
    shape: Shape, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    pixels = drawn(shape, thickness=2.0)
    assert pixels[inside] > 200
    assert pixels[outside] == 0


def test_a_dashed_line_has_gaps() -> None:
    line = drawn(Line(x_start=5, y_start=30, x_end=75, y_end=30, line_type=LineType.DASHED))
    row = line[30, 10:70] > 128
    assert 0.3 < row.mean() < 0.8


def test_text_stands_on_its_baseline_or_around_its_anchor() -> None:
    standing = drawn(Text(display_text="M", left=20, baseline=40, font_height=20))
    rows = np.flatnonzero(standing.any(axis=1))
    assert rows.max() <= 42
    centred = drawn(
        Text(display_text="M", left=40, baseline=30, font_height=20,
             center_horizontally=True, center_vertically=True)
    )  # fmt: skip
    rows, columns = np.nonzero(centred)
    assert abs((rows.min() + rows.max()) / 2 - 30) <= 2
    assert abs((columns.min() + columns.max()) / 2 - 40) <= 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e12])
def test_places_that_can_not_be_drawn_are_left_out(bad: float) -> None:
    shapes = (
        Rectangle(left=bad, top=0, right=5, bottom=5),
        Line(x_start=0, y_start=bad, x_end=5, y_end=5),
        Point(x=bad, y=bad),
        Oval(rectangle=Rectangle(left=bad, top=0, right=5, bottom=5)),
        Text(display_text="M", left=bad, baseline=5),
    )
    assert [drawn(shape).max() for shape in shapes] == [0] * 5


def test_a_picture_with_alpha_is_drawn_opaque() -> None:
    pixels = np.zeros((10, 10, 4), np.uint8)
    annotation = RenderAnnotation(data=Point(x=5, y=5), color=Color(r=9), thickness=2)
    draw_annotations(pixels, [RenderData(annotations=(annotation,))])
    assert pixels[5, 5].tolist() == [9, 0, 0, 255]
