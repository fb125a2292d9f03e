"""Builds the moving parts of one run from a plan."""

import os
import weakref
from collections.abc import Mapping, MutableMapping
from typing import Any

from flowlace.framework.config import ExecutorConfig
from flowlace.framework.contract import ConnectedPort, PortMap, is_compatible, type_name
from flowlace.framework.errors import FlowlaceError, GraphConfigError, Problem
from flowlace.framework.executor import (
    ApplicationThreadExecutor,
    Executor,
    ThreadPoolExecutor,
)
from flowlace.framework.graph_run import GraphRun
from flowlace.framework.input_policies import DefaultInputPolicy, InputPolicy, find_input_policy
from flowlace.framework.node import Node
from flowlace.framework.output_stream import OutputStream, ParallelOutputStream, SideOutput
from flowlace.framework.packet import Packet
from flowlace.framework.plan import GraphPlan, PlannedNode
from flowlace.framework.stream import InputQueue, Stream
from flowlace.framework.task_queue import TaskQueue
from flowlace.framework.throttle import Throttle


def assemble(
    plan: GraphPlan,
    *,
    side_packets: Mapping[str, Any],
    headers: Mapping[str, Packet[Any]],
    services: MutableMapping[str, Any],
    executors: Mapping[str, Executor],
    input_queue_sizes: Mapping[str, int],
) -> GraphRun:
    """Returns a run that is ready to start.

    Raises:
        GraphConfigError: a side packet, service or executor is missing or of the wrong type.
    """
    run = GraphRun()
    run.reports_deadlock = plan.report_deadlock
    run.side_packets = _checked_side_packets(plan, side_packets)
    run.streams = {name: Stream(name) for name in plan.streams}
    for name in plan.input_streams:
        run.input_throttles[name] = Throttle(name, run.changed.notify_all)
        run.streams[name].header = headers.get(name, Packet.empty())
        run.streams[name].header_is_set = True
    run.nodes = [_make_node(run, planned, services) for planned in plan.nodes]
    run.sources = [node for node in run.nodes if node.is_source]
    run.roots = [*run.input_throttles.values()]
    run.roots += [node.throttle for node in run.sources if node.throttle is not None]
    _note_what_open_waits_for(run, plan)
    _limit_queues(run, plan, input_queue_sizes)
    _assign_executors(run, plan, executors)
    for node in run.nodes:
        for output in node.outputs:
            output.stream.direct = _direct_consumer(node, output.stream)
    return run


def _direct_consumer(producer: Node, stream: Stream) -> Node | None:
    if len(stream.queues) != 1 or len(producer.outputs) != 1:
        return None
    if producer.max_in_flight > 1 or producer.batch_size > 1:
        return None
    consumer = stream.queues[0].node
    if consumer is None or consumer.task_queue is not producer.task_queue:
        return None
    return consumer if consumer.is_simple else None


def _is_simple(node: Node) -> bool:
    return (
        type(node.policy) is DefaultInputPolicy
        and len(node.queues) == 1
        and not node.queues[0].is_back_edge
        and not node.policy.processes_bounds
        and node.max_in_flight == node.batch_size == 1
    )


def _checked_side_packets(plan: GraphPlan, given: Mapping[str, Any]) -> dict[str, Any]:
    problems = []
    for name, side_packet in plan.side_packets.items():
        if side_packet.producer is not None:
            if name in given:
                problems.append(Problem(f"side packet {name!r} is made by the graph itself"))
        elif name not in given:
            if name not in plan.input_side_packets or not _is_optional(plan, name):
                problems.append(Problem(f"side packet {name!r} has to be given to start_run"))
        elif not is_compatible(type(given[name]), side_packet.type):
            problems.append(
                Problem(
                    f"side packet {name!r} is {type_name(side_packet.type)}, "
                    f"but a {type(given[name]).__name__} was given"
                )
            )
    if problems:
        raise GraphConfigError(problems)
    return {name: given[name] for name in given if name in plan.side_packets}


def _is_optional(plan: GraphPlan, name: str) -> bool:
    """Returns whether every consumer of a side packet can do without it."""
    return all(
        port.port.optional
        for node in plan.nodes
        for port in node.contract.side_inputs.values()
        if port.name == name
    )


def _make_node(run: GraphRun, planned: PlannedNode, services: MutableMapping[str, Any]) -> Node:
    contract = planned.contract
    calculator = planned.calculator()
    queues = [InputQueue(run.streams[p.name], None, k, p.label) for k, p in contract.inputs.items()]
    is_parallel = planned.max_in_flight > 1
    sender = ParallelOutputStream if is_parallel else OutputStream
    outputs = [
        sender(run.streams[port.name], planned.name, port.type, contract.timestamp_offset)
        for port in contract.outputs.values()
    ]
    policy = _make_policy(planned, queues)
    node = Node(planned.index, planned.name, calculator, contract, queues, outputs, policy)
    node.max_in_flight = max(planned.max_in_flight, 1)
    node.source_layer = planned.source_layer
    if policy is not None and policy.options is not None:
        node.batch_size = max(getattr(policy.options, "batch_size", 1), 1)
    if node.batch_size > 1 and node.max_in_flight > 1:
        message = f"node {planned.name!r}: batch_size and max_in_flight can't both be above 1"
        raise GraphConfigError([Problem(message, planned.location)])
    for queue, port in zip(queues, contract.inputs.values(), strict=True):
        queue.node, queue.is_back_edge = node, port.back_edge
    for output in outputs:
        output.stream.producer = node
    if node.is_source:
        node.throttle = Throttle(node.name, lambda: run.schedule_source(node))
    node.is_simple = _is_simple(node)
    _equip(run, planned, node, services)
    return node


def _make_policy(planned: PlannedNode, queues: list[InputQueue]) -> InputPolicy | None:
    if not queues:
        return None
    name = planned.input_policy.name
    policy = find_input_policy(name)
    if policy is None:
        raise GraphConfigError([Problem(f"input policy {name!r} is unknown", planned.location)])
    bounds = planned.contract.process_timestamp_bounds
    try:
        return policy(queues, bounds, planned.input_policy.options)
    except FlowlaceError as error:
        message = f"node {planned.name!r}: {error}"
        raise GraphConfigError([Problem(message, planned.location)]) from error


def _equip(
    run: GraphRun, planned: PlannedNode, node: Node, services: MutableMapping[str, Any]
) -> None:
    """Gives a calculator what it finds on `self`."""
    contract, calculator = planned.contract, node.calculator
    calculator.options = planned.options
    calculator.node_name = planned.name
    calculator.counters = {}
    calculator.outputs = PortMap(
        zip(contract.outputs, node.outputs, strict=True), untagged=contract.outputs.untagged
    )
    calculator.side_packets = PortMap(untagged=contract.side_inputs.untagged)
    calculator.side_outputs = PortMap(
        ((key, _side_output(run, port)) for key, port in contract.side_outputs.items()),
        untagged=contract.side_outputs.untagged,
    )
    calculator.input_headers = PortMap(untagged=contract.inputs.untagged)
    calculator.service = _services_for(planned, services)


def _side_output(run: GraphRun, port: ConnectedPort) -> SideOutput:
    return SideOutput(port.name, port.type, run.publish_side_packet)


def _services_for(planned: PlannedNode, known: MutableMapping[str, Any]) -> dict[str, Any]:
    """Returns the services of a node; one that is made by default is made once for all nodes."""
    found: dict[str, Any] = {}
    for key, request in planned.contract.services.items():
        if key not in known and request.default is not None:
            known[key] = request.default()
        if key in known:
            found[key] = known[key]
            if not isinstance(known[key], request.type):
                message = (
                    f"node {planned.name!r}: service {key!r} is {type_name(request.type)}, "
                    f"but a {type(known[key]).__name__} was set"
                )
                raise GraphConfigError([Problem(message, planned.location)])
        elif not request.optional:
            message = f"node {planned.name!r} needs service {key!r}; set it with set_service"
            raise GraphConfigError([Problem(message, planned.location)])
    return found


def _note_what_open_waits_for(run: GraphRun, plan: GraphPlan) -> None:
    # An optional side packet may be left out by the application, but one a node makes will come.
    made = {name for name, each in plan.side_packets.items() if each.producer is not None}
    for node in run.nodes:
        for port in node.contract.side_inputs.values():
            is_awaited = port.name in made or not port.port.optional
            if is_awaited and port.name not in run.side_packets:
                node.missing.add(f"side packet {port.name}")
        for queue in node.queues:
            if not queue.is_back_edge and not queue.stream.header_is_set:
                node.missing.add(f"header of {queue.stream.name}")


def _limit_queues(run: GraphRun, plan: GraphPlan, input_sizes: Mapping[str, int]) -> None:
    roots = _roots_by_stream(run)
    for planned, node in zip(plan.nodes, run.nodes, strict=True):
        for queue in node.queues:
            size = input_sizes.get(queue.stream.name, plan.max_queue_size)
            if size > 0:
                queue.max_size = max(size, planned.buffer_size_hint)
            queue.throttles = roots[queue.stream.name]


def _roots_by_stream(run: GraphRun) -> dict[str, tuple[Throttle, ...]]:
    """Returns the sources and graph inputs upstream of every stream; loops are followed once."""
    feeds = {
        name: [q.stream.name for q in stream.producer.queues] if stream.producer else []
        for name, stream in run.streams.items()
    }
    found = {}
    for name in run.streams:
        seen, waiting = {name}, [name]
        while waiting:
            fresh = [up for up in feeds[waiting.pop()] if up not in seen]
            seen.update(fresh)
            waiting += fresh
        found[name] = tuple(root for up in sorted(seen) if (root := _root_of(run, up)))
    return found


def _root_of(run: GraphRun, stream_name: str) -> Throttle | None:
    producer = run.streams[stream_name].producer
    return run.input_throttles.get(stream_name) if producer is None else producer.throttle


def throttles_of(run: GraphRun, stream_name: str) -> tuple[Throttle, ...]:
    """Returns what has to wait while a queue of this stream is full."""
    return _roots_by_stream(run)[stream_name]


def _assign_executors(run: GraphRun, plan: GraphPlan, given: Mapping[str, Executor]) -> None:
    queues: dict[str, TaskQueue] = {}
    declared = {executor.name: executor for executor in plan.executors}
    for planned, node in zip(plan.nodes, run.nodes, strict=True):
        name = planned.executor
        if name not in queues:
            queues[name] = _make_queue(run, plan, name, declared.get(name), given)
        node.task_queue = queues[name]
    if "" not in queues:
        queues[""] = _make_queue(run, plan, "", declared.get(""), given)
    # The default queue comes first: it is the one that waiting threads help with.
    run.task_queues = [queues.pop(""), *queues.values()]


def _make_queue(
    run: GraphRun,
    plan: GraphPlan,
    name: str,
    config: ExecutorConfig | None,
    given: Mapping[str, Executor],
) -> TaskQueue:
    if name in given:
        executor: Executor = given[name]
        limit = getattr(executor, "num_threads", getattr(executor, "_max_workers", 1))
        return TaskQueue(executor, limit, run.nodes)
    if config is not None and config.type == "ApplicationThreadExecutor":
        return TaskQueue(ApplicationThreadExecutor(), 1, run.nodes)
    if config is not None and not config.type and name:
        raise GraphConfigError(f"executor {name!r} has no type; set it with set_executor")
    threads = _thread_count(plan, name, config)
    pool = ThreadPoolExecutor(threads, name or "flowlace")
    run.on_done.append(pool.shutdown)
    # A run that nobody ends must not leave its threads behind.
    weakref.finalize(run, pool.shutdown).atexit = False
    return TaskQueue(pool, threads, run.nodes)


def _thread_count(plan: GraphPlan, name: str, config: ExecutorConfig | None) -> int:
    for options in config.options if config is not None else ():
        count = getattr(getattr(options, "message", None), "num_threads", 0)
        if count > 0:
            return int(count)
    if not name and plan.num_threads:
        return plan.num_threads
    return max(1, min(os.cpu_count() or 1, len(plan.nodes)))


def start(run: GraphRun) -> None:
    """Opens every node whose side packets and headers are there."""
    with run.lock:
        for node in run.nodes:
            if not node.missing:
                run.push_open(node)
        run.settle()
