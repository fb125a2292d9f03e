"""How long frames take through a graph: from being added to being written by a sink."""

from collections import OrderedDict
from threading import Lock
from time import perf_counter_ns
from typing import Final

from flowlace.observe.time_histogram import TimeHistogram

REMEMBERED_FRAMES: Final = 1024
"""Frames on their way at most; those that come out later, or never, are not counted."""


class LatencyMeter:
    """Times frames by their timestamps, until the first result of each is written."""

    def __init__(self) -> None:
        self.times = TimeHistogram()
        """Of the frames that have come out."""
        self._entered: OrderedDict[int, int] = OrderedDict()
        self._lock = Lock()

    def enter(self, timestamp_us: int) -> None:
        """Notes that a frame goes into the graph."""
        with self._lock:
            self._entered[timestamp_us] = perf_counter_ns()
            if len(self._entered) > REMEMBERED_FRAMES:
                self._entered.popitem(last=False)

    def leave(self, timestamp_us: int) -> None:
        """Notes that a result of a frame has been written."""
        with self._lock:
            entered = self._entered.pop(timestamp_us, None)
            if entered is not None:
                self.times.add(perf_counter_ns() - entered)
