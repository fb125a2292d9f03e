"""The graph as an application holds it: feed it, watch it, wait for it."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Any, Self

from flowlace.framework.assembly import assemble, start, throttles_of
from flowlace.framework.config_load import GraphSource
from flowlace.framework.contract import runtime_class, type_name
from flowlace.framework.errors import (
    CalculatorError,
    FlowlaceError,
    GraphCancelledError,
    GraphError,
    ThrottledError,
)
from flowlace.framework.executor import Executor
from flowlace.framework.graph_run import GraphRun
from flowlace.framework.input_observer import InputObserver
from flowlace.framework.node import Node
from flowlace.framework.observer import PacketCallback, StreamObserver
from flowlace.framework.packet import Packet
from flowlace.framework.plan import GraphPlan
from flowlace.framework.poller import OutputStreamPoller
from flowlace.framework.stream import UNLIMITED, InputQueue, Stream
from flowlace.framework.timestamp import (
    MAX,
    MIN,
    ONE_OVER_POST_STREAM,
    describe,
    is_allowed_in_stream,
    next_allowed,
)
from flowlace.framework.validation import validate_graph


class AddMode(Enum):
    """What adding a packet does while the graph is throttled."""

    WAIT_TILL_NOT_FULL = "wait"
    """Blocks until there is room: nothing is lost."""
    ADD_IF_NOT_FULL = "refuse"
    """Raises `ThrottledError`, for live sources that rather drop a packet than wait."""


class CalculatorGraph:
    """Runs a graph of calculators.

    Args:
        config: a graph as text, a path to a `.pbtxt`, `.json` or `.binarypb` file, a `GraphConfig`
            (also from `GraphBuilder.config()`), or a validated `GraphPlan`.

    Raises:
        GraphConfigError: the graph can't run; holds every problem with its place in the file.

    Example:
        ```python
        graph = CalculatorGraph("double.pbtxt")
        graph.observe_output_stream("doubled", print)
        with graph:
            graph.start_run()
            graph.add_packet_to_input_stream("numbers", Packet(21, timestamp=0))
        ```

    All methods may be called from any thread. Leaving the `with` block closes the graph's inputs
    and waits until everything is done, its sources too, or cancels the run if the block raised.
    """

    def __init__(self, config: GraphPlan | GraphSource) -> None:
        self.plan = config if isinstance(config, GraphPlan) else validate_graph(config)
        self._observers: list[StreamObserver] = []
        self._pollers: list[OutputStreamPoller] = []
        self._executors: dict[str, Executor] = {}
        self._services: dict[str, Any] = {}
        self._input_queue_sizes: dict[str, int] = {}
        self._hooks: list[Callable[[Node], None]] = []
        self._input_observers: list[InputObserver] = []
        self._starting = threading.Lock()
        self._run: GraphRun | None = None
        self._input_checks = {
            name: None if port.type is object else runtime_class(port.type)
            for name, port in self.plan.input_streams.items()
        }
        self.mode = AddMode.WAIT_TILL_NOT_FULL
        """The default for `add_packet_to_input_stream`."""

    # ------------------------------------------------------------- preparation

    def observe_output_stream(
        self, stream: str, callback: PacketCallback, *, observe_timestamp_bounds: bool = False
    ) -> None:
        """Calls `callback` with every packet of a stream, in order, one call at a time.

        With `observe_timestamp_bounds`, a bound that moves without a packet comes as an empty
        packet at bound − 1. Callbacks of different streams may run at once. May also be called
        while the graph runs. An exception in the callback fails the graph.
        """
        self._check_stream(stream)
        observer = StreamObserver(stream, callback, observes_bounds=observe_timestamp_bounds)
        self._observers.append(observer)
        run = self._run
        if run is not None and not run.is_done:
            with run.lock:
                self._observe(run.streams[stream], observer)

    def output_stream_poller(
        self, stream: str, *, max_queue_size: int = 100, observe_timestamp_bounds: bool = False
    ) -> OutputStreamPoller:
        """Returns an iterator over the packets of a stream; also for `async for`."""
        self._check_stream(stream)
        poller = OutputStreamPoller(
            stream, max_queue_size=max_queue_size, observes_bounds=observe_timestamp_bounds
        )
        self._pollers.append(poller)
        run = self._run
        if run is not None and not run.is_done:
            self._attach_poller(run, poller)
        return poller

    def set_executor(self, name: str, executor: Executor) -> None:
        """Runs the nodes of one executor on `executor`; `""` is the default one.

        Anything with `submit(callable)` fits, `concurrent.futures` pools as they are. An executor
        given here is not shut down by the graph.
        """
        self._check_not_running("set_executor")
        self._executors[name] = executor

    def set_service(self, key: str, service: Any) -> None:
        """Sets a graph service: an object that calculators find as `self.service[key]`.

        A service that is not set is made by the calculators that ask for it, if they can: once,
        and shared by all nodes and runs of this graph.
        """
        self._check_not_running("set_service")
        self._services[key] = service

    def instrument(self, hook: Callable[[Node], None]) -> None:
        """Calls `hook` with every node of each run before it opens, for profilers and tracers.

        A hook may replace `node.calculator.process` by something that calls it.
        """
        self._check_not_running("instrument")
        self._hooks.append(hook)

    def observe_inputs(self, observer: InputObserver) -> None:
        """Tells `observer` of all that enters each run from outside, in the order it enters."""
        self._check_not_running("observe_inputs")
        self._input_observers.append(observer)

    def set_input_stream_max_queue_size(self, stream: str, max_queue_size: int) -> None:
        """Bounds the queues of one graph input stream; −1 for no bound."""
        self._check_input(stream)
        self._input_queue_sizes[stream] = max_queue_size
        if self.is_running:
            run = self._running()
            with run.lock:
                for queue in run.streams[stream].queues:
                    if queue.node is not None:
                        queue.max_size = max_queue_size if max_queue_size > 0 else UNLIMITED
                        queue.update_fullness()

    # ------------------------------------------------------------------ running

    def start_run(
        self,
        side_packets: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, Packet[Any]] | None = None,
    ) -> None:
        """Starts the graph; it may be started again when a run is over, also after an error.

        Args:
            side_packets: values of the graph's input side packets, by name.
            headers: headers of graph input streams, by stream name.

        Raises:
            GraphConfigError: a side packet, service or executor is missing or of the wrong type.
            GraphError: the graph is running already.
        """
        with self._starting:
            self._check_not_running("start_run")
            run = assemble(
                self.plan,
                side_packets=side_packets or {},
                headers=headers or {},
                services=self._services,
                executors=self._executors,
                input_queue_sizes=self._input_queue_sizes,
            )
            for node in run.nodes:
                for hook in self._hooks:
                    hook(node)
            for each in self._input_observers:
                each.started(run.side_packets, headers or {})
            run.input_observers = tuple(self._input_observers)
            for observer in self._observers:
                observer.restart()
                self._observe(run.streams[observer.stream], observer)
            for poller in self._pollers:
                self._attach_poller(run, poller)
            self._run = run
        start(run)

    def add_packet_to_input_stream(
        self, stream: str, packet: Packet[Any], *, mode: AddMode | None = None
    ) -> None:
        """Adds a packet to a graph input stream.

        An empty packet at t only says that nothing comes up to t.

        Raises:
            ThrottledError: a queue is full and the mode is `ADD_IF_NOT_FULL`.
            GraphError: the stream is closed, the packet comes too late or has the wrong type, or
                the graph has failed before.
        """
        run = self._running()
        if not packet:
            self.set_input_stream_timestamp_bound(stream, next_allowed(packet.timestamp))
            return
        target = self._checked_input(run, stream, packet)
        timestamp = packet._timestamp
        with run.lock:
            if run.errors or run.is_done:
                self._raise_errors(run)
            throttle = run.input_throttles[stream]
            if throttle.full_queues:
                self._wait_for_room(run, stream, mode or self.mode)
            if target.is_closed:
                run.fail(f"graph input {stream!r} is closed; nothing can be added to it")
            elif timestamp < target.bound or not MIN <= timestamp < MAX:
                bound = run.check_order(target, [packet])
            else:
                bound = timestamp + 1
            if run.errors:
                run.settle()
                self._raise_errors(run)
            run.deliver_input(target, [packet], bound)

    def set_input_stream_timestamp_bound(self, stream: str, bound: int) -> None:
        """Promises that no packet before `bound` will be added to a graph input stream."""
        run = self._running()
        self._check_input(stream)
        if not is_allowed_in_stream(bound) and bound != ONE_OVER_POST_STREAM:
            raise GraphError(f"graph input {stream!r} can't have the bound {describe(bound)}")
        with run.lock:
            target = run.streams[stream]
            if bound < target.bound:
                raise GraphError(
                    f"graph input {stream!r}: the bound can't go back from "
                    f"{describe(target.bound)} to {describe(bound)}"
                )
            if not target.is_closed and bound > target.bound:
                run.deliver_input(target, [], bound)

    def close_input_stream(self, stream: str) -> None:
        """Ends one graph input stream; nothing happens where it has ended."""
        run = self._started()
        self._check_input(stream)
        with run.lock:
            run.close_input(run.streams[stream])
            run.settle()

    def close_all_input_streams(self) -> None:
        """Ends all graph input streams; sources go on."""
        run = self._started()
        with run.lock:
            for name in self.plan.input_streams:
                run.close_input(run.streams[name])
            run.settle()

    def close_all_packet_sources(self) -> None:
        """Ends all graph input streams and stops all sources."""
        run = self._started()
        with run.lock:
            if not run.is_done:
                run.close_all_packet_sources()
                run.settle()

    def cancel(self) -> None:
        """Ends the run without processing what is queued; waiting calls raise."""
        run = self._run
        if run is None:
            return
        with run.lock:
            if not run.is_stopping:
                run.stop(GraphCancelledError("the graph was cancelled"))
            run.settle()

    def pause(self) -> None:
        """Lets running calls end and starts no new ones until `resume`."""
        run = self._running()
        with run.lock:
            run.is_paused = True

    def resume(self) -> None:
        """Goes on after `pause`."""
        run = self._running()
        with run.lock:
            run.is_paused = False
            run.wake()
            run.settle()

    # ------------------------------------------------------------------ waiting

    def wait_until_idle(self, timeout_s: float | None = None) -> None:
        """Waits until everything added has been processed. Sources must not be running for ever.

        Raises:
            GraphError: the graph has failed; a `CalculatorError` names node and packet.
            TimeoutError: it took longer than `timeout_s` seconds.
        """
        run = self._running()
        deadline = None if timeout_s is None else monotonic() + timeout_s
        with run.lock:
            while not (run.is_idle or run.is_done):
                run.wait_for_change(deadline, "the graph to be idle")
        if run.errors:
            self._raise_errors(run)

    def wait_until_done(self, timeout_s: float | None = None) -> None:
        """Waits until the run is over: all inputs closed, everything processed and closed.

        Raises: as `wait_until_idle`.
        """
        run = self._started()
        self._wait(run, lambda: run.is_done, timeout_s, "the graph to end")
        self._raise_errors(run, is_end_fine=True)

    def wait_for_observed_output(self, timeout_s: float | None = None) -> None:
        """Waits until an observed or polled stream has a new packet, a new bound or ended.

        Observers have been called with it by then.

        Raises:
            GraphError: the graph has failed, or all observed streams have ended before.
            TimeoutError: it took longer than `timeout_s` seconds.
        """
        run = self._started()
        names = [each.stream for each in self._observers] + [each.stream for each in self._pollers]
        observed = [run.streams[name] for name in names]
        if not observed:
            raise GraphError("wait_for_observed_output: no stream is observed")
        seen = run.seen_output

        def has_news() -> bool:
            return run.has_unseen_output or run.seen_output != seen

        def is_over() -> bool:
            has_ended = all(stream.is_closed for stream in observed)
            return run.is_done or (has_ended and not run.is_delivering)

        deadline = None if timeout_s is None else monotonic() + timeout_s
        with run.lock:
            while not (has_news() or is_over()):
                run.wait_for_change(deadline, "an observed stream")
            is_new, run.has_unseen_output = has_news(), False
        self._raise_errors(run, is_end_fine=True)
        if not is_new:
            raise GraphError("wait_for_observed_output: all observed streams have ended")

    # ---------------------------------------------------------------- questions

    @property
    def is_running(self) -> bool:
        """Whether a run has been started and is not over."""
        return self._run is not None and not self._run.is_done

    @property
    def has_started(self) -> bool:
        """Whether there is a run, going on or over, to ask about."""
        return self._run is not None

    @property
    def has_error(self) -> bool:
        """Whether the current or last run has failed."""
        return self._run is not None and bool(self._run.errors)

    def is_input_stream_throttled(self, stream: str) -> bool:
        """Returns whether adding to this graph input would have to wait."""
        self._check_input(stream)
        return self._running().input_throttles[stream].is_throttled

    def output_side_packet(self, name: str) -> Any:
        """Returns the value of a side packet the graph has made or was given."""
        side_packets = self._started().side_packets
        if name not in side_packets:
            raise GraphError(f"side packet {name!r} has not been set")
        return side_packets[name]

    def header(self, stream: str) -> Packet[Any]:
        """Returns the header of a stream of this run; an empty packet where there is none."""
        self._check_stream(stream)
        return self._started().streams[stream].header

    def counters(self) -> dict[str, int]:
        """Returns what the nodes of this run have counted, drops above all, by `node.event`."""
        run = self._started()
        found: dict[str, int] = {}
        for node in run.nodes:
            # A copy: the calculator may be counting.
            for event, count in dict(node.calculator.counters).items():
                found[f"{node.name}.{event}"] = count
            if node.policy is not None and node.policy.dropped:
                found[f"{node.name}.dropped_by_input_policy"] = node.policy.dropped
            late = sum(drops.count for drops in dict(node.drops).values())
            if late:
                found[f"{node.name}.dropped_after_close"] = late
        return found

    def state(self) -> str:
        """Returns a table of every node's state and queues, for finding out why nothing moves."""
        run = self._started()
        with run.lock:
            lines = [_describe_node(node) for node in run.nodes]
        return "\n".join(lines)

    # ------------------------------------------------------------------ plumbing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.is_running:
            return
        if kind is not None:
            self.cancel()
            # Nothing of the run is left behind; what broke the block is told, not that it ended.
            with suppress(FlowlaceError):
                self.wait_until_done()
            return
        self.close_all_input_streams()
        self.wait_until_done()

    def _wait(
        self,
        run: GraphRun,
        is_over: Callable[[], bool],
        timeout_s: float | None,
        what: str,
    ) -> None:
        deadline = None if timeout_s is None else monotonic() + timeout_s
        with run.lock:
            while not is_over():
                run.wait_for_change(deadline, what)

    def _wait_for_room(self, run: GraphRun, stream: str, mode: AddMode) -> None:
        throttle = run.input_throttles[stream]
        run.settle()
        if mode is AddMode.ADD_IF_NOT_FULL and throttle.full_queues:
            full = ", ".join(sorted(queue.stream.name for queue in throttle.full_queues))
            raise ThrottledError(f"graph is throttled: {stream!r} waits for full queues of {full}")
        while throttle.full_queues and not run.is_done and not run.errors:
            run.wait_for_change(None, f"room on {stream!r}")
        if run.errors or run.is_done:
            self._raise_errors(run)

    def _raise_errors(self, run: GraphRun, *, is_end_fine: bool = False) -> None:
        """Raises the run's first error, with the others listed in its message."""
        if not run.errors:
            if is_end_fine:
                return
            raise GraphError("the run is over; call start_run to start another one")
        first = run.errors[0]
        others = [str(error) for error in run.errors[1:]]
        message = "\n".join([str(first), *(f"then: {other}" for other in others)])
        if isinstance(first, CalculatorError):
            raise CalculatorError(
                message, node=first.node, phase=first.phase, timestamp=first.timestamp
            ) from first.__cause__
        raise type(first)(message) from first.__cause__

    def _observe(self, stream: Stream, observer: StreamObserver) -> None:
        stream.observers.append(observer)
        stream.direct = None

    def _attach_poller(self, run: GraphRun, poller: OutputStreamPoller) -> None:
        with run.lock:
            stream = run.streams[poller.stream]
            queue = InputQueue(stream, None, poller.stream, "poller")
            stream.direct = None
            stream.is_polled = True
            queue.throttles = throttles_of(run, poller.stream)
            poller.attach(run, queue, lambda run: self._raise_errors(run, is_end_fine=True))

    def _checked_input(self, run: GraphRun, name: str, packet: Packet[Any]) -> Stream:
        try:
            check = self._input_checks[name]
        except KeyError:
            self._check_input(name)
            raise
        if check is not None and not isinstance(packet._payload, check):
            wanted = type_name(self.plan.input_streams[name].type)
            raise GraphError(
                f"graph input {name!r} carries {wanted}, but a {type(packet.payload).__name__} "
                f"was added at {describe(packet.timestamp)}"
            )
        if not is_allowed_in_stream(packet._timestamp):
            raise GraphError(
                f"graph input {name!r}: a packet needs a time, but this one is at "
                f"{describe(packet.timestamp)}; use Packet(payload, timestamp)"
            )
        return run.streams[name]

    def _check_stream(self, name: str) -> None:
        if name not in self.plan.streams:
            known = ", ".join(self.plan.streams) or "none"
            raise GraphError(f"the graph has no stream {name!r}; streams: {known}")

    def _check_input(self, name: str) -> None:
        if name not in self.plan.input_streams:
            known = ", ".join(self.plan.input_streams) or "none"
            raise GraphError(f"the graph has no input stream {name!r}; input streams: {known}")

    def _check_not_running(self, what: str) -> None:
        if self.is_running:
            raise GraphError(f"{what}: the graph is running; wait until it is done")

    def _started(self) -> GraphRun:
        if self._run is None:
            raise GraphError("the graph has not been started; call start_run first")
        return self._run

    def _running(self) -> GraphRun:
        run = self._run
        if run is None or run.is_done:
            run = self._started()
            self._raise_errors(run)
        return run


def _describe_node(node: Any) -> str:
    queues = ", ".join(
        f"{queue.label} {queue.stream.name}: {len(queue.packets)} queued, "
        f"bound {describe(queue.stream.bound)}"
        for queue in node.queues
    )
    waits = f", waits for {', '.join(sorted(node.missing))}" if node.missing else ""
    return f"{node.name}: {node.state.name.lower()}, {node.in_flight} in flight{waits}; {queues}"
