"""Side packets are sent at the timestamp the output's tag says."""

import pytest

from flowlace.calculators.core.side_packet_to_stream import SidePacketToStreamCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import at, nothing_until, run_calculator
from tests.framework.running import run_graph


@pytest.mark.parametrize(
    ("tag", "timestamp"),
    [("AT_PRESTREAM", PRE_STREAM), ("AT_POSTSTREAM", POST_STREAM), ("AT_ZERO", 0)],
)
def test_sends_at_a_fixed_timestamp(tag: str, timestamp: int) -> None:
    run = run_calculator(SidePacketToStreamCalculator, side_packets={"value": "v"}, outputs=[tag])
    assert run.packets(tag) == [at(timestamp, "v")]


def test_sends_at_a_timestamp_from_a_side_packet() -> None:
    run = run_calculator(
        SidePacketToStreamCalculator,
        side_packets={"value": "v", "TIMESTAMP": 77},
        outputs=["AT_TIMESTAMP"],
    )
    assert run.packets("AT_TIMESTAMP") == [at(77, "v")]


def test_sends_at_every_tick() -> None:
    run = run_calculator(
        SidePacketToStreamCalculator,
        TICK=[at(1), at(5), nothing_until(9)],
        side_packets={"value": "v"},
        outputs=["AT_TICK"],
    )
    assert run.packets("AT_TICK") == [at(1, "v"), at(5, "v")]
    assert run.bounds["AT_TICK"][-1] == 9


def test_sends_at_the_first_tick() -> None:
    run = run_calculator(
        SidePacketToStreamCalculator,
        TICK=[at(3), at(5)],
        side_packets={"value": "v"},
        outputs=["AT_FIRST_TICK"],
    )
    assert run.packets("AT_FIRST_TICK") == [at(3, "v")]


def test_without_ticks_nothing_is_sent() -> None:
    run = run_calculator(
        SidePacketToStreamCalculator, TICK=[], side_packets={"value": 1}, outputs=["AT_TICK"]
    )
    assert run.packets("AT_TICK") == []


def test_sends_several_side_packets() -> None:
    run = run_calculator(
        SidePacketToStreamCalculator,
        side_packets={"value": "v", "1": "w"},
        outputs=["AT_ZERO", "AT_ZERO:1"],
    )
    assert run.packets("AT_ZERO") == [at(0, "v")]
    assert run.packets("AT_ZERO:1") == [at(0, "w")]


def test_the_stream_has_the_type_of_the_side_packet() -> None:
    text = """
        node {
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:name"
          options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
            packet { string_value: "a" } } }
        }
        node {
          calculator: "SidePacketToStreamCalculator"
          input_side_packet: "name"
          output_stream: "AT_ZERO:names"
        }
        node {
          calculator: "DequantizeByteArrayCalculator"
          input_stream: "ENCODED:names"
          output_stream: "FLOAT_VECTOR:floats"
          options { [mediapipe.DequantizeByteArrayCalculatorOptions.ext] {
            max_quantized_value: 1 min_quantized_value: 0 } }
        }
    """
    with pytest.raises(GraphConfigError, match=r"expects bytes, but .* sends str"):
        run_graph(text, [], [])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"outputs": []}, "sends on 0 tags; use one of AT_PRESTREAM"),
        ({"outputs": ["AT_ZERO", "AT_PRESTREAM"]}, "sends on 2 tags"),
        ({"outputs": ["AT_TICK"]}, "AT_TICK needs TICK; connect it"),
        ({"outputs": ["AT_ZERO"], "inputs": {"TICK": []}}, "AT_ZERO makes no use of TICK"),
        ({"outputs": ["AT_TIMESTAMP"]}, "AT_TIMESTAMP needs side packet TIMESTAMP"),
        ({"outputs": ["AT_ZERO", "AT_ZERO:1"]}, "has 1 side packets and 2 outputs"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments: dict, complaint: str) -> None:
    with pytest.raises(GraphConfigError, match=complaint):
        run_calculator(SidePacketToStreamCalculator, side_packets={"value": 1}, **arguments)
