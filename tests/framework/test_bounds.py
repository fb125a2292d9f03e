"""Timestamp bounds: what a stream promises when no packet comes."""

import pytest

from flowlace.framework.errors import GraphError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MAX, MIN, POST_STREAM, PRE_STREAM
from flowlace.testing import at
from tests.framework.running import collect, feed, list_sets, run_graph

JOIN = 'node {{ calculator: "ListSetsCalculator" {} input_side_packet: "LIST:found" }}'
A_AND_B = JOIN.format('input_stream: "a" input_stream: "b"')

FILTERED = """
input_stream: "numbers"
node { calculator: "KeepEvenCalculator" input_stream: "numbers" output_stream: "even" }
node { calculator: "%s" input_stream: "even" output_stream: "handed" }
node { calculator: "ShowSetsCalculator" input_stream: "numbers" input_stream: "handed"
       output_stream: "SETS:sets" }
"""


def test_waits_for_every_stream_to_pass_the_time() -> None:
    sets = list_sets(A_AND_B, [("a", at(1)), ("a", at(2)), ("b", at(2))])
    assert sets == [("1", 1, "<1"), ("2", 2, 2)]


def test_a_missing_packet_is_known_at_once_with_an_offset() -> None:
    graph = CalculatorGraph(FILTERED % "PassThroughCalculator")
    sets = collect(graph, "sets")
    graph.start_run()
    feed(graph, [("numbers", at(0)), ("numbers", at(1))])
    assert [packet.payload for packet in sets] == ["0: 0 0", "1: 1 -"]
    graph.cancel()


def test_without_an_offset_a_missing_packet_is_known_at_the_next_one() -> None:
    graph = CalculatorGraph(FILTERED % "NoOffsetCalculator")
    sets = collect(graph, "sets")
    graph.start_run()
    feed(graph, [("numbers", at(0)), ("numbers", at(1))])
    assert [packet.payload for packet in sets] == ["0: 0 0"]
    feed(graph, [("numbers", at(2))])
    assert [packet.payload for packet in sets] == ["0: 0 0", "1: 1 -", "2: 2 2"]
    graph.cancel()


def test_an_empty_packet_moves_the_bound_past_its_time() -> None:
    sets = list_sets(A_AND_B, [("a", at(5)), ("b", Packet.empty(4)), ("b", Packet.empty(5))])
    assert sets == [("5", 5, "<5")]


def test_bounds_pass_nodes_that_are_not_ready() -> None:
    text = """
    input_stream: "a"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
    node { calculator: "ShiftCalculator" input_stream: "b" output_stream: "c"
           options { [flowlace.tests.ProbeOptions.ext] { offset: 10 } } }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "c", bounds=True)
    graph.start_run()
    graph.set_input_stream_timestamp_bound("a", 100)
    graph.wait_until_idle()
    assert seen == [Packet.empty(109)]
    graph.cancel()


def test_a_shifted_stream_promises_its_shifted_times() -> None:
    text = """
    input_stream: "a"
    node { calculator: "ShiftCalculator" input_stream: "a" output_stream: "b"
           options { [flowlace.tests.ProbeOptions.ext] { offset: -5 } } }
    """
    assert run_graph(text, [("a", at(7)), ("a", at(9))], ["b"])["b"] == [Packet(7, 2), Packet(9, 4)]


def test_an_explicit_bound_wins_over_a_smaller_offset() -> None:
    def promise(calculator, packets):
        calculator.outputs["out"].set_next_timestamp_bound(1000)

    graph = CalculatorGraph(
        'input_stream: "a" input_side_packet: "do" node { calculator: "RemoteControlCalculator" '
        'input_stream: "a" output_stream: "b" input_side_packet: "DO:do" }'
    )
    seen = collect(graph, "b", bounds=True)
    graph.start_run({"do": {"process": promise}})
    feed(graph, [("a", at(1))])
    assert seen == [Packet.empty(999)]
    graph.cancel()


def test_a_packet_before_the_bound_fails_at_the_receiver() -> None:
    def send_at_ten(calculator, packets):
        calculator.outputs["out"].send(Packet("late", 10))

    graph = CalculatorGraph(
        'input_stream: "a" input_side_packet: "do" node { calculator: "RemoteControlCalculator" '
        'input_stream: "a" output_stream: "b" input_side_packet: "DO:do" }'
        'node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "c" }'
    )
    graph.start_run({"do": {"process": send_at_ten}})
    feed(graph, [("a", at(20))])
    message = (
        "node 'PassThroughCalculator': stream 'b' expects timestamps from 11 on, "
        "but node 'RemoteControlCalculator' sent a packet at 10"
    )
    with pytest.raises(GraphError, match=message):
        feed(graph, [("a", at(21))])


def test_an_input_that_goes_back_in_time_names_node_stream_and_times() -> None:
    graph = CalculatorGraph('input_stream: "a" ' + A_ONLY)
    graph.start_run()
    feed(graph, [("a", at(20))])
    with pytest.raises(
        GraphError,
        match=r"node 'PassThroughCalculator': stream 'a' expects timestamps from 21 on, but the "
        r"application sent a packet at 20",
    ):
        graph.add_packet_to_input_stream("a", at(20))


A_ONLY = 'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }'


def test_a_bound_can_not_be_lowered() -> None:
    graph = CalculatorGraph('input_stream: "a" ' + A_ONLY)
    graph.start_run()
    graph.set_input_stream_timestamp_bound("a", 50)
    with pytest.raises(GraphError, match="the bound can't go back from 50 to 40"):
        graph.set_input_stream_timestamp_bound("a", 40)
    graph.cancel()


def test_a_single_input_node_closes_right_after_a_pre_stream_packet() -> None:
    graph = CalculatorGraph('input_stream: "a" ' + A_ONLY)
    seen = collect(graph, "b")
    graph.start_run()
    feed(graph, [("a", Packet("preface", PRE_STREAM))])
    assert seen == [Packet("preface", PRE_STREAM)]
    assert "closed" in graph.state()
    graph.cancel()


def test_a_post_stream_packet_must_be_the_only_one() -> None:
    alone = run_graph('input_stream: "a" ' + A_ONLY, [("a", Packet("sum", POST_STREAM))], ["b"])
    assert alone["b"] == [Packet("sum", POST_STREAM)]
    graph = CalculatorGraph('input_stream: "a" ' + A_ONLY)
    graph.start_run()
    feed(graph, [("a", at(1))])
    with pytest.raises(GraphError, match="a packet at POST_STREAM has to be the only one"):
        graph.add_packet_to_input_stream("a", Packet("sum", POST_STREAM))


def test_the_smallest_and_largest_times_pass() -> None:
    found = run_graph(
        'input_stream: "a" ' + A_ONLY, [("a", Packet(1, MIN)), ("a", Packet(2, MAX))], ["b"]
    )
    assert found["b"] == [Packet(1, MIN), Packet(2, MAX)]


@pytest.mark.parametrize("timestamp", [-(2**63), -(2**63) + 1, 2**63 - 1, 2**63 - 2])
def test_a_packet_without_a_proper_time_is_refused(timestamp: int) -> None:
    graph = CalculatorGraph('input_stream: "a" ' + A_ONLY)
    graph.start_run()
    with pytest.raises(GraphError, match=r"a packet needs a time, but this one is at"):
        graph.add_packet_to_input_stream("a", Packet(1, timestamp))
    graph.cancel()


def test_settled_timestamps_are_processed_where_asked_for() -> None:
    node = 'node { calculator: "ListSettledCalculator" input_stream: "a" input_stream: "b" '
    sets = list_sets(
        node + 'input_side_packet: "LIST:found" }',
        [("a", at(1)), ("b", Packet.empty(10)), ("a", Packet.empty(5))],
    )
    assert sets == [("1", 1, "<1"), ("5", "<5", "<5"), ("10", "<10", "<10")]
