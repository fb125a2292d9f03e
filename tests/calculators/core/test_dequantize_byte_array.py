"""Dequantizing brings packed floats back."""

import numpy as np
import pytest

from flowlace.calculators.core.dequantize_byte_array import (
    DequantizeByteArrayCalculator,
    DequantizeByteArrayOptions,
)
from flowlace.calculators.core.quantize_float_vector import (
    QuantizeFloatVectorCalculator,
    QuantizeFloatVectorOptions,
)
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator

SYMMETRIC = DequantizeByteArrayOptions(max_quantized_value=2, min_quantized_value=-2)


def test_bytes_become_the_middle_of_what_they_stand_for() -> None:
    run = run_calculator(
        DequantizeByteArrayCalculator, SYMMETRIC, ENCODED=[at(1, bytes([0, 127, 255]))]
    )
    assert run.payloads("FLOAT_VECTOR")[0] == pytest.approx(
        [-1.9921875, -3.06e-5, 2.0078125], abs=1e-7
    )


def test_packing_and_unpacking_changes_a_value_by_less_than_a_step() -> None:
    values = np.linspace(-2, 2, 1001).tolist()
    options = QuantizeFloatVectorOptions(max_quantized_value=2, min_quantized_value=-2)
    packed = run_calculator(QuantizeFloatVectorCalculator, options, FLOAT_VECTOR=[at(1, values)])
    run = run_calculator(
        DequantizeByteArrayCalculator, SYMMETRIC, ENCODED=packed.packets("ENCODED")
    )
    assert np.max(np.abs(np.subtract(run.payloads("FLOAT_VECTOR")[0], values))) <= 2 / 255 + 1e-4


def test_needs_a_range() -> None:
    with pytest.raises(GraphConfigError, match="needs both"):
        run_calculator(DequantizeByteArrayCalculator, ENCODED=[])
