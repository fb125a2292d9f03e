"""The rules by which a node becomes ready, one graph node each."""

import pytest

from flowlace.framework.errors import GraphConfigError, GraphError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.testing import at
from tests.framework.running import collect, feed, list_sets

NODE = """
node {
  calculator: "%s"
  %s
  input_side_packet: "LIST:found"
  input_stream_handler { input_stream_handler: "%s" %s }
}
"""
A_B = 'input_stream: "a" input_stream: "b"'
A_B_C = A_B + ' input_stream: "c"'


def node(policy: str, options: str = "", *, inputs: str = A_B, settled: bool = False) -> str:
    calculator = "ListSettledCalculator" if settled else "ListSetsCalculator"
    return NODE % (calculator, inputs, policy, options)


def test_immediate_runs_for_every_packet_by_itself() -> None:
    sets = list_sets(
        node("ImmediateInputStreamHandler"), [("a", at(10)), ("b", at(5)), ("a", at(20))]
    )
    assert sets[:3] == [
        ("10", 10, "<UNSTARTED"),
        ("5", "<10", 5),
        ("20", 20, "<5"),
    ]


def test_immediate_runs_when_a_stream_ends() -> None:
    sets = list_sets(node("ImmediateInputStreamHandler"), [("a", at(10)), ("b", at(5))])
    # The input sets of the ends hold no packet; the last end closes the node instead.
    assert [each[1:] for each in sets[2:]] == [("<MAX", "<5")]


def test_immediate_shows_each_end_at_max_where_bounds_are_processed() -> None:
    sets = list_sets(node("ImmediateInputStreamHandler", settled=True), [("a", at(10))])
    assert sets[0] == ("10", 10, "<UNSTARTED")
    assert [each[0] for each in sets[1:]] == ["MAX", "MAX"]


def test_immediate_with_an_offset_makes_disorder_across_streams_an_error() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" input_stream: "b" node { calculator: "PassThroughCalculator" '
        'input_stream: "a" input_stream: "b" output_stream: "c" output_stream: "d" '
        'input_stream_handler { input_stream_handler: "ImmediateInputStreamHandler" } }'
        'node { calculator: "PassThroughCalculator" input_stream: "d" output_stream: "e" }'
    )
    graph.start_run()
    feed(graph, [("a", at(10))])
    with pytest.raises(GraphError, match="stream 'd' expects timestamps from 11 on"):
        feed(graph, [("b", at(5))])


def test_sync_sets_keep_step_within_a_set_only() -> None:
    options = (
        "options { [mediapipe.SyncSetInputStreamHandlerOptions.ext] "
        '{ sync_set { tag_index: ":0" tag_index: ":1" } } }'
    )
    sets = list_sets(
        node("SyncSetInputStreamHandler", options, inputs=A_B_C),
        [("a", at(1)), ("c", at(7)), ("b", at(1)), ("c", at(8))],
        inputs="a b c",
    )
    assert sets == [
        ("7", "<0", "<UNSTARTED", 7),
        ("1", 1, 1, "<7"),
        ("8", "<1", "<1", 8),
    ]


def test_sync_sets_run_the_earliest_set_first() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" input_stream: "b" input_side_packet: "found"'
        + node(
            "SyncSetInputStreamHandler",
            "options { [mediapipe.SyncSetInputStreamHandlerOptions.ext] "
            '{ sync_set { tag_index: ":0" } } }',
        )
    )
    found: list[tuple[str, ...]] = []
    graph.start_run({"found": found})
    graph.wait_until_idle()
    graph.pause()
    graph.add_packet_to_input_stream("a", at(9))
    graph.add_packet_to_input_stream("b", at(3))
    graph.add_packet_to_input_stream("b", at(4))
    graph.resume()
    graph.wait_until_idle()
    # The set at 9 was taken as soon as it was ready; of what came meanwhile, the earliest goes on.
    assert [each[0] for each in found] == ["9", "3", "4"]
    graph.cancel()


def test_a_sync_set_must_name_inputs() -> None:
    options = (
        "options { [mediapipe.SyncSetInputStreamHandlerOptions.ext] "
        '{ sync_set { tag_index: "NOPE" } } }'
    )
    with pytest.raises(GraphConfigError, match="'NOPE'"):
        list_sets(node("SyncSetInputStreamHandler", options), [])


def paused_while_adding(text: str, packets: list[tuple[str, Packet[int]]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    graph = CalculatorGraph('input_stream: "a" input_stream: "b" input_side_packet: "found"' + text)
    graph.start_run({"found": found})
    graph.wait_until_idle()
    graph.pause()
    for stream, packet in packets:
        graph.add_packet_to_input_stream(stream, packet)
    graph.resume()
    graph.wait_until_idle()
    graph.close_all_packet_sources()
    graph.wait_until_done()
    paused_while_adding.counters = graph.counters()  # type: ignore[attr-defined]
    return found


def test_fixed_size_takes_the_newest_whole_set() -> None:
    packets = [(stream, at(time)) for time in range(5) for stream in "ab"]
    sets = paused_while_adding(node("FixedSizeInputStreamHandler"), packets)
    assert sets == [("4", 4, 4)]


def test_fixed_size_counts_what_it_drops() -> None:
    packets = [(stream, at(time)) for time in range(5) for stream in "ab"]
    paused_while_adding(node("FixedSizeInputStreamHandler"), packets)
    counters = paused_while_adding.counters  # type: ignore[attr-defined]
    assert counters == {"ListSetsCalculator.dropped_by_input_policy": 8}


def test_fixed_size_keeps_the_target_of_each_queue() -> None:
    options = (
        "options { [mediapipe.FixedSizeInputStreamHandlerOptions.ext] "
        "{ trigger_queue_size: 4 target_queue_size: 3 } }"
    )
    packets = [("a", at(time)) for time in range(5)] + [("b", at(time)) for time in range(5)]
    sets = paused_while_adding(node("FixedSizeInputStreamHandler", options), packets)
    assert [each[0] for each in sets] == ["2", "3", "4"]


def test_fixed_min_size_cuts_only_when_all_queues_are_long() -> None:
    options = (
        "options { [mediapipe.FixedSizeInputStreamHandlerOptions.ext] { fixed_min_size: true } }"
    )
    packets = [("a", at(time)) for time in range(5)] + [("b", at(0))]
    sets = paused_while_adding(node("FixedSizeInputStreamHandler", options), packets)
    assert sets[0] == ("0", 0, 0)


def test_mux_waits_for_the_control_and_the_selected_stream() -> None:
    text = node("MuxInputStreamHandler", inputs=A_B_C)
    sets = list_sets(
        text,
        [("a", at(1, "a1")), ("c", at(1, 1)), ("b", at(1, "b1")), ("c", Packet(0, 2)),
         ("b", at(2, "b2")), ("a", at(2, "a2"))],
        inputs="a b c",
    )  # fmt: skip
    assert sets == [("1", "<1", "b1", 1), ("2", "a2", "<2", 0)]


def test_mux_refuses_an_input_that_is_not_there() -> None:
    text = node("MuxInputStreamHandler", inputs=A_B_C)
    with pytest.raises(GraphError, match="selects input 7 at 1; there are inputs 0 to 1"):
        list_sets(text, [("c", at(1, 7))], inputs="a b c")


def test_barrier_takes_heads_whatever_their_times() -> None:
    text = node("BarrierInputStreamHandler")
    sets = list_sets(text, [("a", at(10)), ("a", at(5)), ("b", at(99)), ("b", at(100))])
    assert sets == [("10", 10, 99), ("5", 5, 100)]


def test_barrier_closes_when_any_stream_is_done_and_empty() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" input_stream: "b" input_side_packet: "found"'
        + node("BarrierInputStreamHandler")
    )
    graph.start_run({"found": []})
    feed(graph, [("a", at(1))])
    graph.close_input_stream("b")
    graph.wait_until_idle()
    assert "closed" in graph.state()
    graph.cancel()


def test_early_close_ends_with_the_first_stream() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" input_stream: "b" input_side_packet: "found"'
        + node("EarlyCloseInputStreamHandler")
    )
    found: list[tuple[str, ...]] = []
    graph.start_run({"found": found})
    feed(graph, [("a", at(1)), ("b", at(1)), ("b", at(2))])
    graph.close_input_stream("a")
    graph.wait_until_idle()
    assert found == [("1", 1, 1)]
    assert "closed" in graph.state()
    graph.cancel()


def test_timestamp_align_passes_the_base_alone_and_then_restamps() -> None:
    options = (
        "options { [mediapipe.TimestampAlignInputStreamHandlerOptions.ext] "
        '{ timestamp_base_tag_index: ":0" } }'
    )
    sets = list_sets(
        node("TimestampAlignInputStreamHandler", options),
        [("a", at(10)), ("b", at(1000)), ("a", at(20)), ("b", at(1010)), ("a", at(30))],
    )
    assert sets == [("10", 10, "<10"), ("20", 20, 1000), ("30", 30, 1010)]


def test_a_batch_runs_together_and_the_rest_at_the_end() -> None:
    options = "options { [mediapipe.DefaultInputStreamHandlerOptions.ext] { batch_size: 3 } }"
    graph = CalculatorGraph(
        'input_stream: "a" input_side_packet: "found"'
        + node("DefaultInputStreamHandler", options, inputs='input_stream: "a"')
    )
    found: list[tuple[str, ...]] = []
    graph.start_run({"found": found})
    sizes = []
    for time in range(5):
        feed(graph, [("a", at(time))])
        sizes.append(len(found))
    assert sizes == [0, 0, 3, 3, 3]
    graph.close_all_packet_sources()
    graph.wait_until_done()
    assert [each[0] for each in found] == ["0", "1", "2", "3", "4"]


def test_a_graph_wide_policy_overrides_the_calculators_own() -> None:
    text = """
    input_stream: "a" input_stream: "b"
    input_stream_handler { input_stream_handler: "%s" }
    node { calculator: "ShowSetsCalculator" input_stream: "a" input_stream: "b"
           output_stream: "SETS:sets" }
    """
    graph = CalculatorGraph(text % "ImmediateInputStreamHandler")
    seen = collect(graph, "sets")
    graph.start_run()
    feed(graph, [("a", at(1))])
    assert len(seen) == 1
    graph.cancel()
