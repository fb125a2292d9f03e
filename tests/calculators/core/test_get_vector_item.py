"""Getting an item picks one by its index."""

import pytest

from flowlace.calculators.core.get_vector_item import (
    GetVectorItemCalculator,
    GetVectorItemOptions,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, run_calculator

LETTERS = [at(1, ["a", "b"]), at(2, ["c", "d"])]


def get(options: GetVectorItemOptions | None = None, **streams: list[Packet]) -> CalculatorRun:
    return run_calculator(GetVectorItemCalculator, options, VECTOR=LETTERS, **streams)


def test_the_option_says_which_item() -> None:
    assert get(GetVectorItemOptions(item_index=1)).packets("ITEM") == [at(1, "b"), at(2, "d")]


def test_index_zero_counts_as_given() -> None:
    assert get(GetVectorItemOptions(item_index=0)).payloads("ITEM") == ["a", "c"]


def test_the_stream_says_which_item() -> None:
    assert get(INDEX=[at(1, 0), at(2, 1)]).payloads("ITEM") == ["a", "d"]


def test_the_stream_goes_before_the_option() -> None:
    assert get(GetVectorItemOptions(item_index=1), INDEX=[at(1, 0)]).payloads("ITEM") == ["a", "d"]


def test_nothing_is_sent_without_an_index() -> None:
    run = get(INDEX=[at(2, 1)])
    assert run.packets("ITEM") == [at(2, "d")]
    assert 1 in run.bounds["ITEM"]


def test_nothing_is_sent_without_a_list() -> None:
    run = run_calculator(GetVectorItemCalculator, VECTOR=[], INDEX=[at(1, 0)])
    assert run.packets("ITEM") == []


@pytest.mark.parametrize("index", [2, -1])
def test_an_item_that_is_not_there_is_an_error(index: int) -> None:
    with pytest.raises(FlowlaceError, match=f"item {index} was asked for, but the list has 2"):
        get(INDEX=[at(1, index)])


def test_an_item_behind_the_end_may_give_nothing() -> None:
    run = get(GetVectorItemOptions(item_index=2, output_empty_on_oob=True))
    assert run.packets("ITEM") == []
    assert run.bounds["ITEM"] == [1, 2]


def test_a_negative_item_is_an_error_all_the_same() -> None:
    with pytest.raises(FlowlaceError, match="item -1"):
        get(GetVectorItemOptions(item_index=-1, output_empty_on_oob=True))


def test_somebody_has_to_say_which_item() -> None:
    with pytest.raises(GraphConfigError, match="does not know which item"):
        get()
