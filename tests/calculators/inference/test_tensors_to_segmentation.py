from math import nan
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.calculators.inference.gpu_origin import Mode
from flowlace.calculators.inference.tensors_to_segmentation import (
    Activation,
    TensorsToSegmentationCalculator,
    TensorsToSegmentationOptions,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in

ONE = np.random.default_rng(2).normal(0, 3, (1, 4, 6, 1)).astype(np.float32)
TWO = np.random.default_rng(3).normal(0, 3, (1, 4, 6, 2)).astype(np.float32)


def run_on(values: NDArray[Any], size: Any = None, **options: Any) -> CalculatorRun:
    inputs: dict[str, Any] = {"TENSORS": [at(7, [Tensor(values, name="seg")])]}
    if size is not None:
        inputs["OUTPUT_SIZE"] = [at(7, size)]
    return run_calculator(
        TensorsToSegmentationCalculator, TensorsToSegmentationOptions(**options), inputs=inputs
    )


def mask_of(values: NDArray[Any], size: Any = None, **options: Any) -> NDArray[np.float32]:
    run = run_on(values, size, **options)
    assert run.timestamps("MASK") == [7]
    (mask,) = run.payloads("MASK")
    assert isinstance(mask, Image)
    assert mask.format is ImageFormat.VEC32F1
    return mask.pixels


def test_a_mask_of_the_model_is_handed_on() -> None:
    assert np.array_equal(mask_of(ONE), ONE[0, :, :, 0])
    assert np.array_equal(mask_of(ONE[0]), ONE[0, :, :, 0])


def test_one_channel_goes_through_a_sigmoid() -> None:
    mask = mask_of(ONE, activation=Activation.SIGMOID)
    assert mask == pytest.approx(1 / (1 + np.exp(-ONE[0, :, :, 0])), rel=1e-5)


@pytest.mark.parametrize("index", [0, 1])
def test_two_channels_share_by_softmax(index: int) -> None:
    mask = mask_of(TWO, activation=Activation.SOFTMAX, output_layer_index=index)
    shares = np.exp(TWO[0]) / np.exp(TWO[0]).sum(axis=2, keepdims=True)
    assert mask == pytest.approx(shares[:, :, index], rel=1e-5)


def test_the_second_channel_is_the_usual_one_and_both_make_a_whole() -> None:
    second = mask_of(TWO, activation=Activation.SOFTMAX)
    first = mask_of(TWO, activation=Activation.SOFTMAX, output_layer_index=0)
    assert first + second == pytest.approx(np.ones((4, 6)))


def test_large_numbers_overflow_nowhere() -> None:
    values = np.array([[[[1000.0, -1000.0], [-1000.0, 1000.0]]]], np.float32)
    assert mask_of(values, activation=Activation.SOFTMAX).tolist() == [[0.0, 1.0]]


def test_a_mask_is_scaled_to_the_size_asked_for() -> None:
    mask = mask_of(ONE, (30, 20))
    assert mask == pytest.approx(cv2.resize(ONE[0, :, :, 0], (30, 20)))
    assert np.array_equal(mask_of(ONE, (6, 4)), ONE[0, :, :, 0])


def test_a_mask_without_a_size_is_dropped_and_counted() -> None:
    run = run_calculator(
        TensorsToSegmentationCalculator, TENSORS=[at(0, [Tensor(ONE)])], OUTPUT_SIZE=[]
    )
    assert run.packets("MASK") == []
    assert run.counters == {"masks_without_size": 1}


def test_a_single_tensor_is_taken_as_well() -> None:
    run = run_calculator(TensorsToSegmentationCalculator, TENSOR=[at(0, Tensor(ONE))])
    assert np.array_equal(run.payloads("MASK")[0].pixels, ONE[0, :, :, 0])


def test_quantised_outputs_are_read_as_what_they_stand_for() -> None:
    tensor = Tensor(
        np.full((1, 2, 2, 1), 3, np.uint8), quantization=Quantization(scale=0.25, zero_point=1)
    )
    run = run_calculator(TensorsToSegmentationCalculator, TENSOR=[at(0, tensor)])
    assert run.payloads("MASK")[0].pixels.tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("bad", [nan, np.inf])
def test_broken_pixels_are_zero_and_counted(bad: float) -> None:
    values = TWO.copy()
    values[0, 1, 2, 1] = bad
    values[0, 0, 0] = bad
    run = run_on(values, activation=Activation.SOFTMAX)
    mask = run.payloads("MASK")[0].pixels
    assert (mask[1, 2], mask[0, 0]) == (0, 0)
    assert np.isfinite(mask).all()
    assert run.counters == {"non_finite_pixels": 2}


def test_what_the_model_should_not_give_is_an_error() -> None:
    wanted = r"tensor 0 'seg' \(mask\) has the shape \[1, 4, 6, 2\], but activation NONE expects"
    with pytest.raises(CalculatorError, match=wanted):
        mask_of(TWO)
    with pytest.raises(CalculatorError, match=r"SOFTMAX expects \[1, y, x, 2\]"):
        mask_of(ONE, activation=Activation.SOFTMAX)
    with pytest.raises(CalculatorError, match="holds nothing but NaN"):
        mask_of(np.full_like(ONE, nan))
    with pytest.raises(CalculatorError, match="OUTPUT_SIZE has to be 1 or more"):
        mask_of(ONE, (0, 5))
    with pytest.raises(CalculatorError, match="the model gives none"):
        run_calculator(TensorsToSegmentationCalculator, TENSORS=[at(0, [])])


def test_what_is_connected_is_checked_before_anything_runs() -> None:
    with pytest.raises(GraphConfigError, match="TENSORS or TENSOR"):
        run_calculator(TensorsToSegmentationCalculator, TENSORS=[], TENSOR=[])
    with pytest.raises(GraphConfigError, match="output_layer_index has to be 0 or 1"):
        run_on(ONE, output_layer_index=2)


def test_mediapipes_graph_text_is_understood() -> None:
    text = "gpu_origin: TOP_LEFT activation: SOFTMAX output_layer_index: 0"
    assert options_in(text, TensorsToSegmentationOptions) == TensorsToSegmentationOptions(
        gpu_origin=Mode.TOP_LEFT, activation=Activation.SOFTMAX, output_layer_index=0
    )
