"""Time spent in every node of a running graph."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import log10
from time import perf_counter_ns, thread_time_ns
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.node import Node

BUCKETS_PER_DECADE = 8
"""Resolution of the histogram: neighbouring buckets differ by a third."""


@dataclass(slots=True)
class NodeProfile:
    """The calls of one node's `process`."""

    name: str
    calls: int = 0
    wall_ns: int = 0
    cpu_ns: int = 0
    """CPU time of the calling thread; work a library gives to threads of its own is not in it."""
    longest_ns: int = 0
    deepest_queue: int = 0
    """Most packets seen waiting on one input at the start of a call."""
    histogram: dict[int, int] = field(default_factory=dict)
    """Calls by wall time: bucket b holds times around 10^(b / 8) nanoseconds."""

    def add(self, wall_ns: int, cpu_ns: int, queued: int) -> None:
        """Counts one call."""
        self.calls += 1
        self.wall_ns += wall_ns
        self.cpu_ns += cpu_ns
        self.longest_ns = max(self.longest_ns, wall_ns)
        self.deepest_queue = max(self.deepest_queue, queued)
        bucket = round(log10(max(wall_ns, 1)) * BUCKETS_PER_DECADE)
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1

    @property
    def mean_us(self) -> float:
        """Mean wall time of a call in microseconds."""
        return self.wall_ns / max(self.calls, 1) / 1e3

    @property
    def mean_cpu_us(self) -> float:
        """Mean CPU time of a call in microseconds."""
        return self.cpu_ns / max(self.calls, 1) / 1e3

    def quantile_us(self, share: float) -> float:
        """Returns the time that `share` of the calls stayed below, to a bucket's width."""
        wanted, seen = share * self.calls, 0
        for bucket in sorted(self.histogram):
            seen += self.histogram[bucket]
            if seen >= wanted:
                return float(10 ** (bucket / BUCKETS_PER_DECADE) / 1e3)
        return 0.0


class GraphProfiler:
    """Measures every call of every node; attach it before the graph starts.

    Example:
        ```python
        profiler = GraphProfiler(graph)
        graph.start_run()
        ...
        for node in profiler.slowest():
            print(node.name, node.mean_us, node.quantile_us(0.99))
        ```
    """

    def __init__(self, graph: CalculatorGraph) -> None:
        self.nodes: dict[str, NodeProfile] = {}
        self._lock = threading.Lock()
        graph.instrument(self._watch)

    def slowest(self) -> list[NodeProfile]:
        """Returns the nodes by time spent in them, most first."""
        return sorted(self.nodes.values(), key=lambda node: -node.wall_ns)

    def _watch(self, node: Node) -> None:
        profile = self.nodes.setdefault(node.name, NodeProfile(node.name))
        process = node.calculator.process
        node.calculator.process = self._timed(node, process, profile)  # type: ignore[method-assign, assignment]

    def _timed(
        self, node: Node, process: Callable[[Any], Any], profile: NodeProfile
    ) -> Callable[[Any], Any]:
        def timed(packets: Any) -> Any:
            queued = max((len(queue.packets) for queue in node.queues), default=0)
            cpu_ns, wall_ns = thread_time_ns(), perf_counter_ns()
            try:
                return process(packets)
            finally:
                wall_ns, cpu_ns = perf_counter_ns() - wall_ns, thread_time_ns() - cpu_ns
                with self._lock:
                    profile.add(wall_ns, cpu_ns, queued)

        return timed
