"""The cloner repeats the latest packets at every tick."""

import pytest

from flowlace.calculators.core.packet_cloner import PacketClonerCalculator, PacketClonerOptions
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator

TICKS = [at(2), at(4), at(6)]
LATE = {"packets": [at(1, "a")], "1": [at(5, "b")], "TICK": TICKS}


def clone(
    inputs: dict[str, list[Packet]], options: PacketClonerOptions | None = None
) -> CalculatorRun:
    return run_calculator(PacketClonerCalculator, options, inputs=inputs, outputs=["packets", "1"])


def test_repeats_the_latest_packet_at_every_tick() -> None:
    run = run_calculator(
        PacketClonerCalculator, packets=[at(1, "a"), at(5, "b")], TICK=[at(2), at(4), at(6)]
    )
    assert run.packets("packets") == [at(2, "a"), at(4, "a"), at(6, "b")]


def test_a_packet_at_the_tick_is_the_latest() -> None:
    run = run_calculator(PacketClonerCalculator, packets=[at(1, "a"), at(2, "b")], TICK=[at(2)])
    assert run.packets("packets") == [at(2, "b")]


def test_slow_ticks_leave_packets_out() -> None:
    run = run_calculator(
        PacketClonerCalculator, packets=[at(1), at(2), at(3)], TICK=[at(3)], outputs=["packets"]
    )
    assert run.packets("packets") == [at(3)]


def test_the_last_stream_ticks_where_no_tick_is_named() -> None:
    run = run_calculator(
        PacketClonerCalculator,
        inputs={"packets": [at(1, "a")], "1": [at(2), at(3)]},
        outputs=["packets"],
    )
    assert run.packets("packets") == [at(2, "a"), at(3, "a")]


def test_an_input_without_a_packet_gets_a_bound() -> None:
    run = clone(LATE)
    assert run.packets("packets") == [at(2, "a"), at(4, "a"), at(6, "a")]
    assert run.packets("1") == [at(6, "b")]
    assert run.bounds["1"] == [1, 2, 4, 5]


def test_nothing_is_sent_until_all_inputs_have_come_if_so_wished() -> None:
    run = clone(LATE, PacketClonerOptions(output_only_when_all_inputs_received=True))
    assert run.packets("packets") == [at(6, "a")]
    assert run.packets("1") == [at(6, "b")]
    assert run.bounds["1"] == [5]


def test_only_bounds_are_sent_until_all_inputs_have_come_if_so_wished() -> None:
    run = clone(LATE, PacketClonerOptions(output_packets_only_when_all_inputs_received=True))
    assert run.packets("packets") == [at(6, "a")]
    assert run.bounds["packets"] == [1, 2, 4, 5]
    assert run.bounds["1"] == [1, 2, 4, 5]


def test_bounds_of_the_tick_pass() -> None:
    run = run_calculator(
        PacketClonerCalculator, packets=[at(1, "a"), nothing_until(9)], TICK=[nothing_until(9)]
    )
    assert run.packets("packets") == []
    assert run.bounds["packets"][-1] == 9


def test_headers_pass() -> None:
    run = run_calculator(
        PacketClonerCalculator, packets=[], TICK=[], headers={"packets": Packet("header")}
    )
    assert run.headers["packets"].payload == "header"


def test_needs_ticks() -> None:
    with pytest.raises(GraphConfigError, match="has no ticks"):
        run_calculator(PacketClonerCalculator, inputs={}, outputs=[])


def test_needs_an_output_for_every_input() -> None:
    with pytest.raises(GraphConfigError, match="has 1 streams to clone and 2 outputs"):
        clone({"packets": [], "TICK": []})
