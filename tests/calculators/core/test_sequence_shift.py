"""Shifting moves packets to the timestamps of others."""

import pytest

from flowlace.calculators.core.sequence_shift import (
    SequenceShiftCalculator,
    SequenceShiftOptions,
)
from flowlace.testing import CalculatorRun, at, packets, run_calculator

ABCD = packets("abcd", period_us=10)


def shift(offset: int, **fields: bool) -> CalculatorRun:
    options = SequenceShiftOptions(packet_offset=offset, **fields)
    return run_calculator(SequenceShiftCalculator, options, packets=ABCD)


def test_no_offset_changes_nothing() -> None:
    assert shift(0).packets("shifted") == ABCD


def test_a_positive_offset_moves_packets_to_later_timestamps() -> None:
    assert shift(2).packets("shifted") == [at(20, "a"), at(30, "b")]


def test_a_negative_offset_moves_packets_to_earlier_timestamps() -> None:
    assert shift(-1).packets("shifted") == [at(0, "b"), at(10, "c"), at(20, "d")]


def test_one_back_is_the_default() -> None:
    run = run_calculator(SequenceShiftCalculator, packets=ABCD)
    assert run.payloads("shifted") == ["b", "c", "d"]


@pytest.mark.parametrize("offset", [4, -4, 9])
def test_too_large_an_offset_drops_everything(offset: int) -> None:
    assert shift(offset).packets("shifted") == []


def test_the_bound_waits_for_the_first_packet() -> None:
    assert shift(2).bounds["shifted"] == []


def test_the_bound_moves_on_before_the_first_packet_if_so_wished() -> None:
    run = shift(2, emit_empty_packets_before_first_packet=True)
    assert run.bounds["shifted"] == [0, 10]


@pytest.mark.parametrize(("offset", "payloads"), [(1, ["a", "b", "c"]), (0, ["a", "b", "c", "d"])])
def test_a_side_packet_goes_before_the_option(offset: int, payloads: list[str]) -> None:
    run = run_calculator(
        SequenceShiftCalculator, packets=ABCD, side_packets={"PACKET_OFFSET": offset}
    )
    assert run.payloads("shifted") == payloads
