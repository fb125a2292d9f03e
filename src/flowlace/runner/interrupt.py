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
    """How many times the user asked to end."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def graceful_interrupts(*running: Stoppable) -> Iterator[Interrupts]:
    """Within the block, SIGINT and SIGTERM stop `running`; a second one cancels.

    No exception is raised inside the block, so nothing is torn half way; look at the count
    afterwards. The former handlers come back at the end.
    """
    interrupts = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
        interrupts.count += 1
        end = _stop_all if interrupts.count == 1 else _cancel_all
        # A handler runs in the middle of anything: a lock it needs may be held by what it
        # interrupted, so another thread does the work.
        threading.Thread(target=end, args=(running,), daemon=True).start()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _stop_all(running: tuple[Stoppable, ...]) -> None:
    for one in running:
        one.stop()


def _cancel_all(running: tuple[Stoppable, ...]) -> None:
    for one in running:
        one.cancel()
