"""Every input by itself, as soon as it has something."""

from collections.abc import Sequence
from typing import Any

from flowlace.framework.calculator import PacketSet
from flowlace.framework.input_policies.policy import (
    InputPolicy,
    Readiness,
    register_input_policy,
)
from flowlace.framework.input_policies.sync_set import SyncSet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE, MAX, UNSET


class _SingleStream(SyncSet):
    """One stream with the verdict it waits to be filled for."""

    def __init__(self, queue: InputQueue, processes_bounds: bool) -> None:
        super().__init__([queue], processes_bounds)
        self.ready_at = UNSET
        """The time this stream is to be processed at; UNSET when it is not ready."""
        self.has_ended = False
        """Whether the end of the stream has been told of."""


@register_input_policy("ImmediateInputStreamHandler")
class ImmediateInputPolicy(InputPolicy):
    """Runs as soon as any stream has a packet; the others show an empty packet at bound − 1.

    It also runs when a stream ends before the others; with timestamp bounds processed, that end is
    shown at MAX. Source: MediaPipe `framework/stream_handler/immediate_input_stream_handler.cc`.
    """

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        super().__init__(queues, processes_bounds, options)
        self._streams = [_SingleStream(queue, processes_bounds) for queue in queues]

    def readiness(self) -> Readiness:
        """Ready at the earliest time any single stream is ready for."""
        bound = DONE
        ready_at = DONE
        has_new_end = False
        for stream in self._streams:
            if stream.ready_at == UNSET:
                has_new_end |= self._look_at(stream)
            if stream.ready_at != UNSET:
                ready_at = min(ready_at, stream.ready_at)
                bound = min(bound, stream.ready_at)
            elif not stream.has_ended:
                bound = min(bound, stream.timestamp)
        self.timestamp = bound
        if bound == DONE:
            return Readiness.CLOSE
        if ready_at < DONE:
            self.timestamp = ready_at
            return Readiness.PROCESS
        return Readiness.PROCESS if has_new_end else Readiness.NOT_READY

    def _look_at(self, stream: _SingleStream) -> bool:
        """Notes what one stream is ready for; returns whether it ended without telling so yet."""
        was_processed_to = stream.last_processed
        verdict = stream.readiness()
        if verdict is Readiness.PROCESS:
            stream.ready_at = stream.timestamp
        elif verdict is Readiness.CLOSE and not stream.has_ended:
            stream.has_ended = True
            if not self.processes_bounds:
                return True
            if was_processed_to < MAX:
                stream.ready_at = MAX
        return False

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the packets of the streams that are ready at `timestamp`."""
        for stream in self._streams:
            if stream.ready_at == timestamp:
                stream.fill(packets, timestamp)
                stream.ready_at = UNSET
            else:
                stream.fill_bounds(packets)
