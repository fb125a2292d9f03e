"""Time at the edge of a graph; calculators have none.

Only sources, sinks and the runner hold a clock. It is passed in, so a test gives one that
jumps and never sleeps.
"""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in integer microseconds and waits for it."""

    def now_us(self) -> int:
        """Returns the present time; never smaller than an earlier answer."""
        ...

    def sleep_us(self, duration_us: int) -> None:
        """Returns after `duration_us`; at once if that is not positive."""
        ...

    def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
        """Returns whether `event` was set before `timeout_us` had passed (None: no limit)."""
        ...


class MonotonicClock:
    """Counts from `anchor_us` at its creation and ignores changes of the wall clock.

    Live sources of one graph must share one clock, or their timestamps don't compare.
    """

    def __init__(self, anchor_us: int = 0) -> None:
        self._anchor_us = anchor_us
        self._started_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """Returns `anchor_us` plus the time since the clock was made."""
        return self._anchor_us + (time.monotonic_ns() - self._started_ns) // 1000

    def sleep_us(self, duration_us: int) -> None:
        """Returns after `duration_us`; at once if that is not positive."""
        if duration_us > 0:
            time.sleep(duration_us / 1e6)

    def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
        """Returns whether `event` was set before `timeout_us` had passed (None: no limit)."""
        return event.wait(None if timeout_us is None else max(timeout_us, 0) / 1e6)
