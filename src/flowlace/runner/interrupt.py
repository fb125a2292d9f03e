"""Ctrl-C: the first one drains and finishes the files, the second one ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Stoppable(Protocol):
    """What can be ended gently or at once."""

    def stop(self) -> None:
        """Ends gently."""

    def cancel(self) -> None:
        """Ends at once."""


class Interrupts:
    """How many times the user asked to end, and what is to be ended."""

    def __init__(self) -> None:
        self.count = 0
        self._running: list[Stoppable] = []

    def watch(self, *running: Stoppable) -> None:
        """Adds what the next interrupt ends; at once where one has come already."""
        self._running += running
        if self.count:
            self.end()

    def end(self) -> None:
        """Stops what is running; the second time, cancels it."""
        for one in list(self._running):
            one.stop() if self.count <= 1 else one.cancel()


@contextmanager
def graceful_interrupts() -> Iterator[Interrupts]:
    """Within the block, SIGINT and SIGTERM stop what is watched; a second one cancels.

    No exception is raised inside the block, so nothing is torn half way; look at the count
    afterwards. The former handlers come back at the end.
    """
    interrupts = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
        interrupts.count += 1
        # A handler runs in the middle of anything: a lock it needs may be held by what it
        # interrupted, so another thread does the work.
        threading.Thread(target=interrupts.end, daemon=True).start()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
