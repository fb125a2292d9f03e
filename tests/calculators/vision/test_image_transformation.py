import numpy as np
import pytest

from flowlace.calculators.vision.image_transformation import (
    ImageTransformationCalculator,
    ImageTransformationOptions,
    RotationMode,
    ScaleMode,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator

LEFT_RED = np.zeros((4, 8, 3), np.uint8)
LEFT_RED[:, :4, 0] = 255
WIDE = Image(ImageFormat.SRGB, LEFT_RED)


def transformed(**options: object) -> Image:
    run = run_calculator(
        ImageTransformationCalculator,
        ImageTransformationOptions(**options),  # type: ignore[arg-type]
        IMAGE=[at(5, WIDE)],
        outputs=["IMAGE"],
    )
    assert run.timestamps("IMAGE") == [5]
    image: Image = run.payloads("IMAGE")[0]
    return image


def test_a_picture_that_needs_no_change_is_handed_on() -> None:
    assert transformed() is WIDE
    assert transformed(output_width=8, output_height=4) is WIDE


def test_stretch_gives_the_exact_size() -> None:
    image = transformed(output_width=5, output_height=7)
    assert (image.width_px, image.height_px, image.format) == (5, 7, ImageFormat.SRGB)


def test_a_missing_dimension_is_kept() -> None:
    image = transformed(output_width=2)
    assert (image.width_px, image.height_px) == (2, 4)


def test_turns_are_counterclockwise() -> None:
    image = transformed(rotation_mode=RotationMode.ROTATION_90)
    assert (image.width_px, image.height_px) == (4, 8)
    # What was on the left is at the bottom after a quarter turn against the clock.
    assert image.pixels[-1, 0, 0] == 255
    assert image.pixels[0, 0, 0] == 0


def test_flips_mirror() -> None:
    assert transformed(flip_horizontally=True).pixels[0, -1, 0] == 255
    assert transformed(flip_vertically=True) == WIDE


def test_fit_keeps_the_shape_and_tells_the_borders() -> None:
    options = ImageTransformationOptions(output_width=8, output_height=8, scale_mode=ScaleMode.FIT)
    run = run_calculator(ImageTransformationCalculator, options, IMAGE=[at(0, WIDE)],
                         outputs=["IMAGE", "LETTERBOX_PADDING"])  # fmt: skip
    image = run.payloads("IMAGE")[0]
    assert run.payloads("LETTERBOX_PADDING") == [(0.0, 0.25, 0.0, 0.25)]
    assert image.pixels[0].max() == 0
    assert image.pixels[2, 0, 0] == 255


def test_fit_repeats_the_edge_where_asked_to() -> None:
    image = transformed(
        output_width=8, output_height=8, scale_mode=ScaleMode.FIT, constant_padding=False
    )
    assert image.pixels[0, 0, 0] == 255


def test_fill_and_crop_cuts_the_edges() -> None:
    image = transformed(output_width=4, output_height=4, scale_mode=ScaleMode.FILL_AND_CROP)
    assert image.pixels[0, :, 0].tolist() == [255, 255, 0, 0]


def test_gray_pictures_stay_gray() -> None:
    gray = Image(ImageFormat.GRAY8, np.full((4, 8), 7, np.uint8))
    run = run_calculator(
        ImageTransformationCalculator,
        ImageTransformationOptions(output_width=4, output_height=2),
        IMAGE=[at(0, gray)],
        outputs=["IMAGE"],
    )
    assert run.payloads("IMAGE")[0] == Image(ImageFormat.GRAY8, np.full((2, 4), 7, np.uint8))


def test_the_input_has_to_be_connected() -> None:
    with pytest.raises(GraphConfigError, match="connect IMAGE in and out"):
        run_calculator(ImageTransformationCalculator, outputs=["IMAGE"])
