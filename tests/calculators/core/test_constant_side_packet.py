"""Values in the options become side packets."""

from typing import Any

import pytest

from flowlace.calculators.core.constant_side_packet import (
    ConstantSidePacket,
    ConstantSidePacketCalculator,
    ConstantSidePacketOptions,
)
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.formats.landmark import Landmark, LandmarkList
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.testing import run_calculator
from tests.framework.running import run_graph


def read(value: str) -> Any:
    """Returns the side packet that a value in a graph text makes."""
    graph = CalculatorGraph(f"""
        output_side_packet: "constant"
        node {{
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:constant"
          options: {{
            [mediapipe.ConstantSidePacketCalculatorOptions.ext]: {{ packet {{ {value} }} }}
          }}
        }}
    """)
    graph.start_run()
    graph.wait_until_done()
    return graph.output_side_packet("constant")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int_value: -2", -2),
        ("uint64_value: 18446744073709551615", 2**64 - 1),
        ("int64_value: -9000000000", -9_000_000_000),
        ("float_value: 0.5", 0.5),
        ("double_value: 0.1", 0.1),
        ("bool_value: false", False),
        ('string_value: "a word"', "a word"),
        ('string_vector_value { string_value: "a" string_value: "b" }', ["a", "b"]),
        (
            'classification_list_value { classification { index: 1 score: 0.5 label: "cat" } }',
            ClassificationList(classification=(Classification(index=1, score=0.5, label="cat"),)),
        ),
        (
            "landmark_list_value { landmark { x: 1 y: 2 } }",
            LandmarkList(landmark=(Landmark(x=1.0, y=2.0),)),
        ),
    ],
)
def test_reads_a_value(text: str, value: object) -> None:
    assert read(text) == value


def test_zero_is_a_value() -> None:
    assert read("int_value: 0") == 0


def test_makes_several_side_packets() -> None:
    run = run_calculator(
        ConstantSidePacketCalculator,
        ConstantSidePacketOptions(
            packet=(ConstantSidePacket(int_value=2), ConstantSidePacket(bool_value=True))
        ),
        side_outputs=["PACKET", "PACKET:1"],
    )
    assert run.side_packets == {"PACKET": 2, "PACKET:1": True}


def test_every_side_packet_needs_a_value() -> None:
    with pytest.raises(GraphConfigError, match="makes 1 side packets, but the options give 0"):
        run_calculator(ConstantSidePacketCalculator, side_outputs=["PACKET"])


def test_a_value_has_to_be_there() -> None:
    options = ConstantSidePacketOptions(packet=(ConstantSidePacket(),))
    with pytest.raises(GraphConfigError, match="PACKET:0 has no value in the options"):
        run_calculator(ConstantSidePacketCalculator, options)


def test_its_type_is_checked_against_the_consumer() -> None:
    text = """
        node {
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:count"
          options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
            packet { string_value: "three" } } }
        }
        node {
          calculator: "CountingSourceCalculator"
          input_side_packet: "MAX_COUNT:count"
          output_stream: "numbers"
        }
    """
    with pytest.raises(GraphConfigError, match=r"MAX_COUNT expects int, but .* sends str"):
        run_graph(text, [], [])


def test_an_optional_side_packet_made_by_a_node_is_waited_for() -> None:
    text = """
        input_side_packet: "limit"
        node {
          calculator: "CountingSourceCalculator"
          input_side_packet: "MAX_COUNT:limit"
          input_side_packet: "INITIAL_VALUE:start"
          output_stream: "numbers"
        }
        node {
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:start"
          options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
            packet { int_value: 7 } } }
        }
    """
    found = run_graph(text, [], ["numbers"], {"limit": 2})
    assert [packet.payload for packet in found["numbers"]] == [7, 8]
