"""Takes the packets of an output stream one by one, by iteration or `async for`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Any

from flowlace.framework.errors import GraphError
from flowlace.framework.graph_run import GraphRun
from flowlace.framework.packet import Packet
from flowlace.framework.stream import UNLIMITED, InputQueue
from flowlace.framework.timestamp import DONE, PRE_STREAM, previous_allowed


class OutputStreamPoller:
    """A queue at the end of a graph; made by `CalculatorGraph.output_stream_poller`.

    A full queue holds the graph's sources back, so a slow reader bounds the memory and loses
    nothing. Iteration ends with the stream and raises the graph's error if the graph failed.

    Example:
        ```python
        poller = graph.output_stream_poller("boxes", max_queue_size=4)
        graph.start_run()
        for packet in poller:
            print(packet.timestamp, packet.payload)
        ```
    """

    def __init__(self, stream: str, *, max_queue_size: int, observes_bounds: bool) -> None:
        self.stream = stream
        self.max_queue_size = max_queue_size
        self._observes_bounds = observes_bounds
        self._attached: tuple[GraphRun, InputQueue] | None = None
        self._settled = previous_allowed(PRE_STREAM)
        self._raise_errors: Any = None

    def attach(self, run: GraphRun, queue: InputQueue, raise_errors: Any) -> None:
        """Connects to a run; called by the graph when it starts."""
        self._attached, self._raise_errors = (run, queue), raise_errors
        self._settled = previous_allowed(PRE_STREAM)
        queue.max_size = self.max_queue_size if self.max_queue_size > 0 else UNLIMITED

    def next(self, timeout_s: float | None = None) -> Packet[Any] | None:
        """Returns the next packet; None when the stream has ended.

        Raises:
            TimeoutError: nothing came for `timeout_s` seconds.
            GraphError: the graph has failed, or was not started.
        """
        run, queue = self._attachment()
        deadline = None if timeout_s is None else monotonic() + timeout_s
        with run.lock:
            while True:
                packet = self._take(queue)
                if packet is not None:
                    return packet
                if run.is_done or queue.stream.bound == DONE:
                    break
                run.wait_for_change(deadline, f"stream {self.stream!r}")
        self._raise_errors(run)
        return None

    def _attachment(self) -> tuple[GraphRun, InputQueue]:
        if self._attached is None:
            raise GraphError(f"poller of {self.stream!r}: the graph has not been started")
        return self._attached

    def _take(self, queue: InputQueue) -> Packet[Any] | None:
        if queue.packets:
            packet = queue.pop()
            self._settled = packet.timestamp
            return packet
        settled = previous_allowed(queue.stream.bound)
        if self._observes_bounds and queue.stream.bound != DONE and settled > self._settled:
            self._settled = settled
            return Packet.empty(settled)
        return None

    @property
    def queue_size(self) -> int:
        """How many packets wait to be taken."""
        return len(self._attached[1].packets) if self._attached is not None else 0

    def __iter__(self) -> Iterator[Packet[Any]]:
        while (packet := self.next()) is not None:
            yield packet

    async def __aiter__(self) -> AsyncIterator[Packet[Any]]:
        while (packet := await self._next_async()) is not None:
            yield packet

    async def _next_async(self) -> Packet[Any] | None:
        run, queue = self._attachment()
        with run.lock:
            packet = self._take(queue)
        # Only a wait needs a thread: packets that are there are handed over at once.
        return packet if packet is not None else await asyncio.to_thread(self.next)
