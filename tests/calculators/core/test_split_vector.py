"""Splitting sends ranges of a list on streams of their own."""

import pytest

from flowlace.calculators.core.split_vector import (
    Range,
    SplitVectorCalculator,
    SplitVectorOptions,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.framework.running import run_graph

LETTERS = [at(1, ["a", "b", "c", "d"])]


def split(
    *ranges: tuple[int, int], outputs: int = 2, items: list[Packet] = LETTERS, **fields: bool
) -> CalculatorRun:
    options = SplitVectorOptions(ranges=tuple(Range(begin=b, end=e) for b, e in ranges), **fields)
    ports = ["parts", "1", "2"][:outputs]
    return run_calculator(SplitVectorCalculator, options, items=items, outputs=ports)


def test_each_output_gets_a_range() -> None:
    run = split((0, 1), (1, 4))
    assert run.packets("parts") == [at(1, ["a"])]
    assert run.packets("1") == [at(1, ["b", "c", "d"])]


def test_ranges_may_overlap_and_leave_items_out() -> None:
    run = split((1, 3), (2, 4))
    assert run.payloads("parts") == [["b", "c"]]
    assert run.payloads("1") == [["c", "d"]]


def test_an_output_may_get_the_item_itself() -> None:
    run = split((0, 1), (3, 4), element_only=True)
    assert run.payloads("parts") == ["a"]
    assert run.payloads("1") == ["d"]


def test_one_output_may_get_all_ranges() -> None:
    run = split((2, 4), (0, 1), outputs=1, combine_outputs=True)
    assert run.payloads("parts") == [["c", "d", "a"]]


def test_parts_of_a_tuple_are_tuples() -> None:
    assert split((0, 2), outputs=1, items=[at(1, (1, 2, 3))]).payloads("parts") == [(1, 2)]


def test_a_list_that_is_too_short_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="a list of 4 items came, but the ranges reach 6"):
        split((0, 6), outputs=1)


@pytest.mark.parametrize(
    ("ranges", "fields", "complaint"),
    [
        ([(-1, 1), (1, 2)], {}, "range -1 to 1 holds no items"),
        ([(2, 2), (1, 2)], {}, "range 2 to 2 holds no items"),
        ([(0, 2), (1, 2)], {"element_only": True}, "range 0 to 2 is not one item"),
        ([(0, 1)], {}, "has 2 outputs, but the options give 1"),
        ([(0, 2), (1, 3)], {"combine_outputs": True}, "ranges 0 to 2 and 1 to 3 overlap"),
        ([(0, 1), (1, 3)], {"combine_outputs": True}, "has 2 outputs, but the options give 1"),
    ],
)
def test_ranges_that_cannot_work_are_refused(
    ranges: list[tuple[int, int]], fields: dict[str, bool], complaint: str
) -> None:
    with pytest.raises(GraphConfigError, match=complaint):
        split(*ranges, **fields)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"list \| tuple"):
        split((0, 1), outputs=1, items=[at(1, "abc")])


def test_reads_a_published_node() -> None:
    text = """
        input_stream: "tensors"
        node {
          calculator: "SplitTensorVectorCalculator"
          input_stream: "tensors"
          output_stream: "landmark_tensors"
          output_stream: "hand_flag_tensor"
          options: {
            [mediapipe.SplitVectorCalculatorOptions.ext] {
              ranges: { begin: 0 end: 1 }
              ranges: { begin: 1 end: 2 }
            }
          }
        }
    """
    found = run_graph(text, [("tensors", at(0, [1.5, 2.5]))], ["hand_flag_tensor"])
    assert found["hand_flag_tensor"] == [at(0, [2.5])]
