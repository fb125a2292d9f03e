"""Calls of calculators: which node runs next, on which thread, and what follows from it."""

from time import monotonic, perf_counter_ns
from typing import Any, Final

from flowlace.framework.calculator import STOP, PacketSet
from flowlace.framework.errors import GraphError
from flowlace.framework.node import LONG_CALL_NS, CloseRequest, Node, NodeState
from flowlace.framework.run_delivery import RunDelivery
from flowlace.framework.stream import Stream
from flowlace.framework.task_queue import STUCK_NS, TaskQueue
from flowlace.framework.timestamp import DONE, MAX, MIN, UNSET, UNSTARTED

LONG_CHAIN_NS: Final = 20 * LONG_CALL_NS
"""A chain of light nodes that takes this long has a node in it that is light no more."""

STUCK_S: Final = 2 * STUCK_NS / 1e9
"""How often a waiting thread looks whether the tasks that wait are being run."""


class RunCalls(RunDelivery):
    """Runs nodes: on the threads of executors, and on threads that wait for the graph."""

    def work(self, queue: TaskQueue) -> None:
        """Runs tasks of `queue` until none is left. Called without the lock."""
        if getattr(self._local, "is_submitting", False):
            raise GraphError("it ran the task inside submit; it has to run it later")
        with self.lock:
            queue.requested -= queue.requested > 0
            try:
                self._work(queue)
            except BaseException:
                # An interrupt in a calculator has failed the run: whoever waits is told. Here
                # nobody would catch it, and the executor would lose a thread.
                if not self.errors:
                    raise

    def help(self, queue: TaskQueue) -> bool:
        """Runs tasks of `queue` on the waiting thread, if nobody else does. Needs the lock.

        Sources may go on for ever: they are left to the executor's threads, and on a queue
        without threads only one of them is called before the caller looks again.
        """
        if queue.active or self.is_paused or self.is_stopping:
            return False
        if queue.ready or queue.opens or (queue.is_inline and queue.sources):
            self._work(queue, leaves_sources=True)
            return True
        return False

    def wait_for_change(self, deadline: float | None, what: str) -> None:
        """Runs ready nodes, or waits until something happens. Needs the lock.

        Raises:
            TimeoutError: the deadline, on the monotonic clock, has passed.
        """
        is_late = deadline is not None and monotonic() >= deadline
        queue = self.task_queues[0]
        if self.help(queue) and not (is_late and queue.has_tasks):
            return
        if is_late:
            raise TimeoutError(f"waited for {what} in vain")
        own: TaskQueue | None = getattr(self._local, "queue", None)
        is_caller = getattr(self._local, "is_caller", False)
        # A calculator or observer waits for its own graph: its thread counts as free, so that
        # others can go on and a full queue it waits for can grow.
        if own is not None:
            own.active -= 1
        self.callers -= is_caller
        try:
            if own is None or not self.help(own):
                is_free = own is not None or is_caller
                self._wait(deadline, tells_others=is_free)
        finally:
            self.callers += is_caller
            if own is not None:
                own.active += 1

    def _wait(self, deadline: float | None, *, tells_others: bool) -> None:
        self.wake()
        self.advance()
        if self.is_done:
            return
        if tells_others and self.waiters and self.is_idle:
            self.changed.notify_all()
        timeout_s = None if deadline is None else deadline - monotonic()
        if any(queue.has_tasks and not queue.is_inline for queue in self.task_queues):
            # Somebody has to see it when a call that is usually quick blocks all others.
            timeout_s = STUCK_S if timeout_s is None else min(timeout_s, STUCK_S)
        self.waiters += 1
        try:
            self.changed.wait(timeout_s)
        finally:
            self.waiters -= 1

    def _work(self, queue: TaskQueue, *, leaves_sources: bool = False) -> None:
        if queue.active >= queue.limit or self.is_stopping:
            return
        queue.active += 1
        outer, self._local.queue = getattr(self._local, "queue", None), queue
        try:
            while not (self.is_paused or self.is_stopping) and (node := queue.pop()) is not None:
                self._run(node)
                if leaves_sources and not (queue.ready or queue.opens):
                    break
        except BaseException as error:
            # Of the engine itself, an input policy or an executor; calculators have been seen to.
            if not self.is_stopping:
                self.fail(f"the engine failed: {type(error).__name__}: {error}", cause=error)
            raise
        finally:
            self._local.queue = outer
            queue.active -= 1
            if queue.sources and leaves_sources:
                self._ask_for_thread(queue)
            self.settle()

    def _run(self, node: Node) -> None:
        if node.state is NodeState.OPENING:
            self._open(node)
        elif node.is_source:
            self._run_source(node)
        else:
            invocation = node.prepared.popleft()
            if isinstance(invocation, CloseRequest):
                self._close(node)
                return
            if node.policy is not None and node.policy.fills_late:
                node.policy.fill(invocation, invocation.timestamp)
            if node.max_in_flight == 1:
                self._process(node, invocation)
            else:
                self._process_in_parallel(node, invocation)

    def _process(self, node: Node, packets: PacketSet) -> None:
        # Every 16th call is timed, on the long way round.
        timestamp = packets.timestamp
        if node.call_ns < LONG_CALL_NS and node.calls & 15 and MIN <= timestamp < MAX:
            self._process_chain(node, packets, timestamp)
            return
        verdict = self._call(node, "process", packets)
        if not isinstance(verdict, BaseException) and not self.is_stopping:
            node.let_go(packets)
            self._finish(node, verdict, self._send_outputs(node, timestamp), timestamp)

    def _process_chain(self, node: Node, packets: PacketSet, timestamp: int) -> None:
        """Calls a light node, and as long as it sends one packet to one light node, that one.

        The lock is given up once for the whole chain: the nodes of a chain have no other producer
        than the one before them, which can't run again before this call of it is finished. Another
        thread, with the lock, may just be finishing an earlier call of the consumer: so its queue
        is looked at before `in_flight`, and it is claimed before the bound of its input moves.
        """
        first = node
        first.calls += 1
        first.task_queue.calls += 1
        # The rest of the chain is timed by the first node's calls: as a whole, now and then.
        started_ns = perf_counter_ns() if first.calls & 7 == 1 else 0
        self.lock.release()
        try:
            while True:
                verdict = node.calculator.process(packets)
                node.let_go(packets)
                output = node.sole_output
                if output is None or verdict is not None:
                    break
                stream = output.stream
                consumer = stream.direct
                buffer = output.buffer
                if (
                    consumer is None
                    or len(buffer) != 1
                    or consumer.queues[0].packets
                    or consumer.in_flight
                    or consumer.call_ns >= LONG_CALL_NS
                    or consumer.state is not NodeState.OPEN
                    or output.explicit_bound != UNSET
                    or output.wants_close
                ):
                    break
                packet = buffer[0]
                if packet._timestamp != timestamp or stream.bound > timestamp or output.offset_us:
                    break
                buffer.clear()
                consumer.in_flight = 1
                stream.bound = timestamp + 1
                stream.packet_count += 1
                if node is not first:
                    node.in_flight = 0
                node = consumer
                packets = node.new_packet_set(timestamp)
                packets[node.queues[0].key] = packet
        except BaseException as error:
            self.lock.acquire()
            self._fail_node(node, "process", (packets,), error)
            if not isinstance(error, Exception):
                raise
            return
        self.lock.acquire()
        if self.is_stopping:
            return
        if started_ns and node is not first and perf_counter_ns() - started_ns > LONG_CHAIN_NS:
            _time_again(first, node)
        touched = self._send_outputs(node, timestamp)
        if node is not first:
            first.in_flight -= 1
            if not (first.is_simple and first.queues[0].is_settled_at(timestamp)):
                touched.append(first)
        self._finish(node, verdict, touched, timestamp)

    def _finish(self, node: Node, verdict: Any, touched: list[Node], timestamp: int) -> None:
        if touched:
            self._touch(touched)
        if self._deliveries:
            self._deliver_to_observers()
        if verdict is not None:
            self._obey(node, verdict)
        if node.prepared and node.max_in_flight == 1:
            # The rest of a batch, or the close behind its last, partial one.
            node.task_queue.push(node.index)
            return
        node.in_flight -= 1
        if not (node.is_simple and node.queues[0].is_settled_at(timestamp)):
            self._touch([node])
        if self._deliveries:
            self._deliver_to_observers()

    def _obey(self, node: Node, verdict: Any) -> None:
        if verdict is STOP:
            self.close_all_packet_sources()
        else:
            self.fail(
                f"node {node.name!r}: process returned {verdict!r}; expected None or STOP, "
                "packets go to self.outputs[...].send"
            )

    def _process_in_parallel(self, node: Node, packets: PacketSet) -> None:
        ticket, node.next_ticket = node.next_ticket, node.next_ticket + 1
        verdict = self._call(node, "process", packets)
        if isinstance(verdict, BaseException) or self.is_stopping:
            return
        sent = [(o.buffer, o.explicit_bound, o.wants_close) for o in node.outputs]
        for output in node.outputs:
            output.buffer, output.explicit_bound, output.wants_close = [], UNSET, False
        node.released[ticket] = (packets.timestamp, verdict, sent)
        while node.next_release in node.released:
            timestamp, verdict, sent = node.released.pop(node.next_release)
            node.next_release += 1
            for output, (buffer, bound, close) in zip(node.outputs, sent, strict=True):
                output.buffer, output.explicit_bound, output.wants_close = buffer, bound, close
            self._finish(node, verdict, self._send_outputs(node, timestamp), timestamp)

    def _run_source(self, node: Node) -> None:
        if node.stops or node.state is not NodeState.OPEN:
            node.in_flight = 0
            self._close(node)
            return
        packets = node.new_packet_set(UNSTARTED)
        verdict = self._call(node, "process", packets)
        if isinstance(verdict, BaseException) or self.is_stopping:
            return
        self._touch(self._send_outputs(node, UNSTARTED))
        if self._deliveries:
            self._deliver_to_observers()
        node.in_flight = 0
        if verdict is STOP:
            self._close(node)
            return
        if verdict is not None:
            self._obey(node, verdict)
        self.schedule_source(node)

    def schedule_source(self, node: Node) -> None:
        """Lets a source run again unless it is throttled, closed or in a later layer."""
        if node.in_flight or node.state is not NodeState.OPEN:
            return
        if node.source_layer != self.active_layer and not node.stops:
            return
        if node.throttle is not None and node.throttle.is_throttled and not node.stops:
            return
        node.in_flight = 1
        bound = min((output.stream.bound for output in node.outputs), default=DONE)
        node.task_queue.push_source(bound, node.index)
        self._ask_for_thread(node.task_queue)

    def _call(self, node: Node, phase: str, *arguments: Any) -> Any:
        """Calls a calculator without the lock; returns its verdict, or the exception it raised."""
        method = getattr(node.calculator, phase)
        queue = node.task_queue
        is_long = node.call_ns >= LONG_CALL_NS
        queue.calls += 1
        if is_long:
            queue.blocked += 1
            if queue.has_tasks:
                self._ask_for_thread(queue)
        self.lock.release()
        started = perf_counter_ns()
        try:
            verdict = method(*arguments)
        except BaseException as error:
            self.lock.acquire()
            queue.blocked -= is_long
            self._fail_node(node, phase, arguments, error)
            if not isinstance(error, Exception):
                raise
            return error
        took_ns = perf_counter_ns() - started
        self.lock.acquire()
        queue.blocked -= is_long
        if arguments and node.max_in_flight == 1:
            node.calls += 1
            node.call_ns += (took_ns - node.call_ns) // 4
        return verdict

    def push_open(self, node: Node) -> None:
        """Schedules the opening of a node whose side packets and headers are there."""
        node.state = NodeState.OPENING
        node.task_queue.push_open(node.index)
        self._ask_for_thread(node.task_queue)

    def _open(self, node: Node) -> None:
        calculator = node.calculator
        for key, port in node.contract.side_inputs.items():
            if port.name in self.side_packets:
                calculator.side_packets[key] = self.side_packets[port.name]
        calculator.input_headers = node.headers()
        for output in node.outputs:
            output.is_opening = True
        verdict = self._call(node, "open")
        for output in node.outputs:
            output.is_opening = False
        if isinstance(verdict, BaseException):
            return
        node.state = NodeState.OPEN
        self._refuse_verdict(node, "open", verdict)
        if self.is_stopping:
            return
        for output in node.outputs:
            self._publish_header(output.stream)
        touched = self._send_outputs(node, UNSTARTED)
        touched.append(node)
        self._touch(touched)
        if self._deliveries:
            self._deliver_to_observers()
        if node.is_source:
            self.schedule_source(node)

    def _refuse_verdict(self, node: Node, phase: str, verdict: Any) -> None:
        if verdict is not None and not isinstance(verdict, BaseException):
            self.fail(
                f"node {node.name!r}: {phase} returned {verdict!r}; expected None, "
                "only process may return STOP"
            )

    def _publish_header(self, stream: Stream) -> None:
        stream.header_is_set = True
        for queue in stream.queues:
            if queue.node is not None and not queue.is_back_edge:
                self.provide(queue.node, f"header of {stream.name}")

    def provide(self, node: Node, what: str) -> None:
        """Notes that something `open` waits for is there."""
        if what in node.missing:
            node.missing.discard(what)
            if not node.missing and node.state is NodeState.WAITING:
                self.push_open(node)

    def publish_side_packet(self, name: str, value: Any) -> None:
        """Sets a side packet made by a calculator. Called without the lock."""
        with self.lock:
            if name in self.side_packets:
                raise GraphError(f"side packet {name!r} has been set already")
            self.side_packets[name] = value
            for node in self.nodes:
                self.provide(node, f"side packet {name}")

    def _close(self, node: Node) -> None:
        """Runs `close` and ends the outputs; what was sent in it is delivered first."""
        if node.state is NodeState.CLOSED:
            return
        was_open = node.state is NodeState.OPEN
        node.state = NodeState.CLOSED
        if was_open:
            self._refuse_verdict(node, "close", self._call(node, "close"))
        touched = self._send_outputs(node, DONE)
        for output in node.outputs:
            touched += self._end_stream(output.stream)
        for queue in node.queues:
            node.drops[queue.label] = queue.refuse_packets()
        node.in_flight = 0
        self._touch(touched)
        if self._deliveries:
            self._deliver_to_observers()

    def close_all_packet_sources(self) -> None:
        """Ends all graph inputs and stops all sources. Needs the lock."""
        for name in self.input_throttles:
            self.close_input(self.streams[name])
        for node in self.sources:
            node.stops = True
            self.schedule_source(node)


def _time_again(first: Node, last: Node) -> None:
    """Forgets what is known of the calls of a chain, so that each is timed by itself."""
    node: Node | None = first
    while node is not None:
        node.call_ns, node.calls = 10 * LONG_CALL_NS, 0
        output = node.sole_output
        node = None if node is last or output is None else output.stream.direct
