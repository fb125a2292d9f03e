"""The ready tasks of one executor, in the order they should run."""

from heapq import heappop, heappush
from time import monotonic_ns
from typing import TYPE_CHECKING, Final

from flowlace.framework.executor import ApplicationThreadExecutor, Executor

if TYPE_CHECKING:
    from flowlace.framework.node import Node

STUCK_NS: Final = 5_000_000
"""A call that takes this long counts as stuck: one switch interval of the interpreter."""


class TaskQueue:
    """Nodes to open first, then the most downstream node that is ready, then sources.

    Running downstream nodes first drains the graph depth-first, so few packets are in flight.
    Sources follow their output bound, so several of them advance together.
    """

    __slots__ = (
        "_seen_at_ns",
        "_seen_calls",
        "active",
        "blocked",
        "calls",
        "executor",
        "is_inline",
        "limit",
        "nodes",
        "opens",
        "ready",
        "requested",
        "sources",
    )

    def __init__(self, executor: Executor, limit: int, nodes: "list[Node]") -> None:
        self.executor = executor
        self.limit = limit
        """How many threads may work on this queue at once."""
        self.is_inline = isinstance(executor, ApplicationThreadExecutor)
        self.nodes = nodes
        self.active = 0
        """Threads at work on this queue."""
        self.blocked = 0
        """Of those, the ones inside a call known to take long."""
        self.calls = 0
        """Calls made so far; shows whether the queue moves."""
        self._seen_calls = 0
        self._seen_at_ns = 0
        self.requested = 0
        """Threads asked for that have not come yet."""
        # Heaps: nodes to open by index, ready nodes by negative index, sources by bound and index.
        self.opens: list[int] = []
        self.ready: list[int] = []
        self.sources: list[tuple[int, int]] = []

    def push(self, index: int) -> None:
        """Adds a ready non-source node."""
        heappush(self.ready, -index)

    def push_open(self, index: int) -> None:
        """Adds a node to be opened."""
        heappush(self.opens, index)

    def push_source(self, bound: int, index: int) -> None:
        """Adds a source that may run."""
        heappush(self.sources, (bound, index))

    def pop(self) -> "Node | None":
        """Removes and returns the next node to run; None when there is none."""
        if self.ready and not self.opens:
            return self.nodes[-heappop(self.ready)]
        if self.opens:
            return self.nodes[heappop(self.opens)]
        if self.sources:
            return self.nodes[heappop(self.sources)[1]]
        return None

    def clear(self) -> None:
        """Forgets every task: the run has failed or was cancelled."""
        self.opens.clear()
        self.ready.clear()
        self.sources.clear()

    @property
    def first_node_name(self) -> str:
        """Name of the first node that runs here, to say in a message which executor is meant."""
        return next((node.name for node in self.nodes if node.task_queue is self), "")

    @property
    def has_tasks(self) -> bool:
        """Whether anything waits to be run."""
        return bool(self.ready or self.opens or self.sources)

    def seems_stuck(self) -> bool:
        """Returns whether no call has been made since the last look, long ago.

        A node that is usually quick may for once wait for something; others should not wait too.
        """
        now_ns = monotonic_ns()
        if self.calls != self._seen_calls:
            self._seen_calls, self._seen_at_ns = self.calls, now_ns
            return False
        return now_ns - self._seen_at_ns > STUCK_NS
