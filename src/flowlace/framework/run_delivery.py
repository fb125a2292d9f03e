"""Packets and bounds on their way: to queues, to nodes that become ready, to observers."""

from typing import Any

from flowlace.framework.errors import GraphError
from flowlace.framework.input_policies import Readiness
from flowlace.framework.node import CLOSE_REQUEST, CloseRequest, Node, NodeState
from flowlace.framework.observer import StreamObserver
from flowlace.framework.packet import Packet
from flowlace.framework.run_state import RunState
from flowlace.framework.stream import Stream
from flowlace.framework.timestamp import (
    DONE,
    MAX,
    MIN,
    POST_STREAM,
    UNSET,
    describe,
    is_range_value,
    next_allowed,
)


class RunDelivery(RunState):
    """Hands packets and bounds on. All methods need the run's lock."""

    def deliver_input(self, stream: Stream, packets: list[Packet[Any]], bound: int) -> None:
        """Delivers packets or a bound of a graph input. Needs the lock."""
        for observer in self.input_observers:
            observer.entered(stream.name, packets, bound)
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

    def close_input(self, stream: Stream) -> None:
        """Ends a graph input stream. Needs the lock."""
        if not stream.is_closed:
            for observer in self.input_observers:
                observer.entered(stream.name, [], DONE)
        self._touch(self._end_stream(stream))
        if self._deliveries:
            self._deliver_as_caller()

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

    def _end_stream(self, stream: Stream) -> list[Node]:
        touched: list[Node] = []
        if not stream.is_closed:
            stream.is_closed = True
            self._deliver(stream, [], DONE, touched)
        return touched

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
