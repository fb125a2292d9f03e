"""The only packet of a stream becomes a side packet."""

import pytest

from flowlace.calculators.core.stream_to_side_packet import StreamToSidePacketCalculator
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import at, run_calculator
from tests.framework.running import run_graph


def test_makes_the_payload_a_side_packet() -> None:
    run = run_calculator(StreamToSidePacketCalculator, packet=[at(5, "word")])
    assert run.side_packets == {"value": "word"}


def test_a_second_packet_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="has been set already"):
        run_calculator(StreamToSidePacketCalculator, packet=[at(5), at(6)])


GRAPH = """
    input_stream: "counts" input_stream: "lists"
    node {
      calculator: "StreamToSidePacketCalculator"
      input_stream: "counts"
      output_side_packet: "count"
    }
    node {
      calculator: "ClipVectorSizeCalculator"
      input_stream: "lists"
      input_side_packet: "count"
      output_stream: "clipped"
    }
"""


def test_a_node_waits_for_the_side_packet() -> None:
    found = run_graph(GRAPH, [("lists", at(1, [1, 2, 3])), ("counts", at(0, 2))], ["clipped"])
    assert found["clipped"] == [at(1, [1, 2])]


def test_a_stream_without_a_packet_is_an_error_where_somebody_waits() -> None:
    with pytest.raises(FlowlaceError, match="count never came"):
        run_graph(GRAPH, [("lists", at(1, [1]))], ["clipped"])
