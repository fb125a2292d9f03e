"""Presence is true for packets and false for settled times without one."""

from flowlace.calculators.core.packet_presence import PacketPresenceCalculator
from flowlace.testing import at, nothing_until, run_calculator
from tests.framework.running import run_graph


def test_a_packet_is_present() -> None:
    run = run_calculator(PacketPresenceCalculator, PACKET=[at(10), at(11)])
    assert run.packets("PRESENCE") == [at(10, True), at(11, True)]


def test_a_bound_is_not() -> None:
    run = run_calculator(PacketPresenceCalculator, PACKET=[at(10), nothing_until(12), at(20)])
    assert run.packets("PRESENCE")[:2] == [at(10, True), at(12, False)]


def test_an_empty_stream_has_no_presence() -> None:
    assert run_calculator(PacketPresenceCalculator, PACKET=[]).packets("PRESENCE") == []


def test_switches_a_gate_where_something_is_missing() -> None:
    text = """
        input_stream: "frames" input_stream: "keep"
        node { calculator: "GateCalculator" input_stream: "frames" input_stream: "ALLOW:keep"
               output_stream: "kept" }
        node { calculator: "PacketPresenceCalculator" input_stream: "PACKET:kept"
               output_stream: "PRESENCE:is_kept" }
        node { calculator: "GateCalculator" input_stream: "frames" input_stream: "DISALLOW:is_kept"
               output_stream: "others" }
    """
    packets = [("frames", at(1)), ("keep", at(1, True)), ("frames", at(2)), ("keep", at(2, False))]
    assert run_graph(text, packets, ["others"])["others"] == [at(2)]
