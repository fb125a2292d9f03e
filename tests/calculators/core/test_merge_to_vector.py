"""Merging to a vector collects payloads in a list."""

from flowlace.calculators.core.merge_to_vector import MergeToVectorCalculator
from flowlace.testing import at, run_calculator


def test_collects_the_payloads_of_one_timestamp() -> None:
    run = run_calculator(
        MergeToVectorCalculator, inputs={"items": [at(1, "a"), at(2, "b")], "1": [at(1, [5])]}
    )
    assert run.packets("merged") == [at(1, ["a", [5]]), at(2, ["b"])]
