"""Virtual time: nobody sleeps, and the same program sees the same times in every run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

_LOOK_AGAIN_S = 0.001
"""How often a wait looks at an event that a thread outside of the simulation may set."""


class SimulatedClock:
    """A clock that jumps to the next wake-up when all its threads are asleep.

    Fits wherever a `flowlace.framework.clock.Clock` is asked for. Threads that take part enter
    `with clock.thread():`; time stands still while any of them is awake. Sleepers wake in the
    order of their wake-up times, and of their going to sleep where those are equal. A thread that
    has not entered counts as one while it sleeps, so a single-threaded test needs nothing.

    Example:
        >>> clock = SimulatedClock(start_us=1_000)
        >>> clock.sleep_us(500)
        >>> clock.now_us()
        1500
    """

    def __init__(self, start_us: int = 0) -> None:
        self._now_us = start_us
        self._changed = threading.Condition()
        self._threads: set[int] = set()
        self._sleepers: list[tuple[int, int, int]] = []
        self._tickets = 0
        self._awake: set[int] = set()

    def now_us(self) -> int:
        """Returns the virtual time in microseconds."""
        return self._now_us

    def advance_us(self, duration_us: int) -> None:
        """Moves time on by hand and wakes whoever was to wake by then."""
        with self._changed:
            self._now_us += duration_us
            self._changed.notify_all()

    def sleep_us(self, duration_us: int) -> None:
        """Returns when virtual time has moved on by `duration_us`; at once if not positive."""
        if duration_us > 0:
            self.wait(threading.Event(), duration_us)

    def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
        """Returns whether `event` was set before `timeout_us` of virtual time had passed."""
        me = threading.get_ident()
        with self._changed:
            wake_at = None if timeout_us is None else self._now_us + max(timeout_us, 0)
            entry = self._fall_asleep(me, wake_at)
            try:
                while not event.is_set() and (wake_at is None or self._now_us < wake_at):
                    if not self._jump_if_all_asleep():
                        self._changed.wait(_LOOK_AGAIN_S)
            finally:
                self._wake_up(me, entry)
            return event.is_set()

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Makes the calling thread one that time waits for while it is awake."""
        me = threading.get_ident()
        with self._changed:
            self._threads.add(me)
            self._awake.add(me)
        try:
            yield
        finally:
            with self._changed:
                self._threads.discard(me)
                self._awake.discard(me)
                self._changed.notify_all()

    def _fall_asleep(self, me: int, wake_at: int | None) -> tuple[int, int, int] | None:
        self._awake.discard(me)
        if wake_at is None:
            return None
        self._tickets += 1
        entry = (wake_at, self._tickets, me)
        heappush(self._sleepers, entry)
        return entry

    def _wake_up(self, me: int, entry: tuple[int, int, int] | None) -> None:
        if entry in self._sleepers:
            self._sleepers.remove(entry)
            self._sleepers.sort()
        if me in self._threads:
            self._awake.add(me)
        self._changed.notify_all()

    def _jump_if_all_asleep(self) -> bool:
        if self._awake or not self._sleepers or self._sleepers[0][0] <= self._now_us:
            return False
        self._now_us, _, sleeper = heappop(self._sleepers)
        if sleeper in self._threads:
            # Awake from now on, before it has had a chance to run: others must not jump past it.
            self._awake.add(sleeper)
        self._changed.notify_all()
        return True
