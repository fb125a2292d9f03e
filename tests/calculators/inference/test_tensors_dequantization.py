import numpy as np
import pytest
from numpy.typing import DTypeLike

from flowlace.calculators.inference.tensors_dequantization import (
    TensorsDequantizationCalculator,
)
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError
from flowlace.testing import at, run_calculator


def converted(*tensors: Tensor) -> list[Tensor]:
    run = run_calculator(TensorsDequantizationCalculator, TENSORS=[at(3, list(tensors))])
    assert run.timestamps("TENSORS") == [3]
    (found,) = run.payloads("TENSORS")
    assert isinstance(found, list)
    return found


def quantised(dtype: DTypeLike, *values: int) -> Tensor:
    step = Quantization(scale=0.5, zero_point=2)
    return Tensor(np.array([values], dtype), name="out", quantization=step)


def test_whole_numbers_become_what_they_stand_for() -> None:
    unsigned, signed = converted(quantised(np.uint8, 0, 2, 255), quantised(np.int8, -128, 127))
    assert unsigned.array.tolist() == [[-1.0, 0.0, 126.5]]
    assert signed.array.tolist() == [[-65.0, 62.5]]
    assert (unsigned.dtype, unsigned.name, unsigned.quantization) == (np.float32, "out", None)


def test_what_is_not_quantised_is_an_error() -> None:
    with pytest.raises(CalculatorError, match=r"tensor 0 \(quantised\) has float32 values and no"):
        converted(Tensor(np.zeros(3, np.float32)))
    with pytest.raises(CalculatorError, match="has uint8 values and no quantisation"):
        converted(Tensor(np.zeros(3, np.uint8)))
    with pytest.raises(CalculatorError, match="has int16 values and a quantisation"):
        converted(quantised(np.int16, 1))
    with pytest.raises(CalculatorError, match="the model gives none"):
        converted()
