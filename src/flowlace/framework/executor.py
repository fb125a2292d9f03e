"""Where a graph's tasks run: a pool of threads, the application's thread, or anything given."""

import atexit
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic
from typing import Final, Protocol

EXIT_WAIT_S: Final = 5.0
"""How long the end of the process waits for calls that are still running."""


class Executor(Protocol):
    """Anything that runs a callable later; `concurrent.futures` executors fit as they are."""

    def submit(self, task: Callable[[], object], /) -> object:
        """Arranges for `task` to be called once, soon, on some thread."""


class ThreadPoolExecutor:
    """A fixed number of threads that start when first needed.

    The standard library's pool makes a future for every task and wakes a thread for each; this
    one hands a bare callable over a C queue, which costs a tenth.
    """

    def __init__(self, num_threads: int, name: str = "flowlace") -> None:
        self.num_threads = num_threads
        self._name = name
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_shut_down = False
        self._lock = threading.Lock()
        _pools.add(self)

    def submit(self, task: Callable[[], object], /) -> None:
        """Runs `task` on one of the threads."""
        self._tasks.put(task)
        if len(self._threads) < self.num_threads:
            self._start_thread()

    def shutdown(self) -> None:
        """Lets the threads end once they have run what was submitted."""
        with self._lock:
            if self._is_shut_down:
                return
            self._is_shut_down = True
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, timeout_s: float) -> None:
        """Ends the threads and waits for them, no longer than `timeout_s`."""
        deadline = monotonic() + timeout_s
        self.shutdown()
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _start_thread(self) -> None:
        with self._lock:
            index = len(self._threads)
            if index >= self.num_threads or self._is_shut_down:
                return
            # Daemon threads: a calculator that never returns must not keep the process alive.
            thread = threading.Thread(target=self._work, name=f"{self._name}-{index}", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
            # While this thread waits it must not keep the run of its last task alive.
            task = None


class ApplicationThreadExecutor:
    """Runs nothing by itself: tasks run on the thread that waits for the graph."""

    num_threads = 1

    def submit(self, task: Callable[[], object], /) -> None:
        """Leaves `task` to whoever waits for the graph."""


_pools: "weakref.WeakSet[ThreadPoolExecutor]" = weakref.WeakSet()


@atexit.register
def _join_pools() -> None:
    # A thread that comes back from C++ code into an interpreter that is being torn down aborts
    # the process, so running calls get the time to end.
    deadline = monotonic() + EXIT_WAIT_S
    for pool in list(_pools):
        pool.join(max(0.0, deadline - monotonic()))
