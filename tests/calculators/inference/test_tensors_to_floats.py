from math import exp, isnan, nan
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.tensors_to_floats import (
    Activation,
    TensorsToFloatsCalculator,
    TensorsToFloatsOptions,
)
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in


def run_on(output: str, *values: float, **options: Any) -> CalculatorRun:
    tensor = Tensor(np.array([values], np.float32), name="out")
    return run_calculator(
        TensorsToFloatsCalculator,
        TensorsToFloatsOptions(**options),
        TENSORS=[at(2, [tensor, tensor])],
        outputs=[output],
    )


def test_the_only_number_is_a_float() -> None:
    assert run_on("FLOAT", 0.5).packets("FLOAT") == [at(2, 0.5)]


def test_all_numbers_are_a_list() -> None:
    assert run_on("FLOATS", 0.5, 1.5).packets("FLOATS") == [at(2, [0.5, 1.5])]


@pytest.mark.parametrize("value", [-1000.0, -1.0, 0.0, 0.5, 1000.0])
def test_numbers_may_go_through_a_sigmoid(value: float) -> None:
    (found,) = run_on("FLOATS", value, activation=Activation.SIGMOID).payloads("FLOATS")
    wanted = 1 / (1 + exp(-value)) if value > -700 else 0.0
    assert found == pytest.approx([wanted])


def test_quantised_outputs_are_read_as_what_they_stand_for() -> None:
    tensor = Tensor(np.array([3], np.int8), quantization=Quantization(scale=0.5, zero_point=1))
    run = run_calculator(TensorsToFloatsCalculator, TENSORS=[at(0, [tensor])])
    assert run.payloads("FLOAT") == [1.0]
    assert run.payloads("FLOATS") == [[1.0]]


def test_broken_numbers_are_handed_on_and_counted() -> None:
    run = run_on("FLOATS", 0.5, nan, activation=Activation.SIGMOID)
    assert isnan(run.payloads("FLOATS")[0][1])
    assert run.counters == {"non_finite_values": 1}


def test_what_the_model_should_not_give_is_an_error() -> None:
    with pytest.raises(CalculatorError, match=r"tensor 0 'out' \(numbers\) has 2 numbers, but"):
        run_on("FLOAT", 1, 2)
    with pytest.raises(CalculatorError, match="holds nothing but NaN"):
        run_on("FLOATS", nan, nan)
    with pytest.raises(CalculatorError, match="the model gives none"):
        run_calculator(TensorsToFloatsCalculator, TENSORS=[at(0, [])])


def test_an_output_has_to_be_connected() -> None:
    with pytest.raises(GraphConfigError, match="connect FLOAT or FLOATS"):
        run_calculator(TensorsToFloatsCalculator, TENSORS=[], outputs=[])


def test_mediapipes_graph_text_is_understood() -> None:
    wanted = TensorsToFloatsOptions(activation=Activation.SIGMOID)
    assert options_in("activation: SIGMOID", TensorsToFloatsOptions) == wanted
