"""A mailbox of one: the writer never waits, the reader gets the newest."""

import threading
from typing import Generic, TypeVar

from flowlace.framework.clock import Clock

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest item; one that is replaced before it was taken counts as dropped."""

    def __init__(self) -> None:
        self.dropped = 0
        """Items replaced before they were taken."""
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._items: list[T] = []
        self._is_closed = False
        self._error: Exception | None = None

    def put(self, item: T) -> None:
        """Replaces what is there; does nothing once closed."""
        with self._lock:
            if self._is_closed:
                return
            self.dropped += len(self._items)
            self._items = [item]
            self._changed.set()

    def take(self, clock: Clock, timeout_us: int | None = None) -> T | None:
        """Returns the newest item and empties the box; None once it is closed and empty.

        Raises TimeoutError after `timeout_us`, and the error given to `close`.
        """
        if not clock.wait(self._changed, timeout_us):
            raise TimeoutError
        with self._lock:
            if self._items:
                item = self._items.pop()
                if not self._is_closed:
                    self._changed.clear()
                return item
            if self._error is not None:
                raise self._error
            return None

    def close(self, error: Exception | None = None, *, keep: bool = True) -> None:
        """Ends the writing; a waiting reader gets what is there (if `keep`), then the end."""
        with self._lock:
            self._error = self._error or error
            self._is_closed = True
            if not keep:
                self._items.clear()
            self._changed.set()
