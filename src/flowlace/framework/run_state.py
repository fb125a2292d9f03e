"""What a run of a graph consists of, and how it fails."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from flowlace.framework.errors import CalculatorError, GraphCancelledError, GraphError
from flowlace.framework.input_observer import InputObserver
from flowlace.framework.node import Node
from flowlace.framework.observer import StreamObserver
from flowlace.framework.stream import Stream
from flowlace.framework.task_queue import TaskQueue
from flowlace.framework.throttle import Throttle
from flowlace.framework.timestamp import describe


class RunState:
    """The moving parts of one run; the classes that build on it move them.

    `RunState` ← `RunDelivery` ← `RunCalls` ← `GraphRun`: one object, a file for each concern. It is
    one object because every packet passes all of them under one lock, and a call through a second
    object would cost as much as the work it does.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.waiters = 0
        self.callers = 0
        """Application threads that deliver what they added to observers: the run can't end."""
        self.nodes: list[Node] = []
        self.streams: dict[str, Stream] = {}
        self.sources: list[Node] = []
        self.input_throttles: dict[str, Throttle] = {}
        self.roots: list[Throttle] = []
        """Every throttle: of the graph inputs and of the sources."""
        self.task_queues: list[TaskQueue] = []
        self.side_packets: dict[str, Any] = {}
        self.errors: list[GraphError] = []
        self.input_observers: Sequence[InputObserver] = ()
        self.reports_deadlock = False
        self.seen_output = 0
        self.has_unseen_output = False
        self.is_paused = False
        self.is_stopping = False
        """Whether tasks are no longer started: after an error, a cancel, or at the end."""
        self.is_done = False
        self.active_layer: int | None = None
        self._is_closing_nodes = False
        self._interrupt: BaseException | None = None
        self._deliveries: deque[StreamObserver] = deque()
        """Observers that have something new."""
        self._local = threading.local()
        self.on_done: list[Callable[[], None]] = []

    def stop(self, error: GraphError) -> None:
        """Ends the run early because of `error`. Needs the lock."""
        self.errors.append(error)
        self.is_stopping = True
        for queue in self.task_queues:
            queue.clear()
        self.changed.notify_all()

    def fail(self, message: str, cause: BaseException | None = None) -> None:
        """Ends the run early with an error that says `message`. Needs the lock."""
        error = GraphError(message)
        error.__cause__ = cause
        self.stop(error)

    def _fail_node(
        self, node: Node, phase: str, arguments: tuple[Any, ...], error: BaseException
    ) -> None:
        timestamp = arguments[0].timestamp if arguments else None
        place = f"{phase} at {describe(timestamp)}" if timestamp is not None else phase
        if isinstance(error, GraphCancelledError):
            if not self.is_stopping:
                self.stop(error)
            return
        wrapped = CalculatorError(
            f"node {node.name!r} failed in {place}: {type(error).__name__}: {error}",
            node=node.name,
            phase=phase,
            timestamp=timestamp,
        )
        wrapped.__cause__ = error
        self.stop(wrapped)

    @property
    def is_delivering(self) -> bool:
        """Whether an observer is being called or will be."""
        if self._deliveries:
            return True
        streams = self.streams.values()
        return any(observer.is_delivering for stream in streams for observer in stream.observers)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing can run."""
        if self.callers:
            return False
        # A plain loop: `all` over a generator costs twice as much, and this runs for every packet.
        for queue in self.task_queues:  # noqa: SIM110
            if queue.active or queue.has_tasks:
                return False
        return True

    def wake(self) -> None:
        """Asks for threads where tasks wait. Needs the lock."""
        for queue in self.task_queues:
            if queue.has_tasks:
                self._ask_for_thread(queue)

    def _ask_for_thread(self, queue: TaskQueue) -> None:
        """Brings a thread to `queue` if all that work on it are inside long calls."""
        if self.is_paused or self.is_stopping:
            return
        if queue.is_inline:
            if self.waiters:
                self.changed.notify_all()
            return
        coming = queue.active + queue.requested
        if coming < queue.limit and (coming <= queue.blocked or queue.seems_stuck()):
            queue.requested += 1
            self._local.is_submitting = True
            try:
                queue.executor.submit(lambda: self.work(queue))
            except Exception as error:
                queue.requested -= 1
                self.fail(
                    f"the executor of node {queue.first_node_name!r} refused a task: "
                    f"{type(error).__name__}: {error}",
                    cause=error,
                )
            finally:
                self._local.is_submitting = False

    def work(self, queue: TaskQueue) -> None:
        """Runs tasks of `queue` until none is left. Called without the lock."""
        raise NotImplementedError

    def advance(self) -> None:
        """Looks what has to happen now that nothing may be running. Needs the lock."""
        raise NotImplementedError

    def settle(self) -> None:
        """Advances the run, and tells who waits. Needs the lock."""
        raise NotImplementedError
