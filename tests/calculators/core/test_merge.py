"""Merging takes the first packet of a timestamp."""

import pytest

from flowlace.calculators.core.merge import MergeCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, nothing_until, run_calculator


def test_takes_the_first_input_that_has_a_packet() -> None:
    run = run_calculator(
        MergeCalculator,
        inputs={
            "0": [at(1, "a1"), at(4, "a4")],
            "1": [at(1, "b1"), at(2, "b2")],
            "2": [at(2, "c2"), at(3, "c3")],
        },
    )
    assert run.packets("merged") == [at(1, "a1"), at(2, "b2"), at(3, "c3"), at(4, "a4")]


def test_tagged_streams_are_taken_in_the_order_of_their_tags() -> None:
    run = run_calculator(MergeCalculator, inputs={"B": [at(1, "b")], "A": [at(1, "a")]})
    assert run.packets("merged") == [at(1, "a")]


def test_types_may_differ() -> None:
    run = run_calculator(MergeCalculator, inputs={"0": [at(1, "word")], "1": [at(2, 2.5)]})
    assert run.payloads("merged") == ["word", 2.5]


def test_bounds_pass() -> None:
    run = run_calculator(MergeCalculator, inputs={"0": [nothing_until(9)], "1": [nothing_until(7)]})
    assert run.bounds["merged"] == [7]


def test_empty_streams_give_an_empty_stream() -> None:
    assert run_calculator(MergeCalculator, inputs={"0": [], "1": []}).packets("merged") == []


def test_needs_something_to_merge() -> None:
    with pytest.raises(GraphConfigError, match="merges no streams"):
        run_calculator(MergeCalculator, inputs={})
