"""Measures what the graph file itself asks for in its `profiler_config`."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.observe.profiler import GraphProfiler
from flowlace.observe.tracer import GraphTracer

DEFAULT_TRACE = "flowlace_trace_"
"""Start of the names of trace files where the graph gives none."""

DEFAULT_CAPACITY = 20_000
"""Calls in one trace file where the graph says nothing."""


class RequestedMeasurements:
    """What a graph asks for: `enable_profiler`, and `trace_enabled` with its files.

    Honoured: `enable_profiler`, `trace_enabled`, `trace_log_disabled`, `trace_log_path` (the start
    of the files' names), `trace_log_count` (files kept), `trace_log_capacity` (calls in one).
    Make it before the graph starts; leaving the block ends the trace.
    """

    def __init__(self, graph: CalculatorGraph) -> None:
        config: Any = graph.plan.config.profiler_config
        self._ending = ExitStack()
        self.profiler: GraphProfiler | None = None
        if config is None:
            return
        if config.enable_profiler:
            self.profiler = GraphProfiler(graph)
        if config.trace_enabled and not config.trace_log_disabled:
            prefix = Path(config.trace_log_path or DEFAULT_TRACE)
            tracer = GraphTracer(
                graph,
                prefix.with_name(f"{prefix.name.rstrip('_')}.json"),
                events_per_file=config.trace_log_capacity or DEFAULT_CAPACITY,
                files=config.trace_log_count or 2,
            )
            self._ending.callback(tracer.close)

    def close(self) -> None:
        """Ends the trace."""
        self._ending.close()

    def lines(self) -> list[str]:
        """Returns a line a node, slowest first, where the graph asked for a profile."""
        nodes = self.profiler.slowest() if self.profiler is not None else []
        return [
            f"  {node.name}: {node.calls} calls, mean {node.mean_us:.1f} µs, "
            f"99 % under {node.quantile_us(0.99):.1f} µs"
            for node in nodes
        ]
