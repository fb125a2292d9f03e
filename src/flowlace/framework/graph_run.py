"""One run of a graph: what moves packets from node to node.

One lock guards all queues, bounds and task queues of a run; calculators and observers are called
without it, the `submit` of an executor with it. A thread that works on a task queue (`work`) takes
the most urgent node, runs one call, delivers what the call sent, and looks which nodes that made
ready. So the result depends on packets and bounds alone, never on how many threads there are.

Running nodes inline on a thread that waits for the graph, instead of waking another thread, is
what keeps the cost per packet low: with Python's global lock a second thread makes light nodes
slower, not faster. Only calls known to take long (`LONG_CALL_NS`) bring in more threads.
"""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic, perf_counter_ns
from typing import Any, Final

from flowlace.framework.calculator import STOP, PacketSet
from flowlace.framework.errors import CalculatorError, GraphCancelledError, GraphError
from flowlace.framework.input_policies import Readiness
from flowlace.framework.node import (
    CLOSE_REQUEST,
    LONG_CALL_NS,
    CloseRequest,
    Node,
    NodeState,
)
from flowlace.framework.observer import StreamObserver
from flowlace.framework.packet import Packet
from flowlace.framework.stream import Stream
from flowlace.framework.task_queue import STUCK_NS, TaskQueue
from flowlace.framework.throttle import Throttle
from flowlace.framework.timestamp import (
    DONE,
    MAX,
    MIN,
    POST_STREAM,
    UNSET,
    UNSTARTED,
    describe,
    is_range_value,
    next_allowed,
)

LONG_CHAIN_NS: Final = 20 * LONG_CALL_NS
"""A chain of light nodes that takes this long has a node in it that is light no more."""

STUCK_S: Final = 2 * STUCK_NS / 1e9
"""How often a waiting thread looks whether the tasks that wait are being run."""


class GraphRun:
    """The moving parts of one run; `flowlace.framework.graph` is the way in from outside."""

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

    # ------------------------------------------------------------------ tasks

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
        self._advance()
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

    def wake(self) -> None:
        """Asks for threads where tasks wait. Needs the lock."""
        for queue in self.task_queues:
            if queue.has_tasks:
                self._ask_for_thread(queue)

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
        verdict = self._call(node, node.calculator.process, packets)
        if not isinstance(verdict, BaseException) and not self.is_stopping:
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
        verdict = self._call(node, node.calculator.process, packets)
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
        verdict = self._call(node, node.calculator.process, packets)
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

    def _call(self, node: Node, method: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a calculator without the lock; returns its verdict, or the exception it raised."""
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
            self._fail_node(node, method.__name__, arguments, error)
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

    # ------------------------------------------------------------ open, close

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
        verdict = self._call(node, calculator.open)
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
            self._refuse_verdict(node, "close", self._call(node, node.calculator.close))
        touched = self._send_outputs(node, DONE)
        for output in node.outputs:
            touched += self._end_stream(output.stream)
        for queue in node.queues:
            node.drops[queue.label] = queue.refuse_packets()
        node.in_flight = 0
        self._touch(touched)
        if self._deliveries:
            self._deliver_to_observers()

    def _end_stream(self, stream: Stream) -> list[Node]:
        touched: list[Node] = []
        if not stream.is_closed:
            stream.is_closed = True
            self._deliver(stream, [], DONE, touched)
        return touched

    # ------------------------------------------------------- packets, readiness

    def _send_outputs(self, node: Node, timestamp: int) -> list[Node]:
        """Delivers what a call has sent; returns the nodes whose inputs changed."""
        touched: list[Node] = []
        for output in node.outputs:
            stream = output.stream
            bound = output.bound_after(timestamp)
            packets = output.buffer
            if packets:
                output.buffer = []
                if stream.is_closed:
                    # A call that ran beside the one that has closed the stream.
                    node.calculator.count("sent_after_close", len(packets))
                    packets = []
                else:
                    following = self.check_order(stream, packets)
                    if following > bound:
                        bound = following
            output.explicit_bound = UNSET
            if output.wants_close and not stream.is_closed:
                stream.is_closed = True
                bound = DONE
            if packets or bound > stream.bound:
                self._deliver(stream, packets, bound, touched)
        return touched

    def check_order(self, stream: Stream, packets: list[Packet[Any]]) -> int:
        """Returns the bound after `packets`; reports one that comes too late."""
        bound = stream.bound
        timestamp = packets[0]._timestamp
        if len(packets) == 1 and bound <= timestamp < MAX and timestamp >= MIN:
            return timestamp + 1
        for packet in packets:
            timestamp = packet._timestamp
            if timestamp < bound and self._minds_order(stream):
                self._reject(stream, timestamp, bound)
                break
            if timestamp == POST_STREAM and (stream.packet_count or len(packets) > 1):
                self.fail(f"stream {stream.name!r}: a packet at POST_STREAM has to be the only one")
                break
            following = timestamp + 1 if MIN <= timestamp < MAX else next_allowed(timestamp)
            bound = max(bound, following)
        return bound

    def _minds_order(self, stream: Stream) -> bool:
        return any(
            queue.node is None or queue.node.policy is None or not queue.node.policy.ignores_order
            for queue in stream.queues
        )

    def _reject(self, stream: Stream, timestamp: int, bound: int) -> None:
        sender = f"node {stream.producer.name!r}" if stream.producer else "the application"
        consumers = [queue.node.name for queue in stream.queues if queue.node is not None]
        receiver = f"node {consumers[0]!r}" if consumers else "a poller"
        self.fail(
            f"{receiver}: stream {stream.name!r} expects timestamps from {describe(bound)} on, "
            f"but {sender} sent a packet at {describe(timestamp)}; timestamps have to increase"
        )

    def _deliver(
        self, stream: Stream, packets: list[Packet[Any]], bound: int, touched: list[Node]
    ) -> None:
        stream.packet_count += len(packets)
        stream.bound = bound
        for queue in stream.queues:
            if packets:
                queue.packets.extend(packets)
                if len(queue.packets) >= queue.max_size:
                    queue.update_fullness()
            if queue.node is not None:
                touched.append(queue.node)
        for observer in stream.observers:
            observer.pending.extend(packets)
            if observer.observes_bounds:
                observer.note_bound(bound, packets)
            self._deliveries.append(observer)
        if stream.is_polled:
            self._note_output()

    def _note_output(self) -> None:
        """Tells those who wait for an observed stream, once the observer has been called."""
        self.seen_output += 1
        self.has_unseen_output = True
        if self.waiters:
            self.changed.notify_all()

    def deliver_input(self, stream: Stream, packets: list[Packet[Any]], bound: int) -> None:
        """Delivers packets or a bound of a graph input. Needs the lock."""
        touched: list[Node] = []
        self._deliver(stream, packets, bound, touched)
        self._touch(touched)
        if self._deliveries:
            self._deliver_as_caller()
        if self.is_stopping:
            self.settle()

    def _deliver_as_caller(self) -> None:
        outer, self._local.is_caller = getattr(self._local, "is_caller", False), True
        self.callers += not outer
        try:
            self._deliver_to_observers()
        finally:
            self._local.is_caller = outer
            self.callers -= not outer
            self.settle()

    def _touch(self, nodes: list[Node]) -> None:
        """Schedules the nodes that became ready; hands bounds on past those that did not."""
        while nodes:
            node = nodes.pop()
            policy = node.policy
            if policy is None:
                continue
            if policy.watches_arrivals and node.state is NodeState.OPEN:
                policy.arrived()
            while node.in_flight < node.max_in_flight and node.state is NodeState.OPEN:
                try:
                    verdict = policy.readiness()
                    if verdict is Readiness.PROCESS:
                        self._prepare(node, policy.timestamp)
                        continue
                except Exception as error:
                    kind = "" if isinstance(error, GraphError) else f"{type(error).__name__}: "
                    self.fail(f"node {node.name!r}: {kind}{error}", cause=error)
                    return
                if verdict is Readiness.CLOSE:
                    self._prepare_close(node)
                    break
                if not node.in_flight and is_range_value(policy.timestamp):
                    self._hand_on_bound(node, policy.timestamp, nodes)
                break

    def _prepare(self, node: Node, timestamp: int) -> None:
        packets = node.new_packet_set(timestamp)
        assert node.policy is not None
        # Before its queue is empty: see `_process_chain`.
        node.in_flight += 1
        if not node.policy.fills_late:
            node.policy.fill(packets, timestamp)
        node.prepared.append(packets)
        if len(node.prepared) < node.batch_size:
            node.in_flight -= 1
            return
        node.task_queue.push(node.index)
        self._ask_for_thread(node.task_queue)

    def _prepare_close(self, node: Node) -> None:
        if node.in_flight:
            return
        node.prepared.append(CLOSE_REQUEST)
        node.in_flight = node.max_in_flight
        node.task_queue.push(node.index)
        self._ask_for_thread(node.task_queue)

    def _hand_on_bound(self, node: Node, bound: int, touched: list[Node]) -> None:
        """Tells consumers that nothing will come before the inputs' bound + offset."""
        if node.batch_size > 1 and node.prepared:
            first = node.prepared[0]
            bound = bound if isinstance(first, CloseRequest) else min(bound, first.timestamp)
        for output in node.outputs:
            if output.offset_us is None or output.stream.is_closed:
                continue
            promised = min(max(bound + output.offset_us, MIN), MAX)
            if promised > output.stream.bound:
                self._deliver(output.stream, [], promised, touched)

    def _deliver_to_observers(self) -> None:
        """Calls the observers that have something new. Needs the lock; gives it up meanwhile."""
        while self._deliveries:
            observer = self._deliveries.popleft()
            if observer.is_delivering:
                continue
            observer.is_delivering = True
            try:
                while observer.pending and not self.is_done:
                    self._call_observer(observer, observer.pending.popleft())
            finally:
                observer.is_delivering = False
            self._note_output()

    def _call_observer(self, observer: StreamObserver, packet: Packet[Any]) -> None:
        self.lock.release()
        try:
            observer.callback(packet)
        except BaseException as error:
            self.lock.acquire()
            self.fail(
                f"observer of stream {observer.stream!r} failed at "
                f"{describe(packet.timestamp)}: {type(error).__name__}: {error}",
                cause=error,
            )
            if not isinstance(error, Exception):
                raise
            return
        self.lock.acquire()

    # ------------------------------------------------------------ end of things

    def close_input(self, stream: Stream) -> None:
        """Ends a graph input stream. Needs the lock."""
        self._touch(self._end_stream(stream))
        if self._deliveries:
            self._deliver_as_caller()

    def close_all_packet_sources(self) -> None:
        """Ends all graph inputs and stops all sources. Needs the lock."""
        for name in self.input_throttles:
            self.close_input(self.streams[name])
        for node in self.sources:
            node.stops = True
            self.schedule_source(node)

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

    def settle(self) -> None:
        """Looks what has to happen now that nothing may be running, and tells who waits.

        Needs the lock.
        """
        self._advance()
        if self.waiters:
            self.changed.notify_all()

    def _advance(self) -> None:
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
            self._refuse_verdict(node, "close", self._call(node, node.calculator.close))
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


def _time_again(first: Node, last: Node) -> None:
    """Forgets what is known of the calls of a chain, so that each is timed by itself."""
    node: Node | None = first
    while node is not None:
        node.call_ns, node.calls = 10 * LONG_CALL_NS, 0
        output = node.sole_output
        node = None if node is last or output is None else output.stream.direct
