"""The counting source sends consecutive numbers."""

import pytest

from flowlace.calculators.core.counting_source import CountingSourceCalculator
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator


def count(**side_packets: int) -> CalculatorRun:
    return run_calculator(CountingSourceCalculator, side_packets=side_packets)


def test_counts_from_zero() -> None:
    assert count(MAX_COUNT=3).packets("numbers") == [at(0), at(1), at(2)]


def test_counts_nothing_if_so_wished() -> None:
    assert count(MAX_COUNT=0).packets("numbers") == []


def test_counts_in_steps_from_any_number() -> None:
    run = count(MAX_COUNT=3, INITIAL_VALUE=-10, INCREMENT=5)
    assert run.packets("numbers") == [at(-10), at(-5), at(0)]


def test_a_count_is_a_batch() -> None:
    run = count(MAX_COUNT=2, BATCH_SIZE=3)
    assert run.payloads("numbers") == [0, 1, 2, 3, 4, 5]


def test_fails_on_purpose_after_some_batches() -> None:
    with pytest.raises(FlowlaceError, match="asks for this error after 2 batches"):
        count(ERROR_COUNT=2)


def test_fails_on_purpose_in_open() -> None:
    with pytest.raises(FlowlaceError, match="ERROR_ON_OPEN asks for this error"):
        count(MAX_COUNT=2, ERROR_ON_OPEN=True)


def test_needs_an_end() -> None:
    with pytest.raises(GraphConfigError, match="counts for ever"):
        count(BATCH_SIZE=2)


@pytest.mark.parametrize("tag", ["MAX_COUNT", "ERROR_COUNT"])
def test_an_end_cannot_be_below_zero(tag: str) -> None:
    with pytest.raises(FlowlaceError, match=f"{tag} is -1, but has to be 0 or more"):
        count(**{tag: -1})


@pytest.mark.parametrize("tag", ["BATCH_SIZE", "INCREMENT"])
def test_has_to_go_forwards(tag: str) -> None:
    with pytest.raises(FlowlaceError, match=f"{tag} is 0, but has to be 1 or more"):
        count(MAX_COUNT=2, **{tag: 0})
