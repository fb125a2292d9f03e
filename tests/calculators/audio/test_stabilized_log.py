from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.stabilized_log import (
    StabilizedLogCalculator,
    StabilizedLogOptions,
)
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, noise

VALUES = noise(50, 4) ** 2


def logarithms(values: Any = VALUES, **options: Any) -> CalculatorRun:
    return run_calculator(
        StabilizedLogCalculator,
        StabilizedLogOptions(**options),
        series=cut(values, [20], 100),
        headers={"series": header(100, 4)},
    )


def test_the_logarithm_is_natural_and_stabilised() -> None:
    outcome = logarithms()
    wanted = np.log(VALUES.astype(float) + 1e-5)
    np.testing.assert_allclose(outcome.payloads("logarithms")[0].values, wanted[:, :20], rtol=1e-5)
    assert outcome.timestamps("logarithms") == [0, 200_000]
    assert outcome.headers["logarithms"] == header(100, 4)


def test_the_result_can_be_scaled() -> None:
    found = logarithms(output_scale=10 / np.log(10), stabilizer=0.0).payloads("logarithms")[0]
    np.testing.assert_allclose(found.values, 10 * np.log10(VALUES[:, :20]), rtol=1e-4)


def test_zero_has_the_logarithm_of_the_stabilizer() -> None:
    found = logarithms(np.zeros((4, 30), np.float32), stabilizer=0.001).payloads("logarithms")
    np.testing.assert_allclose(found[0].values, np.log(0.001), rtol=1e-6)


def test_a_header_is_not_needed() -> None:
    outcome = run_calculator(
        StabilizedLogCalculator, StabilizedLogOptions(), series=cut(VALUES, [], 100)
    )
    assert len(outcome.payloads("logarithms")) == 1


def test_negative_numbers_are_refused_if_they_are_checked() -> None:
    with pytest.raises(FlowlaceError, match=r"expects numbers of at least 0, but -\d"):
        logarithms(-VALUES)


def test_negative_numbers_become_nan_if_they_are_not_checked() -> None:
    found = logarithms(-VALUES - 1, check_nonnegativity=False).payloads("logarithms")[0]
    assert np.isnan(found.values).all()


def test_nan_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="NaN has no logarithm"):
        logarithms(VALUES * np.float32(np.nan), check_nonnegativity=False)


def test_a_negative_stabilizer_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="stabilizer has to be at least 0, but is -1"):
        logarithms(stabilizer=-1.0)
