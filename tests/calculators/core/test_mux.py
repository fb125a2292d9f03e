"""The mux hands on the input that SELECT names."""

import pytest

from flowlace.calculators.core.mux import MuxCalculator
from flowlace.framework.config import HandlerConfig
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator
from tests.framework.running import run_graph


def mux(
    select: list[Packet], first: list[Packet], second: list[Packet], **arguments: object
) -> CalculatorRun:
    inputs = {"INPUT": first, "INPUT:1": second, "SELECT": select}
    return run_calculator(MuxCalculator, inputs=inputs, **arguments)  # type: ignore[arg-type]


def test_hands_on_the_selected_input() -> None:
    run = mux(
        select=[at(1, 0), at(2, 1), at(3, 1)],
        first=[at(1, "a1"), at(2, "a2"), at(3, "a3")],
        second=[at(1, "b1"), at(2, "b2"), at(3, "b3")],
    )
    assert run.packets("OUTPUT") == [at(1, "a1"), at(2, "b2"), at(3, "b3")]


def test_does_not_wait_for_the_other_input() -> None:
    run = mux(select=[at(1, 0), at(2, 0)], first=[at(1), at(2)], second=[])
    assert run.timestamps("OUTPUT") == [1, 2]


def test_waits_for_the_selected_input() -> None:
    run = mux(
        select=[at(1, 1)],
        first=[at(1, "a")],
        second=[at(1, "b")],
        in_order=["SELECT", "INPUT", "INPUT:1"],
    )
    assert run.packets("OUTPUT") == [at(1, "b")]


def test_a_selected_input_without_a_packet_gives_a_bound() -> None:
    run = mux(select=[at(5, 1)], first=[at(5)], second=[nothing_until(5)])
    assert run.packets("OUTPUT") == []
    assert run.bounds["OUTPUT"] == [5]


def test_packets_at_times_without_a_choice_are_dropped() -> None:
    run = mux(select=[at(2, 0)], first=[at(1), at(2), at(3)], second=[])
    assert run.timestamps("OUTPUT") == [2]


def test_a_choice_of_no_input_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="selects input 2 at 1; there are inputs 0 to 1"):
        mux(select=[at(1, 2)], first=[at(1)], second=[at(1)])


def test_a_choice_of_no_input_is_an_error_under_any_policy() -> None:
    policy = HandlerConfig("DefaultInputStreamHandler")
    with pytest.raises(FlowlaceError, match="SELECT is 2, but there are inputs 0 to 1"):
        mux(select=[at(1, 2)], first=[at(1)], second=[at(1)], input_policy=policy)


def test_under_another_policy_packets_without_a_choice_are_dropped() -> None:
    policy = HandlerConfig("DefaultInputStreamHandler")
    run = mux(select=[at(2, 1)], first=[at(1)], second=[at(2)], input_policy=policy)
    assert run.timestamps("OUTPUT") == [2]


def test_all_inputs_have_one_type() -> None:
    text = """
        input_stream: "floats" input_stream: "choices"
        node {
          calculator: "CountingSourceCalculator"
          input_side_packet: "MAX_COUNT:count"
          output_stream: "numbers"
        }
        node {
          calculator: "PacketPresenceCalculator"
          input_stream: "PACKET:floats"
          output_stream: "PRESENCE:flags"
        }
        node {
          calculator: "QuantizeFloatVectorCalculator"
          input_stream: "FLOAT_VECTOR:floats"
          output_stream: "ENCODED:codes"
          options { [mediapipe.QuantizeFloatVectorCalculatorOptions.ext] {
            max_quantized_value: 1 min_quantized_value: 0 } }
        }
        node {
          calculator: "MuxCalculator"
          input_stream: "INPUT:0:numbers"
          input_stream: "INPUT:1:codes"
          input_stream: "SELECT:choices"
          output_stream: "OUTPUT:mixed"
        }
        input_side_packet: "count"
    """
    with pytest.raises(GraphConfigError, match="both have to be the same"):
        run_graph(text, [], ["mixed"], {"count": 1})
