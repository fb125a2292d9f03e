"""Concatenating joins lists in the order of the inputs."""

import pytest

from flowlace.calculators.core.concatenate_vector import (
    ConcatenateVectorCalculator,
    ConcatenateVectorOptions,
)
from flowlace.framework.registry import find_calculator
from flowlace.testing import at, run_calculator


def test_joins_lists() -> None:
    run = run_calculator(
        ConcatenateVectorCalculator,
        inputs={"parts": [at(1, [1, 2])], "1": [at(1, (3,))], "2": [at(1, [4])]},
    )
    assert run.packets("joined") == [at(1, [1, 2, 3, 4])]


def test_single_items_are_taken_as_lists_of_one() -> None:
    run = run_calculator(
        ConcatenateVectorCalculator, inputs={"parts": [at(1, "one")], "1": [at(1, ["two"])]}
    )
    assert run.payloads("joined") == [["one", "two"]]


def test_a_missing_list_is_left_out() -> None:
    run = run_calculator(
        ConcatenateVectorCalculator, inputs={"parts": [at(1, [1]), at(2, [2])], "1": [at(2, [3])]}
    )
    assert run.packets("joined") == [at(1, [1]), at(2, [2, 3])]


def test_a_missing_list_may_mean_that_nothing_is_sent() -> None:
    run = run_calculator(
        ConcatenateVectorCalculator,
        ConcatenateVectorOptions(only_emit_if_all_present=True),
        inputs={"parts": [at(1, [1]), at(2, [2])], "1": [at(2, [3])]},
    )
    assert run.packets("joined") == [at(2, [2, 3])]
    assert 1 in run.bounds["joined"]


def test_empty_lists_give_an_empty_list() -> None:
    run = run_calculator(
        ConcatenateVectorCalculator, inputs={"parts": [at(1, [])], "1": [at(1, [])]}
    )
    assert run.payloads("joined") == [[]]


def test_the_inputs_are_not_changed() -> None:
    first = [1]
    run_calculator(ConcatenateVectorCalculator, inputs={"parts": [at(1, first)], "1": [at(1, [2])]})
    assert first == [1]


@pytest.mark.parametrize("name", ["Float", "Detection", "NormalizedLandmarkList", "UInt64"])
def test_goes_by_the_names_mediapipe_has_for_each_type(name: str) -> None:
    calculator = find_calculator(f"Concatenate{name}VectorCalculator")
    assert calculator is not None
    assert issubclass(calculator, ConcatenateVectorCalculator)
