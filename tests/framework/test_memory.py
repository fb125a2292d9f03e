"""Nothing is kept of packets that have passed."""

import collections
import functools
import gc
import tracemalloc
import weakref

import pytest

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.framework import probes

assert probes

GRAPH = """
input_stream: "a"
node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
node { calculator: "KeepEvenCalculator" input_stream: "b" output_stream: "c" }
node { calculator: "JoinCalculator" input_stream: "b" input_stream: "c" output_stream: "d" }
"""


def test_memory_is_flat_over_a_hundred_thousand_packets() -> None:
    graph = CalculatorGraph(GRAPH)
    seen = [0]

    def count(_: Packet[int]) -> None:
        seen[0] += 1

    graph.observe_output_stream("d", count)
    graph.start_run()

    def run(first: int, last: int) -> int:
        for time_us in range(first, last):
            graph.add_packet_to_input_stream("a", Packet(time_us, time_us))
        graph.wait_until_idle()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = run(0, 2_000)
        after = run(2_000, 102_000)
    finally:
        tracemalloc.stop()
        graph.cancel()
    assert seen[0] == 102_000
    # 100 000 packets of 100 bytes would be 10 MB.
    assert after - before < 50_000


ANYTHING = """
input_stream: "a"
node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }
node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "c" }
node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "d" }
"""


class Picture:
    """Something a weak reference can be had of."""


# The first calls of a node are timed, later ones are made as a chain.
@pytest.mark.parametrize("packets", [1, 40])
def test_nodes_that_wait_hold_nothing_of_the_last_packet(packets: int) -> None:
    graph = CalculatorGraph(ANYTHING)
    pictures = [Picture() for _ in range(packets)]
    last = weakref.ref(pictures[-1])
    graph.start_run()
    try:
        send = functools.partial(graph.add_packet_to_input_stream, "a")
        collections.deque(map(send, map(Packet, pictures, range(packets))), maxlen=0)
        pictures.clear()
        graph.wait_until_idle()
        assert last() is None
    finally:
        graph.cancel()
