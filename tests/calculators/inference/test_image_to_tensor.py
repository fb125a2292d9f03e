"""Pictures become tensors: the same geometry as MediaPipe's, in the range asked for."""

from collections.abc import Iterable
from math import inf, nan, pi
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowlace.calculators.inference.gpu_origin import Mode
from flowlace.calculators.inference.image_to_tensor import (
    BorderMode,
    FloatRange,
    ImageToTensorCalculator,
    ImageToTensorOptions,
    IntRange,
    UIntRange,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.rect import NormalizedRect
from flowlace.formats.tensor import Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in

AS_IT_IS = UIntRange(min=0, max=255)
NOISE = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
PICTURE = Image(ImageFormat.SRGB, NOISE)
COLUMNS = Image(ImageFormat.GRAY8, np.tile(np.arange(200, dtype=np.uint8), (150, 1)))
ROWS = Image(ImageFormat.GRAY8, np.tile(np.arange(150, dtype=np.uint8)[:, None], (1, 200)))
"""Pictures whose pixels hold their own place, so a tensor tells what it was taken from."""

MIDDLE = NormalizedRect(x_center=0.5, y_center=0.5, width=0.5, height=0.5)


def converted(
    image: Image, rect: NormalizedRect | None = None, outputs: Iterable[str] = (), **options: Any
) -> CalculatorRun:
    if not any(name.endswith("range") for name in options):
        options["output_tensor_uint_range"] = AS_IT_IS
    inputs: dict[str, Any] = {"IMAGE": [at(5, image)]}
    if rect is not None:
        inputs["NORM_RECT"] = [at(5, rect)]
    return run_calculator(
        ImageToTensorCalculator,
        ImageToTensorOptions(**options),
        inputs=inputs,
        outputs=["TENSORS", *outputs],
    )


def tensor_of(image: Image, rect: NormalizedRect | None = None, **options: Any) -> Tensor:
    run = converted(image, rect, **options)
    assert run.timestamps("TENSORS") == [5]
    ((tensor,),) = run.payloads("TENSORS")
    assert isinstance(tensor, Tensor)
    return tensor


def values_of(image: Image, rect: NormalizedRect | None = None, **options: Any) -> NDArray[Any]:
    """Returns the values `[y, x]` of a tensor made of a gray picture."""
    values: NDArray[Any] = tensor_of(image, rect, **options).array[0, :, :, 0]
    return values.astype(np.float64)


def test_without_a_size_the_tensor_is_the_picture() -> None:
    tensor = tensor_of(PICTURE)
    assert (tensor.shape, tensor.dtype) == ((1, 48, 64, 3), np.uint8)
    assert np.array_equal(tensor.array[0], NOISE)


def test_scaling_is_bilinear_between_the_two_pixels_at_a_place() -> None:
    row = Image(ImageFormat.GRAY8, np.array([[0, 100, 200, 240]], np.uint8))
    values = values_of(row, output_tensor_width=8, output_tensor_height=1)
    assert values.tolist() == [[0, 50, 100, 150, 200, 220, 240, 240]]


def test_the_tensor_is_written_where_it_is_wanted() -> None:
    tensor = tensor_of(PICTURE, output_tensor_width=30, output_tensor_height=20)
    memory = np.full((1, 20, 30, 3), 7, np.uint8)
    tensor.write_into(memory)
    assert np.array_equal(memory, tensor.array)


def test_a_picture_from_a_graph_is_not_copied_before_the_model_runs() -> None:
    pixels = NOISE.copy()
    tensor = tensor_of(Image(ImageFormat.SRGB, pixels))
    pixels[:] = 9
    assert tensor.array.max() == 9


@pytest.mark.parametrize(
    ("options", "dtype", "darkest", "brightest"),
    [
        ({"output_tensor_float_range": FloatRange(min=0, max=1)}, np.float32, 0, 1),
        ({"output_tensor_float_range": FloatRange(min=-1, max=1)}, np.float32, -1, 1),
        ({"output_tensor_float_range": FloatRange(min=-2.5, max=7)}, np.float32, -2.5, 7),
        ({"output_tensor_int_range": IntRange(min=-128, max=127)}, np.int8, -128, 127),
        ({"output_tensor_int_range": IntRange(min=-10, max=20)}, np.int8, -10, 20),
        ({"output_tensor_int_range": IntRange(min=0, max=127)}, np.uint8, 0, 127),
        ({"output_tensor_uint_range": UIntRange(min=0, max=255)}, np.uint8, 0, 255),
        ({"output_tensor_uint_range": UIntRange(min=5, max=15)}, np.uint8, 5, 15),
    ],
)
@pytest.mark.parametrize("size", [{}, {"output_tensor_width": 1, "output_tensor_height": 256}])
def test_values_fill_the_range_in_even_steps(
    options: dict[str, Any], dtype: Any, darkest: float, brightest: float, size: dict[str, int]
) -> None:
    ramp = Image(ImageFormat.GRAY8, np.arange(256, dtype=np.uint8)[:, None])
    tensor = tensor_of(ramp, **options, **size)
    wanted = darkest + np.arange(256) * (brightest - darkest) / 255
    assert tensor.dtype == dtype
    off = np.abs(tensor.array.reshape(-1).astype(float) - wanted)
    assert off.max() <= (1e-5 if dtype == np.float32 else 0.5)


def test_alpha_is_dropped_and_blue_first_is_turned() -> None:
    alpha = np.full((48, 64, 1), 9, np.uint8)
    rgba = Image(ImageFormat.SRGBA, np.concatenate([NOISE, alpha], axis=2))
    bgra = Image(ImageFormat.SBGRA, np.concatenate([NOISE[:, :, ::-1], alpha], axis=2))
    floats = {"output_tensor_float_range": FloatRange(min=0, max=255)}
    assert np.array_equal(tensor_of(rgba).array[0], NOISE)
    assert np.array_equal(tensor_of(bgra).array[0], NOISE)
    assert np.array_equal(tensor_of(rgba, **floats).array[0], NOISE)


def test_gray_pictures_give_one_channel() -> None:
    tensor = tensor_of(COLUMNS)
    assert tensor.shape == (1, 150, 200, 1)
    assert np.array_equal(tensor.array[0, :, :, 0], COLUMNS.pixels)


def test_a_region_of_whole_pixels_is_cut_exactly() -> None:
    values = tensor_of(PICTURE, MIDDLE, output_tensor_width=32, output_tensor_height=24)
    assert np.array_equal(values.array[0], NOISE[12:36, 16:48])


def test_a_quarter_turn_clockwise_shows_the_left_column_as_the_top_row() -> None:
    square = Image(ImageFormat.SRGB, NOISE[:40, :40])
    turned = NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1, rotation=pi / 2)
    tensor = tensor_of(square, turned)
    # What the region calls right points down in the picture; the corner it starts from is the
    # upper right one, so the first column shows the picture's edge.
    assert np.array_equal(tensor.array[0, 1:], np.rot90(NOISE[:40, :40])[:-1])


@given(
    x=st.floats(0.1, 0.9),
    y=st.floats(0.1, 0.9),
    width=st.floats(0.1, 1.3),
    height=st.floats(0.1, 1.3),
    rotation=st.one_of(st.just(0.0), st.floats(-pi, pi)),
    keep=st.booleans(),
)
def test_every_value_comes_from_its_place_in_the_region(
    x: float, y: float, width: float, height: float, rotation: float, keep: bool
) -> None:
    rect = NormalizedRect(x_center=x, y_center=y, width=width, height=height, rotation=rotation)
    size = {"output_tensor_width": 40, "output_tensor_height": 30, "keep_aspect_ratio": keep}
    run = converted(COLUMNS, rect, ["MATRIX"], **size)
    matrix = np.reshape(run.payloads("MATRIX")[0], (4, 4))
    u, v = np.meshgrid(np.arange(40) / 40, np.arange(30) / 30)
    points = matrix @ np.stack([u, v, np.zeros_like(u), np.ones_like(u)]).reshape(4, -1)
    columns = np.clip(points[0] * 200, 0, 199).reshape(30, 40)
    rows = np.clip(points[1] * 150, 0, 149).reshape(30, 40)
    assert np.abs(run.payloads("TENSORS")[0][0].array[0, :, :, 0] - columns).max() <= 0.6
    assert np.abs(values_of(ROWS, rect, **size) - rows).max() <= 0.6


@pytest.mark.parametrize(
    "rect",
    [
        NormalizedRect(x_center=0.5, y_center=0.5, width=1.0, height=1.0),
        MIDDLE,
        NormalizedRect(x_center=0.65, y_center=0.4, width=0.5, height=0.5),
        NormalizedRect(x_center=0.65, y_center=0.4, width=0.5, height=0.5, rotation=pi / 2),
        NormalizedRect(x_center=0.65, y_center=0.4, width=0.5, height=0.5, rotation=-pi / 4),
        NormalizedRect(x_center=0.5, y_center=0.5, width=1.5, height=1.1),
        NormalizedRect(x_center=0.5, y_center=0.5, width=1.5, height=1.1, rotation=-pi / 12),
    ],
)
@pytest.mark.parametrize("picture", [COLUMNS, ROWS], ids=["columns", "rows"])
def test_the_geometry_is_that_of_mediapipes_opencv_converter(
    rect: NormalizedRect, picture: Image
) -> None:
    center = (rect.x_center * 200, rect.y_center * 150)
    size = (rect.width * 200, rect.height * 150)
    corners = cv2.boxPoints((center, size, rect.rotation * 180 / pi))
    to = np.array([[0, 64], [0, 0], [64, 0], [64, 64]], np.float32)
    theirs = cv2.warpPerspective(
        picture.pixels,
        cv2.getPerspectiveTransform(corners, to),
        (64, 64),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    ours = values_of(picture, rect, output_tensor_width=64, output_tensor_height=64)
    assert np.abs(ours - theirs).max() <= 1


def test_letterbox_borders_are_told_and_zero_where_asked_for() -> None:
    wide = Image(ImageFormat.GRAY8, np.full((20, 40), 200, np.uint8))
    options = {
        "output_tensor_width": 16,
        "output_tensor_height": 16,
        "keep_aspect_ratio": True,
        "border_mode": BorderMode.BORDER_ZERO,
    }
    run = converted(wide, None, ["LETTERBOX_PADDING"], **options)
    assert run.payloads("LETTERBOX_PADDING") == [(0.0, 0.25, 0.0, 0.25)]
    values = run.payloads("TENSORS")[0][0].array[0, :, :, 0]
    assert np.array_equal(np.flatnonzero(values.min(axis=1)), np.arange(4, 12))
    floats = values_of(wide, output_tensor_float_range=FloatRange(min=-1, max=1), **options)
    assert floats[0, 0] == -1


def test_borders_repeat_the_edge_unless_told_otherwise() -> None:
    tall = Image(ImageFormat.GRAY8, np.tile(np.arange(8, dtype=np.uint8) * 10, (24, 1)))
    size = {"output_tensor_width": 24, "output_tensor_height": 24, "keep_aspect_ratio": True}
    repeated = values_of(tall, **size)
    assert repeated[3].tolist() == [0.0] * 8 + [0, 10, 20, 30, 40, 50, 60, 70] + [70.0] * 8
    assert np.array_equal(
        repeated, values_of(tall, border_mode=BorderMode.BORDER_REPLICATE, **size)
    )


def test_a_border_that_cuts_a_pixel_is_not_rounded() -> None:
    wide = Image(ImageFormat.GRAY8, np.full((18, 24), 200, np.uint8))
    size = {"output_tensor_width": 12, "output_tensor_height": 12, "keep_aspect_ratio": True}
    zero = values_of(wide, border_mode=BorderMode.BORDER_ZERO, **size)
    # 1.5 rows of border above: row 1 lies one row of the picture above it, row 2 inside.
    assert zero[:2].max() == 0
    assert zero[2].min() == 200
    # Row 10 lies on the last picture row and a half: half of it is border.
    assert zero[10].min() == 200
    assert zero[11].max() == 0


@pytest.mark.parametrize(
    ("size", "padding"),
    [((20, 40), (0.0, 0.25, 0.0, 0.25)), ((40, 20), (0.25, 0.0, 0.25, 0.0)), ((9, 9), (0.0,) * 4)],
)
def test_padding_is_as_mediapipes_documentation_has_it(
    size: tuple[int, int], padding: tuple[float, ...]
) -> None:
    square = Image(ImageFormat.GRAY8, np.zeros((10, 10), np.uint8))
    width, height = size
    run = converted(
        square,
        None,
        ["LETTERBOX_PADDING"],
        output_tensor_width=width,
        output_tensor_height=height,
        keep_aspect_ratio=True,
    )
    assert run.payloads("LETTERBOX_PADDING") == [padding]


def test_padding_is_nothing_where_the_picture_is_stretched() -> None:
    run = converted(PICTURE, MIDDLE, ["LETTERBOX_PADDING"], output_tensor_width=5)
    assert run.payloads("LETTERBOX_PADDING") == [(0.0, 0.0, 0.0, 0.0)]


def test_without_a_region_packet_there_is_no_tensor_and_nobody_waits() -> None:
    run = run_calculator(
        ImageToTensorCalculator,
        ImageToTensorOptions(output_tensor_uint_range=AS_IT_IS),
        IMAGE=[at(0, PICTURE), at(1, PICTURE)],
        NORM_RECT=[at(1, MIDDLE)],
        outputs=["TENSORS"],
    )
    assert run.timestamps("TENSORS") == [1]


def test_a_region_of_no_size_is_skipped_and_counted() -> None:
    empty = NormalizedRect(x_center=0, y_center=0, width=0, height=0)
    run = converted(PICTURE, empty)
    assert run.packets("TENSORS") == []
    assert run.counters == {"empty_regions": 1}


@pytest.mark.parametrize("bad", [nan, inf, -0.5, 0.0])
def test_a_region_that_is_none_is_an_error_in_time(bad: float) -> None:
    with pytest.raises(CalculatorError, match="NORM_RECT"):
        converted(PICTURE, NormalizedRect(x_center=0.5, y_center=0.5, width=bad, height=0.5))


def test_a_picture_no_model_takes_is_an_error_in_time() -> None:
    deep = Image(ImageFormat.GRAY16, np.zeros((4, 4), np.uint16))
    with pytest.raises(CalculatorError, match="GRAY16 can't become a tensor; convert to one of"):
        converted(deep)


def test_pictures_under_mediapipes_other_name_are_the_same() -> None:
    run = run_calculator(
        ImageToTensorCalculator,
        ImageToTensorOptions(output_tensor_uint_range=AS_IT_IS),
        IMAGE_GPU=[at(0, PICTURE)],
        outputs=["TENSORS"],
    )
    assert np.array_equal(run.payloads("TENSORS")[0][0].array[0], NOISE)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "needs the range"),
        ({"output_tensor_float_range": FloatRange(min=1, max=1)}, "min has to be less than max"),
        ({"output_tensor_uint_range": UIntRange(min=0, max=256)}, "within 0 and 255"),
        ({"output_tensor_int_range": IntRange(min=-129, max=0)}, "within -128 and 127"),
        (
            {"output_tensor_uint_range": AS_IT_IS, "output_tensor_width": 0},
            "output_tensor_width has to be 1 or more",
        ),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        run_calculator(
            ImageToTensorCalculator, ImageToTensorOptions(**options), IMAGE=[], outputs=["TENSORS"]
        )


def test_one_picture_has_to_be_connected() -> None:
    options = ImageToTensorOptions(output_tensor_uint_range=AS_IT_IS)
    with pytest.raises(GraphConfigError, match="IMAGE or IMAGE_GPU"):
        run_calculator(ImageToTensorCalculator, options, outputs=["TENSORS"])


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        output_tensor_width: 256
        keep_aspect_ratio: true
        output_tensor_float_range { min: -1.0 max: 1.0 }
        border_mode: BORDER_ZERO
        gpu_origin: TOP_LEFT
    """
    assert options_in(text, ImageToTensorOptions) == ImageToTensorOptions(
        output_tensor_width=256,
        keep_aspect_ratio=True,
        output_tensor_float_range=FloatRange(min=-1, max=1),
        border_mode=BorderMode.BORDER_ZERO,
        gpu_origin=Mode.TOP_LEFT,
    )
