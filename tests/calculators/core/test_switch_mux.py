"""The switch's mux hands on what the working channel sends; see also test_switch_container."""

import pytest

from flowlace.calculators.core.switch_mux import SwitchMuxCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.switch_container import SwitchContainerOptions
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator


def mux(options: SwitchContainerOptions | None = None, **streams: list[Packet]) -> CalculatorRun:
    return run_calculator(SwitchMuxCalculator, options, outputs=["VIDEO"], **streams)


def test_hands_on_the_channel_that_works() -> None:
    run = mux(C0__VIDEO=[at(1, "a")], C1__VIDEO=[at(2, "b")])
    assert run.packets("VIDEO") == [at(1, "a")]


def test_a_control_packet_switches_the_channel() -> None:
    run = mux(
        C0__VIDEO=[at(1, "a"), at(5, "a")],
        C1__VIDEO=[at(6, "b")],
        SELECT=[at(3, 1)],
    )
    assert run.packets("VIDEO") == [at(1, "a"), at(6, "b")]


def test_in_step_every_packet_follows_the_choice_of_its_timestamp() -> None:
    run = mux(
        SwitchContainerOptions(synchronize_io=True),
        C0__VIDEO=[at(1, "a"), at(2, "a")],
        C1__VIDEO=[at(1, "b"), at(2, "b")],
        ENABLE=[at(1, False), at(2, True)],
    )
    assert run.packets("VIDEO") == [at(1, "a"), at(2, "b")]


def test_bounds_of_the_working_channel_pass() -> None:
    run = mux(C0__VIDEO=[nothing_until(9)], C1__VIDEO=[nothing_until(20)])
    assert run.bounds["VIDEO"][0] == 9


def test_side_packets_come_from_the_channel_that_works_at_the_start() -> None:
    run = run_calculator(
        SwitchMuxCalculator,
        SwitchContainerOptions(select=1),
        C0__VIDEO=[],
        C1__VIDEO=[],
        outputs=["VIDEO"],
        side_packets={"C0__MODEL": "first", "C1__MODEL": "second"},
        side_outputs=["MODEL"],
    )
    assert run.side_packets == {"MODEL": "second"}


def test_a_channel_has_outputs_of_its_own_tag() -> None:
    with pytest.raises(GraphConfigError, match="C0__AUDIO:0 has no counterpart AUDIO:0"):
        mux(C0__AUDIO=[])
