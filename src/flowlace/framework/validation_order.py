"""Sorts nodes so that producers come before consumers, and names loops."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from flowlace.framework.errors import Location, Problem


@dataclass(frozen=True, slots=True)
class Edge:
    """A stream or side packet from one node to another, by their places in the listing."""

    producer: int
    consumer: int
    stream: str
    port: str
    """The consumer's port as `input_stream_info` would name it."""


def running_order(
    names: Sequence[str], edges: Sequence[Edge], places: Sequence[Location | None]
) -> tuple[list[int], list[Problem]]:
    """Returns the order of nodes, listing order where it is free, and a problem for each loop."""
    incoming: list[list[Edge]] = [[] for _ in names]
    outgoing: list[list[Edge]] = [[] for _ in names]
    for edge in edges:
        incoming[edge.consumer].append(edge)
        outgoing[edge.producer].append(edge)
    waiting = [len(each) for each in incoming]
    ready = [node for node, count in enumerate(waiting) if count == 0]
    heapify(ready)
    order: list[int] = []
    problems: list[Problem] = []
    done = [False] * len(names)
    while len(order) < len(names):
        if not ready:
            loop = _find_loop(incoming, done)
            problems.append(_loop_problem(loop, names, places))
            heappush(ready, loop[-1].consumer)
        node = heappop(ready)
        if done[node]:
            continue
        done[node] = True
        order.append(node)
        for edge in outgoing[node]:
            waiting[edge.consumer] -= 1
            if waiting[edge.consumer] == 0 and not done[edge.consumer]:
                heappush(ready, edge.consumer)
    return order, problems


def _find_loop(incoming: Sequence[Sequence[Edge]], done: Sequence[bool]) -> list[Edge]:
    """Returns the edges of one loop among the nodes not done, in the direction of packets."""
    node = next(node for node, is_done in enumerate(done) if not is_done)
    path: list[Edge] = []
    visited: dict[int, int] = {}
    while node not in visited:
        visited[node] = len(path)
        edge = next(each for each in incoming[node] if not done[each.producer])
        path.append(edge)
        node = edge.producer
    loop = path[visited[node] :][::-1]
    # The edge that goes back most likely enters the node listed first.
    last = min(range(len(loop)), key=lambda position: loop[position].consumer)
    return [*loop[last + 1 :], *loop[: last + 1]]


def _loop_problem(
    loop: Sequence[Edge], names: Sequence[str], places: Sequence[Location | None]
) -> Problem:
    steps = " → ".join(f"{names[edge.producer]!r} –{edge.stream}" for edge in loop)
    closing = loop[-1]
    return Problem(
        f"nodes form a loop: {steps} → {names[closing.consumer]!r}",
        places[closing.consumer],
        "mark the input that goes back: "
        f'input_stream_info {{ tag_index: "{closing.port}" back_edge: true }}',
    )
