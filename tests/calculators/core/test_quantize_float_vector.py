"""Quantizing packs floats into bytes."""

import numpy as np
import pytest

from flowlace.calculators.core.quantize_float_vector import (
    QuantizeFloatVectorCalculator,
    QuantizeFloatVectorOptions,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator

SYMMETRIC = QuantizeFloatVectorOptions(max_quantized_value=64, min_quantized_value=-64)


def quantize(vector: object) -> CalculatorRun:
    return run_calculator(QuantizeFloatVectorCalculator, SYMMETRIC, FLOAT_VECTOR=[at(5, vector)])


def test_the_range_becomes_0_to_255() -> None:
    assert quantize([-64.0, 0.0, 64.0]).packets("ENCODED") == [at(5, bytes([0, 127, 255]))]


def test_values_outside_of_the_range_are_cut_off() -> None:
    assert quantize((-65.0, -1e30, 65.0, 1e30)).payloads("ENCODED") == [bytes([0, 0, 255, 255])]


def test_takes_an_array() -> None:
    assert quantize(np.array([64.0])).payloads("ENCODED") == [bytes([255])]


def test_an_empty_list_gives_no_bytes() -> None:
    assert quantize([]).payloads("ENCODED") == [b""]


def test_nan_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="holds NaN"):
        quantize([float("nan")])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (QuantizeFloatVectorOptions(), "needs both"),
        (QuantizeFloatVectorOptions(max_quantized_value=1), "needs both"),
        (QuantizeFloatVectorOptions(min_quantized_value=1), "needs both"),
        (
            QuantizeFloatVectorOptions(max_quantized_value=1, min_quantized_value=1),
            "has to be above min_quantized_value",
        ),
    ],
)
def test_needs_a_range(options: QuantizeFloatVectorOptions, complaint: str) -> None:
    with pytest.raises(GraphConfigError, match=complaint):
        run_calculator(QuantizeFloatVectorCalculator, options, FLOAT_VECTOR=[])
