"""Time spent in every node of a running graph."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter_ns, thread_time_ns
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.node import Node
from flowlace.observe.time_histogram import TimeHistogram


@dataclass(slots=True)
class NodeProfile:
    """The calls of one node's `process`."""

    name: str
    times: TimeHistogram = field(default_factory=TimeHistogram)
    """Wall time of the calls."""
    cpu_ns: int = 0
    """CPU time of the calling thread; work a library gives to threads of its own is not in it."""
    deepest_queue: int = 0
    """Most packets seen waiting on one input at the start of a call."""

    def add(self, wall_ns: int, cpu_ns: int, queued: int) -> None:
        """Counts one call."""
        self.times.add(wall_ns)
        self.cpu_ns += cpu_ns
        self.deepest_queue = max(self.deepest_queue, queued)

    @property
    def calls(self) -> int:
        """Number of calls."""
        return self.times.count

    @property
    def wall_ns(self) -> int:
        """Wall time of all calls."""
        return self.times.total_ns

    @property
    def longest_ns(self) -> int:
        """Wall time of the longest call."""
        return self.times.longest_ns

    @property
    def mean_us(self) -> float:
        """Mean wall time of a call in microseconds."""
        return self.times.mean_us

    @property
    def mean_cpu_us(self) -> float:
        """Mean CPU time of a call in microseconds."""
        return self.cpu_ns / max(self.calls, 1) / 1e3

    def quantile_us(self, share: float) -> float:
        """Returns the time that `share` of the calls stayed below, to a bucket's width."""
        return self.times.quantile_us(share)


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
