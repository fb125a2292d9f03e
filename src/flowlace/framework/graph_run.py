"""One run of a graph: what moves packets from node to node.

One lock guards all queues, bounds and task queues of a run; calculators and observers are called
without it, the `submit` of an executor with it. A thread that works on a task queue (`work`) takes
the most urgent node, runs one call, delivers what the call sent, and looks which nodes that made
ready. So the result depends on packets and bounds alone, never on how many threads there are.

Running nodes inline on a thread that waits for the graph, instead of waking another thread, is
what keeps the cost per packet low: with Python's global lock a second thread makes light nodes
slower, not faster. Only calls known to take long (`LONG_CALL_NS`) bring in more threads.
"""

from flowlace.framework.node import Node, NodeState
from flowlace.framework.run_calls import RunCalls
from flowlace.framework.timestamp import DONE


class GraphRun(RunCalls):
    """One run; `flowlace.framework.graph` is the way in from outside.

    What this class adds is the end of things: source layers, full queues, loops, and the last
    calls.
    """

    def settle(self) -> None:
        """Looks what has to happen now that nothing may be running, and tells who waits.

        Needs the lock.
        """
        self.advance()
        if self.waiters:
            self.changed.notify_all()

    def advance(self) -> None:
        """Looks what has to happen now that nothing may be running. Needs the lock."""
        while not self.is_done and not self.callers and (self.is_stopping or not self.is_paused):
            has_tasks = False
            for queue in self.task_queues:
                if queue.active:
                    break
                has_tasks = has_tasks or queue.has_tasks
            else:
                if self.is_stopping:
                    self._end()
                elif not has_tasks and self._find_something_to_do():
                    continue
            break

    def _find_something_to_do(self) -> bool:
        if self.sources and self._start_next_layer():
            return True
        for root in self.roots:
            if root.full_queues and self._release_throttles():
                return True
        return self._wind_up()

    def _start_next_layer(self) -> bool:
        open_sources = [node for node in self.sources if node.state is NodeState.OPEN]
        if not open_sources:
            return False
        layer = min(node.source_layer for node in open_sources)
        unopened = [node.source_layer for node in self.sources if node.state < NodeState.OPEN]
        if layer == self.active_layer or min(unopened, default=layer) < layer:
            return False
        self.active_layer = layer
        for node in open_sources:
            self.schedule_source(node)
        return True

    def _release_throttles(self) -> bool:
        """Lets a graph whose full queues all wait for each other go on, or reports it."""
        full = {q for root in self.roots for q in root.full_queues if q.node is not None}
        if not full:
            return False
        if self.reports_deadlock:
            names = ", ".join(sorted({repr(queue.stream.name) for queue in full}))
            self.fail(
                f"deadlock: nothing can run and the queues of {names} are full; "
                f"raise max_queue_size or buffer_size_hint, or leave report_deadlock unset"
            )
            return True
        for queue in full:
            queue.max_size += 1
            queue.update_fullness()
        return True

    def _wind_up(self) -> bool:
        """Closes what only waits for itself once all inputs have ended; ends the run."""
        for name in self.input_throttles:
            if not self.streams[name].is_closed:
                return False
        if any(node.state is NodeState.OPEN for node in self.sources):
            # Held back by a slow poller.
            return False
        left = [node for node in self.nodes if node.state is not NodeState.CLOSED]
        for node in left:
            # A loop ends from its head: its back edges bring nothing once all else is quiet.
            forward = [queue for queue in node.queues if not queue.is_back_edge]
            is_last = all(queue.stream.bound == DONE and not queue.packets for queue in forward)
            if node.state is NodeState.OPEN and is_last and not node.in_flight:
                self._prepare_close(node)
                return True
        if left and self._report_unopened():
            return True
        self._end()
        return True

    def _report_unopened(self) -> bool:
        waiting = [node for node in self.nodes if node.state is NodeState.WAITING]
        if waiting:
            missing = ", ".join(sorted(waiting[0].missing))
            self.fail(f"node {waiting[0].name!r} was never opened: {missing} never came")
        return bool(waiting)

    def _end(self) -> None:
        """Closes every node that is still open, then declares the run over."""
        if self._is_closing_nodes:
            return
        self._is_closing_nodes = True
        self.is_stopping = True
        cause = self.errors[0] if self.errors else None
        try:
            for node in self.nodes:
                node.calculator.graph_error = cause
                self._close_at_end(node)
        finally:
            self._declare_over()
        if self._interrupt is not None:
            raise self._interrupt

    def _close_at_end(self, node: Node) -> None:
        was_open = node.state is NodeState.OPEN
        node.state = NodeState.CLOSED
        if not was_open:
            return
        for queue in node.queues:
            node.drops[queue.label] = queue.refuse_packets()
        try:
            self._refuse_verdict(node, "close", self._call(node, "close"))
        except BaseException as error:
            # The others have to be closed first.
            self._interrupt = self._interrupt or error

    def _declare_over(self) -> None:
        for stream in self.streams.values():
            stream.is_closed = True
            stream.bound = DONE
        self.is_done = True
        self.changed.notify_all()
        for callback in self.on_done:
            callback()
