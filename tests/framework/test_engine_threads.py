"""Light nodes called in a chain, batches, slow callbacks and waiting inside callbacks."""

import gc
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
)
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.testing import at
from tests.framework.running import collect, feed

APPLICATION_THREAD = 'executor { type: "ApplicationThreadExecutor" }'
PASS = """
input_stream: "a"
node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
"""
REMOTE = """
input_stream: "a" input_side_packet: "do"
node { calculator: "RemoteControlCalculator" input_stream: "a" output_stream: "b"
       input_side_packet: "DO:do" }
"""
COUNT_FOR_EVER = """
node { calculator: "CountCalculator" output_stream: "n"
       options { [flowlace.tests.ProbeOptions.ext] { count: 1000000000 } } }
"""
DEFAULT_THREADS = "num_threads: 2"
HEADS = [APPLICATION_THREAD, DEFAULT_THREADS]
WARM = 100
"""Packets after which the engine knows which nodes are light."""


def warmed_up(text: str, stream: str = "a", **start: Any) -> CalculatorGraph:
    graph = CalculatorGraph(text)
    graph.start_run(**start)
    feed(graph, [(stream, at(time_us)) for time_us in range(WARM)])
    return graph


# ---------------------------------------------------------------- chains and batches


def test_a_batch_of_a_light_node_is_processed_whole() -> None:
    text = """
    input_stream: "a"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b"
           input_stream_handler { input_stream_handler: "DefaultInputStreamHandler"
             options { [mediapipe.DefaultInputStreamHandlerOptions.ext] { batch_size: 4 } } } }
    node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "c" }
    """
    graph = CalculatorGraph(text + APPLICATION_THREAD)
    seen = collect(graph, "c")
    graph.start_run()
    sizes = []
    for time_us in range(WARM):
        feed(graph, [("a", at(time_us))])
        sizes.append(len(seen))
    assert sizes == [(count + 1) // 4 * 4 for count in range(WARM)]
    graph.cancel()


def test_a_batch_can_not_be_run_in_parallel() -> None:
    text = """
    input_stream: "a"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b"
           max_in_flight: 2 input_stream_handler {
             input_stream_handler: "DefaultInputStreamHandler"
             options { [mediapipe.DefaultInputStreamHandlerOptions.ext] { batch_size: 4 } } } }
    """
    with pytest.raises(GraphConfigError, match="batch_size and max_in_flight can't both be"):
        CalculatorGraph(text).start_run()


CHAIN_BEHIND_TWO_INPUTS = """
input_stream: "a" input_stream: "b" input_side_packet: "do"
node { calculator: "JoinCalculator" input_stream: "a" input_stream: "b" output_stream: "c"
       input_stream_handler { input_stream_handler: "SyncSetInputStreamHandler"
         options { [mediapipe.SyncSetInputStreamHandlerOptions.ext] {
           sync_set { tag_index: ":0" } sync_set { tag_index: ":1" } } } } }
node { calculator: "RemoteControlCalculator" input_stream: "c" output_stream: "d"
       input_side_packet: "DO:do" }
"""


def test_a_packet_on_another_input_during_a_chain_is_not_forgotten() -> None:
    graph: CalculatorGraph

    def add_to_b(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].send(packets["in"])
        if packets.timestamp % 2 == 0:
            graph.add_packet_to_input_stream("b", at(packets.timestamp + 1))

    graph = CalculatorGraph(CHAIN_BEHIND_TWO_INPUTS + APPLICATION_THREAD)
    seen = collect(graph, "d")
    graph.start_run({"do": {"process": add_to_b}})
    feed(graph, [("a", at(time_us)) for time_us in range(0, 2 * WARM, 2)])
    assert [packet.timestamp for packet in seen] == list(range(2 * WARM))
    graph.cancel()


def test_a_node_that_is_light_no_more_gets_a_thread_of_its_own() -> None:
    text = """
    num_threads: 2 input_stream: "a" input_side_packet: "do"
    node { calculator: "RemoteControlCalculator" input_stream: "a" output_stream: "b"
           input_side_packet: "DO:do" }
    node { calculator: "RemoteControlCalculator" input_stream: "b" output_stream: "c"
           input_side_packet: "DO:do" }
    """
    inside: set[str] = set()
    together: list[int] = []

    def pass_on(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].send(packets["in"])
        if packets.timestamp >= WARM:
            inside.add(calculator.node_name)
            time.sleep(0.004)
            together.append(len(inside))
            inside.discard(calculator.node_name)

    graph = warmed_up(text, side_packets={"do": {"process": pass_on}})
    for time_us in range(WARM, WARM + 40):
        graph.add_packet_to_input_stream("a", at(time_us))
    graph.wait_until_idle(timeout_s=20)
    assert 2 in together
    graph.cancel()


# ---------------------------------------------------------------- callbacks


@pytest.mark.parametrize("head", HEADS)
def test_a_bound_handed_on_after_a_call_reaches_the_observer(head: str) -> None:
    def bound_during_call(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].send(packets["in"])
        graph.set_input_stream_timestamp_bound("a", 10)

    graph = CalculatorGraph(REMOTE.replace("RemoteControl", "PromisingRemote") + head)
    seen = collect(graph, "b", bounds=True)
    graph.start_run({"do": {"process": bound_during_call}})
    feed(graph, [("a", at(1))])
    assert seen == [at(1), Packet.empty(9)]
    graph.cancel()


def test_a_callback_may_wait_for_room_on_the_only_thread() -> None:
    text = f'input_stream: "c" max_queue_size: 1 {PASS} {APPLICATION_THREAD}'
    text += 'node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" }'
    graph = CalculatorGraph(text)
    seen = collect(graph, "d")

    def add_three(packet: Packet[int]) -> None:
        for offset in range(3):
            graph.add_packet_to_input_stream("c", at(3 * packet.timestamp + offset))

    graph.observe_output_stream("b", add_three)
    graph.start_run()
    feed(graph, [("a", at(0)), ("a", at(1))])
    assert seen == [at(time_us) for time_us in range(6)]
    graph.cancel()


def test_a_callback_may_wait_for_room_on_the_only_thread_of_a_named_executor() -> None:
    text = """
    input_stream: "a" input_stream: "c" max_queue_size: 1
    executor { name: "x" type: "ThreadPoolExecutor"
               options { [mediapipe.ThreadPoolExecutorOptions.ext] { num_threads: 1 } } }
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" executor: "x" }
    node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" executor: "x" }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "d")

    def add_three(packet: Packet[int]) -> None:
        for offset in range(3):
            graph.add_packet_to_input_stream("c", at(3 * packet.timestamp + offset))

    graph.observe_output_stream("b", add_three)
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(0))
    graph.add_packet_to_input_stream("a", at(1))
    graph.wait_until_idle(timeout_s=20)
    assert seen == [at(time_us) for time_us in range(6)]
    graph.cancel()


def test_callbacks_that_wait_for_each_other_get_two_threads() -> None:
    text = """
    num_threads: 2 input_stream: "a" input_stream: "c"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
    node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" }
    """
    both = threading.Barrier(2)
    graph = CalculatorGraph(text)
    for stream in "bd":
        graph.observe_output_stream(
            stream, lambda packet: both.wait(20) if packet.timestamp == WARM else None
        )
    graph.start_run()
    feed(graph, [(stream, at(time_us)) for time_us in range(WARM) for stream in "ac"])
    graph.add_packet_to_input_stream("a", at(WARM))
    graph.add_packet_to_input_stream("c", at(WARM))
    graph.wait_until_idle(timeout_s=30)
    assert not both.broken
    graph.cancel()


def test_a_run_does_not_end_before_the_callbacks_of_its_inputs() -> None:
    graph = CalculatorGraph(PASS)
    entered, may_go = threading.Event(), threading.Event()
    seen: list[int] = []

    def slowly(packet: Packet[int]) -> None:
        entered.set()
        assert may_go.wait(20)
        seen.append(packet.timestamp)

    graph.observe_output_stream("a", slowly)
    graph.start_run()
    adder = threading.Thread(target=graph.add_packet_to_input_stream, args=("a", at(0)))
    adder.start()
    assert entered.wait(20)
    graph.add_packet_to_input_stream("a", at(1))
    graph.close_all_input_streams()
    with pytest.raises(TimeoutError):
        graph.wait_until_done(timeout_s=0.05)
    may_go.set()
    graph.wait_until_done(timeout_s=20)
    adder.join(20)
    assert seen == [0, 1]


def test_callbacks_of_one_call_come_in_the_order_of_its_outputs() -> None:
    text = """
    input_stream: "a" input_stream: "b"
    node { calculator: "PassThroughCalculator" input_stream: "a" input_stream: "b"
           output_stream: "c" output_stream: "d" }
    """
    graph = CalculatorGraph(text)
    order: list[str] = []
    graph.observe_output_stream("d", lambda packet: order.append("d"))
    graph.observe_output_stream("c", lambda packet: order.append("c"))
    graph.start_run()
    feed(graph, [("a", at(1)), ("b", at(1))])
    assert order == ["c", "d"]
    graph.cancel()


def test_waiting_for_observed_output_ignores_other_streams() -> None:
    text = 'input_stream: "c"' + PASS
    graph = CalculatorGraph(text + DEFAULT_THREADS)
    collect(graph, "b")
    graph.start_run()
    graph.wait_until_idle()
    adder = threading.Timer(0.01, graph.add_packet_to_input_stream, ("c", at(1)))
    adder.start()
    with pytest.raises(TimeoutError):
        graph.wait_for_observed_output(timeout_s=0.1)
    adder.join(20)
    graph.cancel()


def test_waiting_for_observed_output_returns_when_the_callback_has() -> None:
    graph = CalculatorGraph(PASS + DEFAULT_THREADS)
    seen: list[int] = []

    def slowly(packet: Packet[int]) -> None:
        time.sleep(0.05)
        seen.append(packet.timestamp)

    graph.observe_output_stream("b", slowly)
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    graph.wait_for_observed_output(timeout_s=20)
    assert seen == [1]
    graph.cancel()


def test_waiting_for_observed_output_says_when_nothing_can_come() -> None:
    graph = CalculatorGraph(PASS)
    collect(graph, "b")
    graph.start_run()
    graph.close_all_input_streams()
    graph.wait_for_observed_output(timeout_s=20)
    with pytest.raises(GraphError, match="all observed streams have ended"):
        graph.wait_for_observed_output(timeout_s=20)


@pytest.mark.parametrize("head", HEADS)
def test_a_wait_ends_although_a_source_goes_on_for_ever(head: str) -> None:
    graph = CalculatorGraph(COUNT_FOR_EVER + head)
    seen = collect(graph, "n")
    graph.start_run()
    graph.wait_for_observed_output(timeout_s=20)
    with pytest.raises(TimeoutError):
        graph.wait_until_done(timeout_s=0.02)
    graph.cancel()
    with pytest.raises(GraphCancelledError):
        graph.wait_until_done(timeout_s=20)
    assert seen[:3] == [at(0), at(1), at(2)]


# ---------------------------------------------------------------- errors, interrupts, ends


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
@pytest.mark.parametrize("phase", ["open", "process", "close"])
@pytest.mark.parametrize("head", HEADS)
def test_an_interrupt_in_a_calculator_ends_the_run(head: str, phase: str, error: Any) -> None:
    def fail(calculator: Any, packets: Any) -> None:
        raise error("told to")

    graph = CalculatorGraph(REMOTE + head)
    graph.start_run({"do": {phase: fail}})
    with pytest.raises((error, CalculatorError)):
        graph.add_packet_to_input_stream("a", at(1))
        graph.close_all_input_streams()
        graph.wait_until_done(timeout_s=20)
    with pytest.raises(CalculatorError, match=f"in {phase}.*{error.__name__}: told to"):
        graph.wait_until_done(timeout_s=20)
    assert not graph.is_running


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("stream", ["a", "b"])
@pytest.mark.parametrize("head", HEADS)
def test_an_interrupt_in_a_callback_ends_the_run(head: str, stream: str, error: Any) -> None:
    def fail(packet: Packet[int]) -> None:
        raise error("told to")

    graph = CalculatorGraph(PASS + head)
    graph.observe_output_stream(stream, fail)
    graph.start_run()
    with pytest.raises((error, GraphError)):
        graph.add_packet_to_input_stream("a", at(1))
        graph.wait_until_done(timeout_s=20)
    with pytest.raises(GraphError, match=f"observer of stream '{stream}' failed at 1"):
        graph.wait_until_done(timeout_s=20)
    assert not graph.is_running


def test_an_interrupt_while_the_run_ends_still_closes_every_node() -> None:
    closed: list[str] = []

    def fail(calculator: Any, packets: Any) -> None:
        closed.append(calculator.node_name)
        raise KeyboardInterrupt

    second = REMOTE.replace('"a"', '"b"').replace('output_stream: "b"', 'output_stream: "c"')
    nodes = REMOTE + second[second.index("node") :]
    graph = CalculatorGraph(nodes + APPLICATION_THREAD)
    graph.start_run({"do": {"close": fail}})
    graph.wait_until_idle()
    with pytest.raises(KeyboardInterrupt):
        graph.cancel()
    assert len(closed) == 2
    assert not graph.is_running


def test_cancel_ends_a_paused_run() -> None:
    graph = CalculatorGraph(PASS)
    graph.start_run()
    graph.pause()
    graph.add_packet_to_input_stream("a", at(1))
    graph.cancel()
    with pytest.raises(GraphCancelledError):
        graph.wait_until_done(timeout_s=20)


def test_a_second_cancel_adds_nothing() -> None:
    graph = CalculatorGraph(PASS)
    graph.observe_output_stream("a", lambda packet: (graph.cancel(), graph.cancel()))
    graph.start_run()
    graph.add_packet_to_input_stream("a", at(1))
    with pytest.raises(GraphCancelledError, match=r"^the graph was cancelled$"):
        graph.wait_until_done(timeout_s=20)


@pytest.mark.parametrize("phase", ["open", "close"])
def test_stop_is_for_process_only(phase: str) -> None:
    graph = CalculatorGraph(REMOTE.replace("RemoteControl", "ReturningRemote"))
    graph.start_run({"do": {phase: lambda calculator, packets: "STOP"}})
    graph.close_all_input_streams()
    with pytest.raises(GraphError, match=f"{phase} returned 'STOP'; expected None"):
        graph.wait_until_done(timeout_s=20)


def test_an_executor_that_refuses_tasks_fails_the_run() -> None:
    graph = CalculatorGraph(PASS)
    pool = StandardPool(1)
    graph.set_executor("", pool)
    graph.start_run()
    graph.wait_until_idle(timeout_s=20)
    pool.shutdown()
    with pytest.raises(GraphError, match="executor of node 'PassThroughCalculator' refused a task"):
        graph.add_packet_to_input_stream("a", at(1))
        graph.wait_until_done(timeout_s=20)
    assert not graph.is_running


def test_an_executor_that_does_not_wait_is_named_instead_of_a_deadlock() -> None:
    class AtOnce:
        def submit(self, task: Any, /) -> None:
            task()

    graph = CalculatorGraph(PASS)
    graph.set_executor("", AtOnce())
    graph.start_run()
    with pytest.raises(GraphError, match="it has to run it later"):
        graph.wait_until_done(timeout_s=20)


def test_a_hook_that_fails_leaves_the_graph_as_it_was() -> None:
    graph = CalculatorGraph(PASS)
    graph.instrument(lambda node: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        graph.start_run()
    assert not graph.is_running


def test_threads_end_with_their_runs_and_with_forgotten_graphs() -> None:
    before = set(threading.enumerate())
    for _ in range(5):
        graph = warmed_up(PASS + DEFAULT_THREADS)
        with graph:
            pass
        warmed_up(PASS + DEFAULT_THREADS)
    del graph
    deadline = time.monotonic() + 20
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert set(threading.enumerate()) <= before


# ---------------------------------------------------------------- bounds, sources, pollers


def test_the_last_bound_of_a_call_that_closes_its_output_is_not_shown() -> None:
    def end(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].send(packets["in"])
        calculator.outputs["out"].set_next_timestamp_bound(50)
        calculator.outputs["out"].close()

    graph = CalculatorGraph(REMOTE)
    seen = collect(graph, "b", bounds=True)
    graph.start_run({"do": {"process": end}})
    feed(graph, [("a", at(1))])
    assert seen == [at(1)]
    graph.cancel()


def test_a_parallel_call_beside_the_one_that_closes_is_counted_as_lost() -> None:
    text = "num_threads: 2 " + REMOTE.replace(
        'output_stream: "b"', 'output_stream: "b" max_in_flight: 2'
    )
    both = threading.Barrier(2)

    def send(calculator: Any, packets: Any) -> None:
        calculator.outputs["out"].send(packets["in"])
        both.wait(20)
        if packets.timestamp == 0:
            calculator.outputs["out"].close()

    graph = CalculatorGraph(text)
    seen = collect(graph, "b")
    graph.start_run({"do": {"process": send}})
    graph.add_packet_to_input_stream("a", at(0))
    graph.add_packet_to_input_stream("a", at(1))
    graph.wait_until_idle(timeout_s=20)
    assert seen == [at(0)]
    assert graph.counters() == {"RemoteControlCalculator.sent_after_close": 1}
    graph.cancel()


def test_a_fixed_size_node_may_run_in_parallel() -> None:
    text = """
    input_stream: "a"
    node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b"
           max_in_flight: 2
           input_stream_handler { input_stream_handler: "FixedSizeInputStreamHandler" } }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "b")
    graph.start_run()
    feed(graph, [("a", at(0)), ("a", at(1))])
    assert seen == [at(0), at(1)]
    graph.cancel()


def test_a_barrier_input_may_go_back_in_time_without_lowering_its_bound() -> None:
    text = """
    input_stream: "a" input_side_packet: "found"
    node { calculator: "ListSetsCalculator" input_stream: "a" input_side_packet: "LIST:found"
           input_stream_handler { input_stream_handler: "BarrierInputStreamHandler" } }
    """
    graph = CalculatorGraph(text)
    found: list[Any] = []
    graph.start_run({"found": found})
    feed(graph, [("a", at(10)), ("a", at(5))])
    assert found == [("10", 10), ("5", 5)]
    with pytest.raises(GraphError, match="can't go back from 11 to 7"):
        graph.set_input_stream_timestamp_bound("a", 7)
    graph.cancel()


def test_a_source_may_wait_for_what_another_source_makes() -> None:
    text = """
    node { calculator: "SideFromProcessCalculator" output_stream: "n"
           output_side_packet: "AMOUNT:amount" }
    node { calculator: "SourceWithSideCalculator" output_stream: "m"
           input_side_packet: "AMOUNT:amount" }
    """
    graph = CalculatorGraph(text)
    seen = collect(graph, "m")
    graph.start_run()
    graph.wait_until_done(timeout_s=20)
    assert seen == [Packet(7, 0)]


def test_a_full_poller_is_no_reason_to_give_up_on_a_side_packet() -> None:
    text = """
    node { calculator: "SideFromProcessCalculator" output_stream: "n"
           output_side_packet: "AMOUNT:amount"
           options { [flowlace.tests.ProbeOptions.ext] { count: 9 } } }
    node { calculator: "AddSidePacketCalculator" input_stream: "n" output_stream: "m"
           input_side_packet: "AMOUNT:amount" }
    """
    graph = CalculatorGraph(text)
    poller = graph.output_stream_poller("n", max_queue_size=2)
    seen = collect(graph, "m")
    graph.start_run()
    graph.wait_until_idle(timeout_s=20)
    assert len(list(poller)) == 9
    graph.wait_until_done(timeout_s=20)
    assert len(seen) == 9


def test_a_poller_shows_bounds_of_a_second_run_from_the_start() -> None:
    graph = CalculatorGraph(PASS)
    poller = graph.output_stream_poller("b", observe_timestamp_bounds=True)
    shown = []
    for bound in (100, 10):
        graph.start_run()
        graph.set_input_stream_timestamp_bound("a", bound)
        graph.wait_until_idle()
        shown.append(poller.next(timeout_s=20))
        graph.close_all_input_streams()
        graph.wait_until_done()
    assert shown == [Packet.empty(99), Packet.empty(9)]


def test_a_graph_input_can_not_be_given_the_bound_of_its_end() -> None:
    graph = CalculatorGraph(PASS)
    graph.start_run()
    with pytest.raises(GraphError, match="graph input 'a' can't have the bound DONE"):
        graph.set_input_stream_timestamp_bound("a", 2**63 - 1)
    graph.cancel()
