"""The switch's demux sends packets to the channel that works; see also test_switch_container."""

import pytest

from flowlace.calculators.core.switch_demux import SwitchDemuxCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.switch_container import SwitchContainerOptions
from flowlace.testing import CalculatorRun, at, run_calculator

CHANNELS = ["C0__VIDEO", "C1__VIDEO"]


def demux(options: SwitchContainerOptions | None = None, **streams: list[Packet]) -> CalculatorRun:
    return run_calculator(SwitchDemuxCalculator, options, outputs=CHANNELS, **streams)


def test_the_first_channel_works_until_told_otherwise() -> None:
    run = demux(VIDEO=[at(1), at(2)])
    assert run.timestamps("C0__VIDEO") == [1, 2]
    assert run.timestamps("C1__VIDEO") == []


def test_the_other_channel_learns_of_the_time() -> None:
    assert demux(VIDEO=[at(1), at(2)]).bounds["C1__VIDEO"][:2] == [1, 2]


def test_a_control_packet_switches_from_its_timestamp_on() -> None:
    run = demux(VIDEO=[at(1), at(2), at(3)], ENABLE=[at(2, True), at(3, False)])
    assert run.timestamps("C0__VIDEO") == [1, 3]
    assert run.timestamps("C1__VIDEO") == [2]


def test_an_option_chooses_the_channel() -> None:
    run = demux(SwitchContainerOptions(select=1), VIDEO=[at(1)])
    assert run.timestamps("C1__VIDEO") == [1]


def test_side_packets_go_to_every_channel() -> None:
    run = run_calculator(
        SwitchDemuxCalculator,
        VIDEO=[],
        outputs=CHANNELS,
        side_packets={"MODEL": "model"},
        side_outputs=["C0__MODEL", "C1__MODEL"],
    )
    assert run.side_packets == {"C0__MODEL": "model", "C1__MODEL": "model"}


def test_an_output_belongs_to_a_channel() -> None:
    with pytest.raises(GraphConfigError, match="VIDEO belongs to no channel; write C0__VIDEO"):
        run_calculator(SwitchDemuxCalculator, VIDEO=[], outputs=["VIDEO"])


def test_a_channel_has_inputs_of_its_own_tag() -> None:
    with pytest.raises(GraphConfigError, match="C0__AUDIO:0 has no counterpart AUDIO:0"):
        run_calculator(SwitchDemuxCalculator, VIDEO=[], outputs=["C0__AUDIO"])
