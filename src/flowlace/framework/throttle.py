"""What holds back a source or a graph input while a queue below it is full."""

from collections.abc import Callable

from flowlace.framework.stream import InputQueue


class Throttle:
    """One root of the graph and the full queues downstream of it."""

    __slots__ = ("full_queues", "name", "release")

    def __init__(self, name: str, release: Callable[[], None]) -> None:
        self.name = name
        self.full_queues: set[InputQueue] = set()
        self.release = release
        """Called, with the run's lock held, when the last full queue has room again."""

    @property
    def is_throttled(self) -> bool:
        """Whether the root has to wait."""
        return bool(self.full_queues)
