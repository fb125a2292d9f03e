import numpy as np
import pytest

from flowlace.calculators.vision.annotation_overlay import (
    AnnotationOverlayCalculator,
    AnnotationOverlayOptions,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.render_data import Color, Rectangle, RenderAnnotation, RenderData
from flowlace.framework.errors import CalculatorError
from flowlace.testing import at, run_calculator

BLACK = Image(ImageFormat.SRGB, np.zeros((20, 30, 3), np.uint8))
BOX = RenderAnnotation(data=Rectangle(left=5, top=5, right=15, bottom=15), color=Color(g=255))
DRAWING = RenderData(annotations=(BOX,))


def test_draws_on_a_copy() -> None:
    run = run_calculator(
        AnnotationOverlayCalculator,
        inputs={"IMAGE": [at(1, BLACK)], "layers": [at(1, DRAWING)]},
        outputs=["IMAGE"],
    )
    drawn = run.payloads("IMAGE")[0]
    assert drawn.pixels[5, 10, 1] > 200
    assert drawn.pixels[10, 10].tolist() == [0, 0, 0]
    assert BLACK.pixels.max() == 0


def test_a_picture_with_nothing_to_draw_on_it_is_handed_on() -> None:
    run = run_calculator(
        AnnotationOverlayCalculator,
        inputs={"IMAGE": [at(1, BLACK)], "layers": [at(1, RenderData())]},
        outputs=["IMAGE"],
    )
    assert run.payloads("IMAGE")[0] is BLACK


def test_a_list_of_layers_is_drawn_too() -> None:
    run = run_calculator(
        AnnotationOverlayCalculator,
        inputs={"IMAGE": [at(1, BLACK)], "layers": [at(1, [RenderData(), DRAWING])]},
        outputs=["IMAGE"],
    )
    assert run.payloads("IMAGE")[0].pixels[5, 10, 1] > 200


def test_gray_pictures_are_drawn_on_in_colour() -> None:
    gray = Image(ImageFormat.GRAY8, np.full((20, 30), 9, np.uint8))
    run = run_calculator(
        AnnotationOverlayCalculator,
        inputs={"IMAGE": [at(1, gray)], "layers": [at(1, DRAWING)]},
        outputs=["IMAGE"],
    )
    drawn = run.payloads("IMAGE")[0]
    assert drawn.format is ImageFormat.SRGB
    assert drawn.pixels[10, 10].tolist() == [9, 9, 9]


def test_without_a_picture_a_canvas_is_made() -> None:
    options = AnnotationOverlayOptions(
        canvas_width_px=40, canvas_height_px=25, canvas_color=Color(b=7)
    )
    run = run_calculator(
        AnnotationOverlayCalculator,
        options,
        inputs={"layers": [at(1, DRAWING)]},
        outputs=["IMAGE"],
    )
    drawn = run.payloads("IMAGE")[0]
    assert (drawn.width_px, drawn.height_px) == (40, 25)
    assert drawn.pixels[0, 0].tolist() == [0, 0, 7]


def test_a_format_that_can_not_be_drawn_on_is_named() -> None:
    vectors = Image(ImageFormat.VEC32F2, np.zeros((4, 4, 2), np.float32))
    with pytest.raises(CalculatorError, match="drawn on a picture of format VEC32F2"):
        run_calculator(
            AnnotationOverlayCalculator,
            inputs={"IMAGE": [at(1, vectors)], "layers": [at(1, DRAWING)]},
            outputs=["IMAGE"],
        )
