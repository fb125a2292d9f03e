"""A mailbox: the writer never waits, the reader gets the newest items, the oldest of them first."""

import threading
from collections import deque
from typing import Generic, TypeVar

from flowlace.framework.clock import Clock

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest items, one or up to `limit`; those pushed out untaken count as dropped."""

    def __init__(self, limit: int = 1) -> None:
        self.dropped = 0
        """Items pushed out before they were taken."""
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._items: deque[T] = deque(maxlen=limit)
        self._is_closed = False
        self._error: Exception | None = None

    def put(self, item: T) -> None:
        """Adds an item in place of the oldest where there is no room; nothing once closed."""
        with self._lock:
            if self._is_closed:
                return
            self.dropped += len(self._items) == self._items.maxlen
            self._items.append(item)
            self._changed.set()

    def take(self, clock: Clock, timeout_us: int | None = None) -> T | None:
        """Returns the oldest item in the box; None once it is closed and empty.

        Raises TimeoutError after `timeout_us`, and the error given to `close`.
        """
        if not clock.wait(self._changed, timeout_us):
            raise TimeoutError
        with self._lock:
            if self._items:
                item = self._items.popleft()
                if not self._items and not self._is_closed:
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
