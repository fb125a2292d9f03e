"""Starting, feeding, waiting for, stopping and restarting a graph."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor as StandardPool
from typing import Any

import pytest

from flowlace.framework.errors import (
    CalculatorError,
    GraphCancelledError,
    GraphConfigError,
    GraphError,
    ThrottledError,
)
from flowlace.framework.graph import AddMode, CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.testing import at, packets
from tests.framework.running import collect, feed, run_graph

PASS = """
input_stream: "a"
output_stream: "b"
node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
"""
REMOTE = """
input_stream: "a"
input_side_packet: "do"
node { calculator: "RemoteControlCalculator" input_stream: "a" output_stream: "b"
       input_side_packet: "DO:do" }
"""
GATED = """
input_stream: "a"
input_side_packet: "gate"
input_side_packet: "entered"
%s
node { calculator: "WaitForGateCalculator" input_stream: "a" output_stream: "b"
       input_side_packet: "GATE:gate" input_side_packet: "ENTERED:entered" %s }
"""


def gated(head: str = "", tail: str = "") -> tuple[CalculatorGraph, dict[str, Any]]:
    sides = {"gate": threading.Event(), "entered": threading.Semaphore(0)}
    return CalculatorGraph(GATED % (head, tail)), sides


# ---------------------------------------------------------------- sources, stop, layers


def test_a_source_runs_until_it_says_stop() -> None:
    text = 'node { calculator: "CountCalculator" output_stream: "n" }'
    assert run_graph(text, [], ["n"])["n"] == packets(range(3))


def test_a_lower_source_layer_is_exhausted_first() -> None:
    text = """
    node { calculator: "CountCalculator" output_stream: "late" source_layer: 1 }
    node { calculator: "CountCalculator" output_stream: "early" }
    """
    graph = CalculatorGraph(text)
    order: list[str] = []
    graph.observe_output_stream("late", lambda packet: order.append("late"))
    graph.observe_output_stream("early", lambda packet: order.append("early"))
    graph.start_run()
    graph.wait_until_done()
    assert order == ["early"] * 3 + ["late"] * 3


def test_the_source_that_is_behind_runs_first() -> None:
    text = """
    num_threads: 1
    node { calculator: "CountCalculator" output_stream: "x" }
    node { calculator: "CountCalculator" output_stream: "y" }
    """
    graph = CalculatorGraph(text)
    order: list[int] = []
    graph.observe_output_stream("x", lambda packet: order.append(packet.timestamp))
    graph.observe_output_stream("y", lambda packet: order.append(packet.timestamp))
    graph.start_run()
    graph.wait_until_done()
    assert order == [0, 0, 1, 1, 2, 2]


def test_stop_from_a_node_stops_the_sources_drains_and_ends_well() -> None:
    text = """
    node { calculator: "CountCalculator" output_stream: "n"
           options { [flowlace.tests.ProbeOptions.ext] { count: 1000000 } } }
    node { calculator: "StopAfterCalculator" input_stream: "n" output_stream: "m" }
    node { calculator: "SumCalculator" input_stream: "m" output_stream: "sum" }
    """
    graph = CalculatorGraph(text)
    sums = collect(graph, "sum")
    graph.start_run()
    graph.wait_until_done(timeout_s=20)
    assert len(sums) == 1
    assert not graph.has_error


def test_close_may_send_packets() -> None:
    text = """
    input_stream: "a"
    node { calculator: "SumCalculator" input_stream: "a" output_stream: "sum" }
    node { calculator: "PassThroughCalculator" input_stream: "sum" output_stream: "b" }
    """
    assert run_graph(text, [("a", at(1)), ("a", at(2))], ["b"])["b"] == [Packet(3, 1_000_000)]


def test_packets_to_a_closed_node_are_dropped_and_counted() -> None:
    text = """
    input_stream: "a" input_stream: "b" input_side_packet: "found"
    node { calculator: "ListSetsCalculator" input_stream: "a" input_stream: "b"
           input_side_packet: "LIST:found"
           input_stream_handler { input_stream_handler: "EarlyCloseInputStreamHandler" } }
    """
    graph = CalculatorGraph(text)
    graph.start_run({"found": []})
    graph.close_input_stream("a")
    graph.wait_until_idle()
    feed(graph, [("b", at(1)), ("b", at(2))])
    assert graph.counters() == {"ListSetsCalculator.dropped_after_close": 2}
    graph.cancel()


def test_a_loop_ends_and_flushes_when_its_inputs_end() -> None:
    text = """
    input_stream: "a"
    node { calculator: "FirstOfTwoCalculator" input_stream: "a" input_stream: "LOOP:done"
           input_stream_info { tag_index: "LOOP" back_edge: true } output_stream: "b" }
    node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "done" }
    node { calculator: "SumCalculator" input_stream: "b" output_stream: "sum" }
    """
    found = run_graph(text, [("a", at(1)), ("a", at(2))], ["sum"])
    assert [packet.payload for packet in found["sum"]] == [3]


# ---------------------------------------------------------------- errors


def test_a_calculator_that_raises_names_node_phase_and_time() -> None:
    text = """
    input_stream: "a"
    node { calculator: "FailCalculator" name: "fragile" input_stream: "a"
           options { [flowlace.tests.ProbeOptions.ext] { fail_at: 7 } } }
    """
    graph = CalculatorGraph(text)
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(7))
    with pytest.raises(
        CalculatorError,
        match="node 'fragile' failed in process at 7: ValueError: the probe was told to fail",
    ) as caught:
        graph.wait_until_done()
    assert (caught.value.node, caught.value.phase, caught.value.timestamp) == (
        "fragile", "process", 7)  # fmt: skip
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_surfaces_on_the_next_call() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" node { calculator: "FailCalculator" input_stream: "a" '
        "options { [flowlace.tests.ProbeOptions.ext] { fail_at: 0 } } }"
    )
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(0))
    with pytest.raises(CalculatorError):
        graph.wait_until_idle()
    with pytest.raises(CalculatorError, match="the probe was told to fail"):
        graph.add_packet_to_input_stream("a", at(1))


@pytest.mark.parametrize("phase", ["open", "process", "close"])
def test_every_open_node_is_closed_after_an_error_and_sees_it(phase: str) -> None:
    text = (
        'node { calculator: "RemoteControlCalculator" name: "witness" input_stream: "a" '
        'output_stream: "c" input_side_packet: "DO:watch" } input_side_packet: "watch"'
    ) + REMOTE
    seen: list[Any] = []

    def fail(calculator: Any, _: Any) -> None:
        raise RuntimeError(f"in {phase}")

    graph = CalculatorGraph(text)
    graph.start_run(
        {
            "do": {phase: fail},
            "watch": {"close": lambda calculator, _: seen.append(calculator.graph_error)},
        }
    )
    with pytest.raises(CalculatorError, match=f"failed in {phase}.*RuntimeError: in {phase}"):
        graph.add_packet_to_input_stream("a", at(1))
        graph.close_all_packet_sources()
        graph.wait_until_done()
    assert len(seen) == 1


def test_errors_in_close_are_reported_with_the_first_error() -> None:
    def fail(calculator: Any, _: Any) -> None:
        raise RuntimeError("one thing")

    def fail_too(calculator: Any, _: Any) -> None:
        raise RuntimeError("and another")

    graph = CalculatorGraph(REMOTE)
    graph.start_run({"do": {"process": fail, "close": fail_too}})
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(CalculatorError, match=r"one thing\nthen: node .* in close.*and another"):
        graph.wait_until_done()


def test_a_strange_verdict_of_process_is_an_error() -> None:
    graph = CalculatorGraph(REMOTE)
    graph.start_run({"do": {"process": lambda calculator, packets: 42}})
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(GraphError, match="process returned 42; expected None or STOP"):
        graph.wait_until_done()


def test_headers_and_offsets_may_be_set_only_in_open() -> None:
    def set_header(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].set_header(Packet(1))

    graph = CalculatorGraph(REMOTE)
    graph.start_run({"do": {"process": set_header}})
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(CalculatorError, match="header of stream 'b' may be set only in open"):
        graph.wait_until_done()


def test_a_payload_of_the_wrong_type_is_refused_at_the_sender() -> None:
    text = """
    input_stream: "a"
    node { calculator: "WrongPayloadCalculator" input_stream: "a" output_stream: "b" }
    """
    graph = CalculatorGraph(text)
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(CalculatorError, match="stream 'b' carries int, but a str was sent at 1"):
        graph.wait_until_done()


def test_a_payload_of_the_wrong_type_is_refused_at_a_graph_input() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" node { calculator: "KeepEvenCalculator" input_stream: "a" '
        'output_stream: "b" }'
    )
    graph.start_run()
    with pytest.raises(GraphError, match="graph input 'a' carries int, but a str was added at 1"):
        graph.add_packet_to_input_stream("a", Packet("one", 1))
    graph.cancel()


def test_adding_to_a_closed_input_fails_the_graph() -> None:
    graph = CalculatorGraph(PASS + 'input_stream: "open"')
    graph.start_run()
    graph.close_input_stream("a")
    with pytest.raises(GraphError, match="graph input 'a' is closed"):
        graph.add_packet_to_input_stream("a", at(1))
    assert graph.has_error


def test_an_unknown_stream_is_named_with_the_known_ones() -> None:
    graph = CalculatorGraph(PASS)
    with pytest.raises(GraphError, match="no stream 'c'; streams: a, b"):
        graph.observe_output_stream("c", print)
    graph.start_run()
    with pytest.raises(GraphError, match="no input stream 'c'; input streams: a"):
        graph.add_packet_to_input_stream("c", at(1))
    graph.cancel()


# ---------------------------------------------------------------- start, restart, cancel, pause


def test_a_second_start_is_an_error_while_the_graph_runs() -> None:
    graph = CalculatorGraph(PASS)
    graph.start_run()
    with pytest.raises(GraphError, match="start_run: the graph is running"):
        graph.start_run()
    graph.cancel()


def test_a_graph_runs_again_after_it_ended_and_after_an_error() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" node { calculator: "FailCalculator" input_stream: "a" '
        'output_stream: "b" options { [flowlace.tests.ProbeOptions.ext] { fail_at: 5 } } }'
    )
    seen = collect(graph, "b")
    graph.start_run()
    with graph:
        feed(graph, [("a", at(1))])
    graph.start_run()
    with pytest.raises(CalculatorError):
        feed(graph, [("a", at(1)), ("a", at(5))])
    graph.start_run()
    with graph:
        feed(graph, [("a", at(1))])
    assert seen == [at(1)] * 3


def test_calls_before_the_start_say_so() -> None:
    with pytest.raises(GraphError, match="has not been started"):
        CalculatorGraph(PASS).wait_until_idle()


def test_cancel_ends_the_run_and_drops_what_is_queued() -> None:
    graph, sides = gated()
    seen = collect(graph, "b")
    graph.start_run(sides)
    graph.add_packet_to_input_stream("a", at(1))
    graph.add_packet_to_input_stream("a", at(2))
    assert sides["entered"].acquire(timeout=20)
    graph.cancel()
    sides["gate"].set()
    with pytest.raises(GraphCancelledError, match="was cancelled"):
        graph.wait_until_done(timeout_s=20)
    assert seen == []


def test_pause_starts_nothing_until_resume() -> None:
    graph = CalculatorGraph(PASS)
    seen = collect(graph, "b")
    graph.start_run()
    graph.wait_until_idle()
    graph.pause()
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(TimeoutError):
        graph.wait_until_idle(timeout_s=0.02)
    assert seen == []
    graph.resume()
    graph.wait_until_idle()
    assert seen == [at(1)]
    graph.cancel()


def test_leaving_the_with_block_by_an_error_cancels_the_run() -> None:
    graph = CalculatorGraph(PASS)
    with pytest.raises(KeyError), graph:
        graph.start_run()
        raise KeyError("ours")
    assert not graph.is_running


def test_waiting_times_out() -> None:
    graph = CalculatorGraph(PASS)
    graph.start_run()
    with pytest.raises(TimeoutError, match="waited for the graph to end in vain"):
        graph.wait_until_done(timeout_s=0.01)
    graph.cancel()


# ---------------------------------------------------------------- throttling

FULL = "max_queue_size: 2"


def test_adding_waits_while_a_queue_is_full_and_loses_nothing() -> None:
    graph, sides = gated(FULL)
    seen = collect(graph, "b")
    graph.start_run(sides)
    threading.Timer(0.05, sides["gate"].set).start()
    for time_us in range(20):
        graph.add_packet_to_input_stream("a", at(time_us))
    graph.close_all_packet_sources()
    graph.wait_until_done(timeout_s=20)
    assert seen == [at(time_us) for time_us in range(20)]


def test_adding_is_refused_while_a_queue_is_full_if_asked_so() -> None:
    graph, sides = gated(FULL)
    graph.start_run(sides)
    graph.add_packet_to_input_stream("a", at(0))
    assert sides["entered"].acquire(timeout=20)
    with pytest.raises(ThrottledError, match="graph is throttled: 'a' waits for full queues of a"):
        for time_us in range(1, 10):
            graph.add_packet_to_input_stream("a", at(time_us), mode=AddMode.ADD_IF_NOT_FULL)
    assert graph.is_input_stream_throttled("a")
    sides["gate"].set()
    graph.wait_until_idle(timeout_s=20)
    graph.add_packet_to_input_stream("a", at(99), mode=AddMode.ADD_IF_NOT_FULL)
    graph.close_all_packet_sources()
    graph.wait_until_done(timeout_s=20)


UNEVEN = """
input_stream: "a" input_stream: "b" input_side_packet: "found" max_queue_size: 2 %s
node { calculator: "ListSetsCalculator" input_stream: "a" input_stream: "b"
       input_side_packet: "LIST:found" }
"""


def test_a_full_queue_that_nothing_can_empty_grows() -> None:
    graph = CalculatorGraph(UNEVEN % "")
    found: list[Any] = []
    graph.start_run({"found": found})
    feed(graph, [("a", at(time_us)) for time_us in range(10)])
    feed(graph, [("b", at(9))])
    assert len(found) == 10
    graph.cancel()


def test_a_full_queue_that_nothing_can_empty_is_reported_if_asked_so() -> None:
    graph = CalculatorGraph(UNEVEN % "report_deadlock: true")
    graph.start_run({"found": []})
    with pytest.raises(GraphError, match="deadlock: nothing can run and the queues of 'a' are"):
        feed(graph, [("a", at(time_us)) for time_us in range(10)])


def test_a_buffer_size_hint_raises_the_limit_of_one_node() -> None:
    graph, sides = gated(FULL, "buffer_size_hint: 50")
    graph.start_run(sides)
    for time_us in range(40):
        graph.add_packet_to_input_stream("a", at(time_us), mode=AddMode.ADD_IF_NOT_FULL)
    graph.cancel()
    sides["gate"].set()


def test_throttling_is_switched_off_by_minus_one() -> None:
    graph, sides = gated("max_queue_size: -1")
    graph.start_run(sides)
    for time_us in range(500):
        graph.add_packet_to_input_stream("a", at(time_us), mode=AddMode.ADD_IF_NOT_FULL)
    graph.cancel()
    sides["gate"].set()


def test_a_full_queue_holds_back_sources() -> None:
    text = """
    max_queue_size: 3
    input_side_packet: "gate" input_side_packet: "entered"
    node { calculator: "CountCalculator" output_stream: "n"
           options { [flowlace.tests.ProbeOptions.ext] { count: 50 } } }
    node { calculator: "WaitForGateCalculator" input_stream: "n" output_stream: "b"
           input_side_packet: "GATE:gate" input_side_packet: "ENTERED:entered" }
    """
    graph = CalculatorGraph(text)
    made = collect(graph, "n")
    sides = {"gate": threading.Event(), "entered": threading.Semaphore(0)}
    graph.start_run(sides)
    assert sides["entered"].acquire(timeout=20)
    time.sleep(0.05)
    assert len(made) <= 5
    sides["gate"].set()
    graph.wait_until_done(timeout_s=20)
    assert len(made) == 50


# ---------------------------------------------------------------- observers, pollers


def test_an_observer_may_be_added_while_the_graph_runs() -> None:
    graph = CalculatorGraph(PASS)
    graph.start_run()
    feed(graph, [("a", at(1))])
    seen = collect(graph, "b")
    feed(graph, [("a", at(2))])
    assert seen == [at(2)]
    graph.cancel()


def test_an_exception_in_a_callback_fails_the_graph_not_the_process() -> None:
    graph = CalculatorGraph(PASS)
    graph.observe_output_stream("b", lambda packet: 1 / 0)
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(4))
    with pytest.raises(GraphError, match="observer of stream 'b' failed at 4: ZeroDivisionError"):
        graph.wait_until_done()


def test_a_callback_may_add_packets() -> None:
    graph = CalculatorGraph(PASS + 'input_stream: "c"')
    seen = collect(graph, "c")
    graph.observe_output_stream("b", lambda packet: graph.add_packet_to_input_stream("c", packet))
    graph.start_run()
    with graph:
        feed(graph, [("a", at(1)), ("a", at(2))])
    assert seen == [at(1), at(2)]


def test_a_graph_input_can_be_observed() -> None:
    graph = CalculatorGraph(PASS)
    seen = collect(graph, "a")
    graph.start_run()
    feed(graph, [("a", at(1))])
    assert seen == [at(1)]
    graph.cancel()


def test_observers_of_different_streams_do_not_wait_for_each_other() -> None:
    text = """
    input_stream: "a" input_stream: "c"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" executor: "x" }
    node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" executor: "y" }
    executor { name: "x" type: "ThreadPoolExecutor"
               options { [mediapipe.ThreadPoolExecutorOptions.ext] { num_threads: 1 } } }
    executor { name: "y" type: "ThreadPoolExecutor"
               options { [mediapipe.ThreadPoolExecutorOptions.ext] { num_threads: 1 } } }
    """
    graph = CalculatorGraph(text)
    both = threading.Barrier(2)
    graph.observe_output_stream("b", lambda packet: both.wait(20))
    graph.observe_output_stream("d", lambda packet: both.wait(20))
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    graph.add_packet_to_input_stream("c", at(1))
    graph.wait_until_idle(timeout_s=20)
    assert not both.broken
    graph.cancel()


def test_a_poller_gives_every_packet_and_ends_with_the_stream() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b")
    graph.start_run()
    for time_us in range(5):
        graph.add_packet_to_input_stream("a", at(time_us))
    graph.close_all_packet_sources()
    assert list(poller) == [at(time_us) for time_us in range(5)]


def test_a_slow_poller_holds_back_the_input() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b", max_queue_size=2)
    graph.start_run()
    seen: list[Packet[int]] = []
    reader = threading.Thread(target=lambda: seen.extend(poller))
    with pytest.raises(ThrottledError):
        for time_us in range(10):
            graph.add_packet_to_input_stream("a", at(time_us), mode=AddMode.ADD_IF_NOT_FULL)
            graph.wait_until_idle()
    reader.start()
    for time_us in range(100, 110):
        graph.add_packet_to_input_stream("a", at(time_us))
    graph.close_all_packet_sources()
    reader.join(20)
    assert [packet.timestamp for packet in seen] == [0, 1, *range(100, 110)]


def test_a_poller_shows_bounds_if_asked_so() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b", observe_timestamp_bounds=True)
    graph.start_run()
    graph.set_input_stream_timestamp_bound("a", 10)
    graph.wait_until_idle()
    assert poller.next(timeout_s=5) == Packet.empty(9)
    graph.cancel()


def test_a_poller_raises_the_error_of_the_graph() -> None:
    graph = CalculatorGraph(
        'input_stream: "a" node { calculator: "FailCalculator" input_stream: "a" '
        'output_stream: "b" options { [flowlace.tests.ProbeOptions.ext] { fail_at: 1 } } }'
    )
    poller = graph.output_stream_poller("b")
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(CalculatorError):
        poller.next(timeout_s=20)


def test_a_poller_times_out() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b")
    graph.start_run()
    with pytest.raises(TimeoutError, match="waited for stream 'b' in vain"):
        poller.next(timeout_s=0.01)
    graph.cancel()


def test_async_for_reads_a_poller() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b")

    async def read() -> list[Packet[Any]]:
        return [packet async for packet in poller]

    graph.start_run()
    for time_us in range(3):
        graph.add_packet_to_input_stream("a", at(time_us))
    graph.close_all_packet_sources()
    assert asyncio.run(read()) == [at(time_us) for time_us in range(3)]


def test_waiting_for_observed_output_sees_packets_and_the_end() -> None:
    graph = CalculatorGraph(PASS)
    seen = collect(graph, "b")
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    graph.wait_for_observed_output(timeout_s=20)
    assert seen == [at(1)]
    with pytest.raises(TimeoutError):
        graph.wait_for_observed_output(timeout_s=0.01)
    graph.close_all_packet_sources()
    graph.wait_for_observed_output(timeout_s=20)


# ---------------------------------------------------------------- side packets, headers, services


def test_a_side_packet_made_by_a_node_reaches_the_node_that_waits_for_it() -> None:
    text = """
    input_stream: "a" input_side_packet: "text" output_side_packet: "length"
    node { calculator: "AddSidePacketCalculator" input_stream: "a" output_stream: "b"
           input_side_packet: "AMOUNT:length" }
    node { calculator: "LengthSidePacketCalculator" input_side_packet: "TEXT:text"
           output_side_packet: "LENGTH:length" }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "b")
    graph.start_run({"text": "seven!!"})
    with graph:
        feed(graph, [("a", at(1))])
        assert graph.output_side_packet("length") == 7
    assert seen == [Packet(8, 1)]


def test_a_missing_side_packet_is_named_before_anything_starts() -> None:
    graph = CalculatorGraph(REMOTE)
    with pytest.raises(GraphConfigError, match="side packet 'do' has to be given to start_run"):
        graph.start_run()


def test_a_side_packet_of_the_wrong_type_is_refused() -> None:
    text = (
        'input_side_packet: "text" node { calculator: "LengthSidePacketCalculator" '
        'input_side_packet: "TEXT:text" output_side_packet: "LENGTH:length" }'
    )
    with pytest.raises(GraphConfigError, match="side packet 'text' is str, but a int was given"):
        CalculatorGraph(text).start_run({"text": 7})


def test_a_side_packet_that_never_comes_is_reported_at_the_end() -> None:
    text = REMOTE.replace('output_stream: "b"', 'output_stream: "b"') + (
        'node { calculator: "AddSidePacketCalculator" input_stream: "a" output_stream: "c" '
        'input_side_packet: "AMOUNT:amount" }'
        'node { calculator: "SilentSidePacketCalculator" input_stream: "a" '
        'output_side_packet: "AMOUNT:amount" }'
    )
    graph = CalculatorGraph(text)
    graph.start_run({"do": {}})
    graph.add_packet_to_input_stream("a", at(1))
    graph.close_all_packet_sources()
    with pytest.raises(
        GraphError, match="'AddSidePacketCalculator' was never opened: side packet amount never"
    ):
        graph.wait_until_done(timeout_s=20)


def test_headers_reach_downstream_before_its_open() -> None:
    text = """
    input_stream: "a"
    node { calculator: "HeaderCalculator" input_stream: "b" output_stream: "c" }
    node { calculator: "HeaderCalculator" input_stream: "a" output_stream: "b" }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "c")
    graph.start_run(headers={"a": Packet("h")})
    with graph:
        feed(graph, [("a", at(1))])
    assert seen == [Packet("h'", 1)]


def test_a_service_set_on_the_graph_reaches_the_calculator() -> None:
    text = (
        'input_stream: "a" node { calculator: "ServiceCalculator" input_stream: "a" '
        'output_stream: "b" }'
    )
    graph = CalculatorGraph(text)
    with pytest.raises(GraphConfigError, match="needs service 'greeting'; set it with set_service"):
        graph.start_run()
    graph.set_service("greeting", "hello")
    seen = collect(graph, "b")
    graph.start_run()
    with graph:
        feed(graph, [("a", at(1))])
    assert seen == [Packet("hello", 1)]


def test_a_service_made_by_default_is_one_for_all_nodes_and_runs() -> None:
    text = (
        'num_threads: 1 input_stream: "a" node { calculator: "TallyCalculator" input_stream: "a" '
        'output_stream: "b" } node { calculator: "TallyCalculator" input_stream: "a" '
        'output_stream: "c" }'
    )
    graph = CalculatorGraph(text)
    seen = collect(graph, "b"), collect(graph, "c")
    for _ in range(2):
        graph.start_run()
        with graph:
            feed(graph, [("a", at(1))])
    assert sorted(packet.payload for packets in seen for packet in packets) == [1, 2, 3, 4]


def test_a_service_of_the_wrong_type_is_refused() -> None:
    text = (
        'input_stream: "a" node { calculator: "ServiceCalculator" input_stream: "a" '
        'output_stream: "b" }'
    )
    graph = CalculatorGraph(text)
    graph.set_service("greeting", 5)
    with pytest.raises(GraphConfigError, match="service 'greeting' is str, but a int was set"):
        graph.start_run()


# ---------------------------------------------------------------- executors, parallel calls


def test_the_application_thread_executor_runs_nothing_until_somebody_waits() -> None:
    graph = CalculatorGraph(PASS + 'executor { type: "ApplicationThreadExecutor" }')
    threads: list[str] = []
    graph.observe_output_stream("b", lambda packet: threads.append(threading.current_thread().name))
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    assert threads == []
    graph.wait_until_idle()
    assert threads == [threading.current_thread().name]
    graph.close_all_packet_sources()
    graph.wait_until_done()


def test_an_executor_from_code_runs_the_nodes_that_name_it() -> None:
    text = """
    input_stream: "a"
    executor { name: "mine" }
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b"
           executor: "mine" }
    """
    graph = CalculatorGraph(text)
    with pytest.raises(GraphConfigError, match="executor 'mine' has no type; set it with"):
        graph.start_run()
    names: list[str] = []
    graph.observe_output_stream("b", lambda packet: names.append(threading.current_thread().name))
    with StandardPool(1, thread_name_prefix="ours") as pool:
        graph.set_executor("mine", pool)
        graph.start_run()
        with graph:
            feed(graph, [("a", at(1))])
    assert names == ["ours_0"]


def test_parallel_calls_of_one_node_keep_the_order() -> None:
    sides = {"gate": threading.Event(), "entered": threading.Semaphore(0)}
    graph = CalculatorGraph(GATED % ("num_threads: 4", "max_in_flight: 3"))
    seen = collect(graph, "b")
    graph.start_run(sides)
    for time_us in range(6):
        graph.add_packet_to_input_stream("a", at(time_us))
    entered = [sides["entered"].acquire(timeout=20) for _ in range(3)]
    sides["gate"].set()
    graph.close_all_packet_sources()
    graph.wait_until_done(timeout_s=20)
    assert entered == [True] * 3
    assert seen == [at(time_us) for time_us in range(6)]


def test_images_are_never_copied() -> None:
    np = pytest.importorskip("numpy")
    chain = "\n".join(
        f'node {{ calculator: "PassThroughCalculator" input_stream: "s{i}" '
        f'output_stream: "s{i + 1}" }}'
        for i in range(10)
    )
    graph = CalculatorGraph('input_stream: "s0"' + chain)
    seen = collect(graph, "s10")
    image = np.zeros((480, 640, 3), np.uint8)
    graph.start_run()
    with graph:
        feed(graph, [("s0", Packet(image, 0))])
    assert seen[0].payload is image
