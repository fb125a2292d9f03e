"""Writes what every node waits for, again and again: for graphs that stand still or lag."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from flowlace.framework.graph import CalculatorGraph


class StateLog:
    """Appends queue sizes, bounds and states of all nodes to a file while the block runs.

    Args:
        graph: the graph; not started yet is fine.
        path: the file.
        period_s: seconds between two entries.
    """

    def __init__(self, graph: CalculatorGraph, path: str | Path, *, period_s: float = 1.0) -> None:
        self._graph = graph
        self._path = Path(path)
        self._period_s = period_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="flowlace-state-log")

    def __enter__(self) -> Self:
        self._path.write_text("")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._write()

    def _write_on(self) -> None:
        while not self._is_over.wait(self._period_s):
            self._write()

    def _write(self) -> None:
        if not self._graph.has_started:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._path.open("a") as file:
            file.write(f"{now}\n{self._graph.state()}\n\n")
