"""The sequencer places packets between ticks."""

import pytest

from flowlace.calculators.core.packet_sequencer import PacketSequencerCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MIN
from flowlace.testing import CalculatorRun, at, run_calculator


def place(selections: list[Packet], ticks: list[Packet], order: str) -> CalculatorRun:
    ports = {"I": "INPUT", "T": "TICK"}
    return run_calculator(
        PacketSequencerCalculator,
        inputs={"INPUT": selections, "TICK": ticks},
        in_order=[ports[letter] for letter in order],
    )


def test_a_packet_comes_right_after_the_latest_tick() -> None:
    run = place([at(7, "a"), at(8, "b")], [at(100), at(200)], "TITI")
    assert run.packets("OUTPUT") == [at(101, "a"), at(201, "b")]


def test_packets_after_one_tick_come_one_after_the_other() -> None:
    run = place([at(7, "a"), at(8, "b")], [at(100)], "TII")
    assert run.packets("OUTPUT") == [at(101, "a"), at(102, "b")]


def test_a_packet_before_any_tick_comes_first_of_all() -> None:
    run = place([at(7, "a")], [at(100)], "IT")
    assert run.packets("OUTPUT") == [at(MIN, "a")]


def test_a_tick_settles_the_output() -> None:
    assert place([], [at(100)], "T").bounds["OUTPUT"] == [100]


def test_several_streams_tick() -> None:
    run = run_calculator(
        PacketSequencerCalculator,
        inputs={"INPUT": [at(0, "a")], "TICK": [at(10)], "TICK:1": [at(30)]},
        in_order=["TICK", "TICK:1", "INPUT"],
    )
    assert run.packets("OUTPUT") == [at(31, "a")]


def test_every_input_has_its_output() -> None:
    run = run_calculator(
        PacketSequencerCalculator,
        inputs={"INPUT": [at(0, "a")], "INPUT:1": [at(0, "b")], "TICK": [at(10)]},
        outputs=["OUTPUT", "OUTPUT:1"],
        in_order=["INPUT", "TICK", "INPUT:1"],
    )
    assert run.packets("OUTPUT") == [at(MIN, "a")]
    assert run.packets("OUTPUT:1") == [at(11, "b")]


def test_needs_an_output_for_every_input() -> None:
    with pytest.raises(GraphConfigError, match="has 2 INPUT and 1 OUTPUT"):
        run_calculator(PacketSequencerCalculator, inputs={"INPUT": [], "INPUT:1": [], "TICK": []})
