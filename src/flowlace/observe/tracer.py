"""Writes what every node did when, in files that Perfetto and chrome://tracing open."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import IO, Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.node import Node


class GraphTracer:
    """Traces every call of every node; attach it before the graph starts, close it afterwards.

    Files follow the Trace Event Format (JSON array form), one complete event (`"ph": "X"`) a call
    with the input timestamp as argument. The array form may end anywhere, so the trace of a killed
    process opens too. Files rotate: `trace_0.json` … `trace_<files − 1>.json`, then from 0 again.

    Args:
        graph: the graph, not started.
        path: `trace.json` writes `trace_0.json` and so on beside it.
        events_per_file: calls in one file.
        files: how many files are kept.
    """

    def __init__(
        self,
        graph: CalculatorGraph,
        path: str | Path,
        *,
        events_per_file: int = 100_000,
        files: int = 2,
    ) -> None:
        self._path = Path(path)
        self._events_per_file = events_per_file
        self._files = files
        self._count = 0
        self._started_ns = perf_counter_ns()
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        graph.instrument(self._watch)

    def close(self) -> None:
        """Ends the present file; calls that come later are not written."""
        with self._lock:
            if self._file is not None:
                self._file.write("{}]\n")
                self._file.close()
            self._file = None
            self._files = 0

    def _watch(self, node: Node) -> None:
        process = node.calculator.process
        node.calculator.process = self._traced(node.name, process)  # type: ignore[method-assign, assignment]

    def _traced(self, name: str, process: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def traced(packets: Any) -> Any:
            started_ns = perf_counter_ns()
            try:
                return process(packets)
            finally:
                self._write(name, started_ns, perf_counter_ns(), packets.timestamp)

        return traced

    def _write(self, name: str, started_ns: int, ended_ns: int, timestamp: int) -> None:
        event = {
            "name": name,
            "ph": "X",
            "ts": (started_ns - self._started_ns) / 1e3,
            "dur": (ended_ns - started_ns) / 1e3,
            "pid": os.getpid(),
            "tid": threading.get_native_id(),
            "args": {"timestamp_us": timestamp},
        }
        with self._lock:
            if self._files == 0:
                return
            if self._count % self._events_per_file == 0:
                self._rotate()
            self._count += 1
            assert self._file is not None
            self._file.write(json.dumps(event) + ",\n")

    def _rotate(self) -> None:
        if self._file is not None:
            self._file.write("{}]\n")
            self._file.close()
        number = self._count // self._events_per_file % self._files
        path = self._path.with_name(f"{self._path.stem}_{number}{self._path.suffix or '.json'}")
        self._file = path.open("w", buffering=1)
        self._file.write("[\n")
