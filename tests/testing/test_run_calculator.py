import pytest

from flowlace.framework.errors import CalculatorError, FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import at, nothing_until, packets, run_calculator
from tests.framework import probes


def test_packets_go_in_and_come_out() -> None:
    run = run_calculator(probes.KeepEvenCalculator, inputs={"in": [at(0), at(1), at(2)]})
    assert run.timestamps("out") == [0, 2]
    assert run.payloads("out") == [0, 2]
    assert run.bounds["out"] == [1]


def test_options_are_an_instance_of_the_options_class() -> None:
    run = run_calculator(
        probes.ShiftCalculator, probes.ProbeOptions(offset=5), inputs={"in": [at(1)]}
    )
    assert run.packets("out") == [Packet(1, 6)]


def test_side_packets_services_and_headers_are_given_by_port() -> None:
    added = run_calculator(
        probes.AddSidePacketCalculator, inputs={"in": [at(1)]}, side_packets={"AMOUNT": 5}
    )
    assert added.payloads("out") == [6]
    served = run_calculator(
        probes.ServiceCalculator, inputs={"in": [at(1)]}, services={"greeting": "hello"}
    )
    assert served.payloads("out") == ["hello"]
    headed = run_calculator(
        probes.HeaderCalculator, inputs={"in": [at(1)]}, headers={"in": Packet("h")}
    )
    assert headed.payloads("out") == ["h"]
    assert headed.headers == {"out": Packet("h'")}


def test_side_packets_that_were_made_are_shown() -> None:
    run = run_calculator(probes.LengthSidePacketCalculator, side_packets={"TEXT": "four"})
    assert run.side_packets == {"LENGTH": 4}


def test_packets_are_added_by_time_or_in_the_order_asked_for() -> None:
    inputs = {"A": [at(1), at(3)], "B": [at(2)]}
    found: list[tuple[str, ...]] = []
    run_calculator(
        probes.ListSetsCalculator, inputs=inputs, outputs=[], side_packets={"LIST": found}
    )
    assert [each[0] for each in found] == ["1", "2", "3"]
    run = run_calculator(
        probes.ShowSetsCalculator, inputs=inputs, outputs=["SETS"], in_order=["B", "A", "A"]
    )
    assert run.timestamps("SETS") == [1, 2, 3]


def test_a_bound_can_be_moved_without_a_packet() -> None:
    run = run_calculator(
        probes.ShowSettledCalculator, inputs={"A": [at(1), nothing_until(7)]}, outputs=["SETS"]
    )
    assert run.timestamps("SETS") == [1, 7]


def test_errors_are_those_of_the_graph() -> None:
    with pytest.raises(CalculatorError, match="failed in process at 2"):
        run_calculator(
            probes.FailCalculator, probes.ProbeOptions(fail_at=2), inputs={"in": [at(2)]}
        )


def test_an_unknown_output_is_named_with_the_known_ones() -> None:
    run = run_calculator(probes.KeepEvenCalculator, inputs={"in": []})
    with pytest.raises(FlowlaceError, match="no output 'even'; outputs: out"):
        run.packets("even")


def test_packets_are_made_from_lists_and_mappings() -> None:
    assert packets({5: "a"}) == [Packet("a", 5)]
    assert packets("ab", period_us=40) == [Packet("a", 0), Packet("b", 40)]
