"""Nothing is kept of packets that have passed."""

import gc
import tracemalloc

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
