"""TokenRingCalculator: the newest steps in order, zeros before them, nothing across a gap."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.token_ring import TokenRingCalculator, TokenRingOptions
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator


def tokens(value: float) -> list[Tensor]:
    return [Tensor(np.full((1, 2, 3), value, np.float32))]


def windows(times_us: Sequence[int], **options: Any) -> CalculatorRun:
    """Runs on tokens that are numbered from 1."""
    given = [at(time, tokens(number)) for number, time in enumerate(times_us, 1)]
    return run_calculator(
        TokenRingCalculator,
        TokenRingOptions(**{"steps": 3, **options}),
        inputs={"TENSORS": given},
        outputs=["TENSORS", "WARMING_UP"],
    )


def numbers(run: CalculatorRun) -> list[list[float]]:
    """Returns the number of each step of each window."""
    return [one[0].array[0, :, 0, 0].tolist() for one in run.payloads("TENSORS")]


def test_the_newest_step_comes_last_and_zeros_stand_for_those_that_have_not_come() -> None:
    run = windows(range(5))
    assert numbers(run) == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert run.payloads("WARMING_UP") == [True, True, False, False, False]
    assert run.timestamps("TENSORS") == [0, 1, 2, 3, 4]


def test_a_window_has_all_tokens_of_its_steps() -> None:
    values = np.random.default_rng(0).random((4, 1, 2, 3), np.float32)
    given = [at(time, [Tensor(one)]) for time, one in enumerate(values)]
    run = run_calculator(TokenRingCalculator, TokenRingOptions(steps=4), TENSORS=given)
    np.testing.assert_array_equal(run.payloads("TENSORS")[-1][0].array, values.swapaxes(0, 1))


def test_a_window_stays_what_it_was_when_more_steps_come() -> None:
    run = windows(range(3))  # deferred windows are looked at when all have come
    assert numbers(run)[0] == [0, 0, 1]


def test_memory_a_model_lent_is_not_kept() -> None:
    lent = np.ones((1, 2, 3), np.float32)
    run = run_calculator(
        TokenRingCalculator, TokenRingOptions(steps=1), TENSORS=[at(0, [Tensor(lent)])]
    )
    lent[:] = 9
    assert run.payloads("TENSORS")[0][0].array.tolist() == np.ones((1, 1, 2, 3)).tolist()


def test_windows_come_with_the_first_step_and_every_so_manieth() -> None:
    run = windows(range(8), every=3)
    assert run.timestamps("TENSORS") == [0, 3, 6]
    assert numbers(run)[-1] == [5, 6, 7]


def test_a_long_gap_empties_the_window() -> None:
    run = windows([0, 10, 20, 31, 41], max_gap_us=10, every=2)
    assert numbers(run) == [[0, 0, 1], [1, 2, 3], [0, 0, 4]]
    assert run.payloads("WARMING_UP") == [True, False, True]
    assert run.counters == {"resets": 1}


def test_without_a_limit_no_gap_is_too_long() -> None:
    run = windows([0, 10**12])
    assert numbers(run)[-1] == [0, 1, 2]
    assert run.counters == {}


def test_quantised_tokens_are_understood() -> None:
    small = Tensor(np.full((1, 1, 2), 7, np.int8), quantization=Quantization(0.5, 3))
    run = run_calculator(TokenRingCalculator, TokenRingOptions(steps=1), TENSORS=[at(0, [small])])
    assert run.payloads("TENSORS")[0][0].array.tolist() == [[[[2.0, 2.0]]]]


def test_tokens_of_another_shape_are_an_error() -> None:
    other = [Tensor(np.zeros((1, 4, 3), np.float32))]
    with pytest.raises(CalculatorError, match=r"shape \[1, 2, 3\], but now got \[1, 4, 3\]"):
        run_calculator(
            TokenRingCalculator, TokenRingOptions(), TENSORS=[at(0, tokens(1)), at(1, other)]
        )


def test_anything_but_tokens_is_an_error() -> None:
    flat = [Tensor(np.zeros((1, 4), np.float32))]
    with pytest.raises(CalculatorError, match=r"one tensor \[1, token, value\], but got Tensor"):
        run_calculator(TokenRingCalculator, TokenRingOptions(), TENSORS=[at(0, flat)])


@pytest.mark.parametrize(("name", "value"), [("steps", 0), ("every", 0), ("max_gap_us", -1)])
def test_options_that_can_not_work_are_refused(name: str, value: int) -> None:
    with pytest.raises(GraphConfigError, match=f"{name} has to be .* or more, not {value}"):
        windows([0], **{name: value})
