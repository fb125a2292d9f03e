"""Live streams that fail, stall and come back.

Two kinds of thread. A *reader* opens one stream and hands on what comes from it.
Only the reader touches the stream: closing it from elsewhere while libav or a driver reads
it ends the process (a use after free, seen in the field). The *keeper* watches the readers:
when one ends or falls silent, it is let go of (it closes its stream by itself whenever the
call it is stuck in returns) and a new one starts after a growing delay.

`close` asks both to end and waits a moment; a reader that is stuck in a driver is left
behind as a daemon thread, so closing never hangs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from flowlace.framework.clock import Clock
from flowlace.sources.backoff import Backoff
from flowlace.sources.source import SourceError

_logger = logging.getLogger("flowlace.sources.stream_keeper")
_CLOSE_WAIT_S = 0.8
_LARGEST_NUMBER_STUCK = 4  # stuck readers hold threads and sockets, so their number is bounded

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class LiveStream(Protocol[T_co]):
    """An open camera or connection; used by one thread only."""

    def __iter__(self) -> Iterator[T_co]:
        """Gives frames as they arrive; ends or raises when the stream does."""
        ...

    def close(self) -> None:
        """Lets go of the device or connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectPolicy:
    """When a live stream counts as gone, and how often it is called again."""

    watchdog_s: float = 10.0
    """A reader without a frame for this long, from its start on, is replaced."""

    first_tries: int = 5
    """Failures in a row before the first frame ever that make it an error; 0 tries for ever."""

    first_delay_s: float = 0.5
    """Delay before the second try; it doubles from there."""

    largest_delay_s: float = 30.0
    """No delay is longer."""

    seed: int = 0
    """Of the jitter of the delays."""

    def backoff(self) -> Backoff:
        """Returns the delays this policy asks for."""
        return Backoff(
            first_us=round(self.first_delay_s * 1e6),
            largest_us=round(self.largest_delay_s * 1e6),
            seed=self.seed,
        )


class StreamListener(Protocol[T_contra]):
    """Who gets what a kept stream gives."""

    def accept(self, raw: T_contra) -> None:
        """Takes one frame, on the thread that reads the stream."""
        ...

    def on_reconnect(self) -> None:
        """Hears that the stream had ended and is about to be opened again."""
        ...

    def on_end(self, error: SourceError) -> None:
        """Hears that the stream can't be had and is given up."""
        ...


class StreamKeeper(Generic[T]):
    """Keeps a live stream open until it is closed.

    `open_stream` connects (it must have time-outs of its own where it can). The first try is on
    its way when the constructor returns. The listener hears of an end when the stream has failed
    `first_tries` times before it has given a frame.
    """

    def __init__(
        self,
        name: str,
        open_stream: Callable[[], LiveStream[T]],
        clock: Clock,
        policy: ReconnectPolicy,
        listener: StreamListener[T],
    ) -> None:
        self.open_stream = open_stream
        self._name = name
        self._clock = clock
        self._policy = policy
        self._listener = listener
        self._has_given = False
        self._is_closed = threading.Event()
        self._reader: _Reader[T] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"keep {name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the stream; nothing is accepted any more once it returns, within a second."""
        self._is_closed.set()
        reader = self._reader
        if reader is not None:
            reader.let_go()
            if reader.thread.ident is not None and reader.thread is not threading.current_thread():
                reader.thread.join(_CLOSE_WAIT_S)
        if self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_WAIT_S / 8)

    def _keep(self) -> None:
        """The keeper: one reader after the other until the source is closed or gives up."""
        backoff = self._policy.backoff()
        failures = 0
        stuck: list[_Reader[T]] = []
        while not self._is_closed.is_set():
            reader = _Reader(self.open_stream, self._listener.accept, self._clock)
            self._reader = reader
            if self._is_closed.is_set():  # close() may have missed this reader
                return
            reader.thread.start()
            reason = self._watch(reader)
            if self._is_closed.is_set():
                return
            stuck = [one for one in [*stuck, reader] if one.thread.is_alive()]
            if reader.frames:
                self._has_given = True
                backoff.reset()
                failures = 0
            failures += 1
            if self._gives_up(failures):
                self._listener.on_end(SourceError(self._last_words(failures, reason)))
                return
            self._pause(backoff.next_us(), reason)
            while len(stuck) >= _LARGEST_NUMBER_STUCK and not self._is_closed.is_set():
                self._pause(backoff.next_us(), f"{len(stuck)} readers are stuck")
                stuck = [one for one in stuck if one.thread.is_alive()]
            self._listener.on_reconnect()

    def _watch(self, reader: _Reader[T]) -> str:
        """Returns why the reader is over; lets go of it if it is silent for too long."""
        watchdog_us = round(self._policy.watchdog_s * 1e6)
        while True:
            left_us = reader.last_sign_us + watchdog_us - self._clock.now_us()
            if left_us > 0:
                if self._clock.wait(reader.is_over, left_us):
                    return reader.reason
            else:
                reader.let_go()
                return f"no frame for {self._policy.watchdog_s:g} s"

    def _gives_up(self, failures: int) -> bool:
        return not self._has_given and 0 < self._policy.first_tries <= failures

    def _last_words(self, failures: int, reason: str) -> str:
        return f"source {self._name!r}: no frame after {failures} tries; the last: {reason}"

    def _pause(self, delay_us: int, reason: str) -> None:
        text = "%s: %s; trying again in %.1f s"
        _logger.warning(text, self._name, reason, delay_us / 1e6)
        self._clock.wait(self._is_closed, delay_us)


class _Reader(Generic[T]):
    """One connection and the thread that alone touches it."""

    def __init__(
        self,
        open_stream: Callable[[], LiveStream[T]],
        accept: Callable[[T], None],
        clock: Clock,
    ) -> None:
        self.last_sign_us = clock.now_us()
        self.frames = 0
        self.reason = "the stream ended"
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="read stream", daemon=True)
        self._open_stream = open_stream
        self._accept = accept
        self._clock = clock
        self._is_let_go = False
        self._lock = threading.Lock()

    def let_go(self) -> None:
        """Makes it give no more frames and end as soon as it can."""
        with self._lock:
            self._is_let_go = True
        self.is_over.set()

    def _run(self) -> None:
        if self.is_over.is_set():  # closed before it began
            return
        try:
            with closing(self._open_stream()) as stream:
                for raw in stream:
                    if not self._give(raw):
                        return
        except Exception as error:  # whatever it is, the keeper reports it and goes on
            self.reason = str(error) or type(error).__name__
        finally:
            self.is_over.set()

    def _give(self, raw: T) -> bool:
        with self._lock:
            if not self._is_let_go:
                self.last_sign_us = self._clock.now_us()
                self.frames += 1
                self._accept(raw)
            return not self._is_let_go
