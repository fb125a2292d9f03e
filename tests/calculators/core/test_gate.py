"""The gate lets packets through while it is told to."""

import pytest

from flowlace.calculators.core.gate import GateCalculator, GateOptions, GateState
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator

TRUE_TRUE_FALSE = [at(1, True), at(2, True), at(3, False)]


def gate(options: GateOptions | None = None, **streams: list[Packet]) -> CalculatorRun:
    return run_calculator(
        GateCalculator, options, packets=[at(1), at(2), at(3)], outputs=["packets"], **streams
    )


def test_allow_decides_for_its_own_timestamp() -> None:
    assert gate(ALLOW=TRUE_TRUE_FALSE).timestamps("packets") == [1, 2]


def test_disallow_is_the_opposite() -> None:
    assert gate(DISALLOW=TRUE_TRUE_FALSE).timestamps("packets") == [3]


def test_without_a_decision_nothing_passes() -> None:
    assert gate(ALLOW=[at(2, True)]).timestamps("packets") == [2]
    assert gate(DISALLOW=[at(2, False)]).timestamps("packets") == [2]


def test_without_a_decision_packets_pass_if_the_options_say_so() -> None:
    options = GateOptions(empty_packets_as_allow=True)
    assert gate(options, ALLOW=[at(2, False)]).timestamps("packets") == [1, 3]
    assert gate(options, DISALLOW=[at(2, True)]).timestamps("packets") == [1, 3]


def test_waits_for_the_decision() -> None:
    run = run_calculator(
        GateCalculator,
        packets=[at(1), at(2)],
        ALLOW=[at(2, True)],
        outputs=["packets"],
        in_order=["packets", "packets", "ALLOW"],
    )
    assert run.timestamps("packets") == [2]


def test_without_any_control_the_option_decides() -> None:
    assert gate().timestamps("packets") == []
    assert gate(GateOptions(allow=True)).timestamps("packets") == [1, 2, 3]


@pytest.mark.parametrize(
    ("side_packets", "passed"),
    [
        ({"ALLOW": True}, [1, 2]),
        ({"ALLOW": False}, []),
        ({"DISALLOW": True}, []),
        ({"DISALLOW": False}, [1, 2]),
    ],
)
def test_a_side_packet_decides_for_the_whole_run(
    side_packets: dict[str, bool], passed: list[int]
) -> None:
    run = run_calculator(
        GateCalculator, packets=[at(1), at(2)], outputs=["packets"], side_packets=side_packets
    )
    assert run.timestamps("packets") == passed


def test_streams_are_gated_together() -> None:
    run = run_calculator(
        GateCalculator,
        inputs={
            "packets": [at(1), at(2)],
            "1": [at(2, "b"), at(3, "c")],
            "ALLOW": [at(2, True), at(3, True)],
        },
        outputs=["packets", "1"],
    )
    assert run.packets("packets") == [at(2)]
    assert run.packets("1") == [at(2, "b"), at(3, "c")]


def test_a_packet_held_back_is_known_to_be_missing() -> None:
    run = gate(ALLOW=[at(1, False), at(2, True)])
    assert run.bounds["packets"][0] == 1


def test_bounds_pass() -> None:
    run = run_calculator(
        GateCalculator, GateOptions(allow=True), packets=[nothing_until(50)], outputs=["packets"]
    )
    assert run.bounds["packets"] == [50]


def test_tells_when_its_state_changes() -> None:
    run = run_calculator(
        GateCalculator,
        packets=[at(1), at(2), at(3), at(4)],
        ALLOW=[*TRUE_TRUE_FALSE, at(4, True)],
        outputs=["packets", "STATE_CHANGE"],
    )
    assert run.packets("STATE_CHANGE") == [at(3, False), at(4, True)]


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        (GateState.UNSPECIFIED, []),
        (GateState.GATE_UNINITIALIZED, []),
        (GateState.GATE_ALLOW, []),
        (GateState.GATE_DISALLOW, [at(1, True)]),
    ],
)
def test_the_first_decision_changes_a_known_state_only(
    state: GateState, changes: list[Packet]
) -> None:
    run = run_calculator(
        GateCalculator,
        GateOptions(initial_gate_state=state),
        packets=[at(1)],
        ALLOW=[at(1, True)],
        outputs=["packets", "STATE_CHANGE"],
    )
    assert run.packets("STATE_CHANGE") == changes


def test_gates_packets_before_and_after_the_stream() -> None:
    before = run_calculator(
        GateCalculator, GateOptions(allow=True), packets=[at(PRE_STREAM)], outputs=["packets"]
    )
    after = run_calculator(
        GateCalculator, GateOptions(allow=True), packets=[at(POST_STREAM)], outputs=["packets"]
    )
    assert before.timestamps("packets") == [PRE_STREAM]
    assert after.timestamps("packets") == [POST_STREAM]


def test_headers_pass_even_when_shut() -> None:
    run = run_calculator(
        GateCalculator, packets=[], outputs=["packets"], headers={"packets": Packet("header")}
    )
    assert run.headers["packets"].payload == "header"


def test_takes_one_control_only() -> None:
    with pytest.raises(GraphConfigError, match="controlled by ALLOW, side packet DISALLOW"):
        run_calculator(
            GateCalculator,
            packets=[],
            ALLOW=[],
            outputs=["packets"],
            side_packets={"DISALLOW": True},
        )


def test_needs_an_output_for_every_input() -> None:
    with pytest.raises(GraphConfigError, match="has 2 streams to gate and 1 outputs"):
        run_calculator(GateCalculator, inputs={"packets": [], "1": []}, outputs=["packets"])


def test_a_control_is_a_truth_value() -> None:
    with pytest.raises(Exception, match="bool"):
        run_calculator(GateCalculator, packets=[at(1)], ALLOW=[at(1, "yes")], outputs=["packets"])
