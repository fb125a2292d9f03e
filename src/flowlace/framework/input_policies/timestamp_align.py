"""Inputs whose clocks differ by a constant."""

from collections.abc import Sequence
from typing import Any

from flowlace.framework.calculator import PacketSet
from flowlace.framework.contract import canonical_key
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.input_policies.policy import (
    InputPolicy,
    Readiness,
    register_input_policy,
)
from flowlace.framework.packet import Packet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE, is_range_value


@register_input_policy("TimestampAlignInputStreamHandler")
class TimestampAlignInputPolicy(InputPolicy):
    """Shifts every input to the clock of a base stream.

    Options: `timestamp_base_tag_index`. The base stream passes alone until every input has had a
    packet; then each input's offset to the base is fixed and its packets are re-stamped.
    Source: MediaPipe `framework/stream_handler/timestamp_align_input_stream_handler.cc`.
    """

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        super().__init__(queues, processes_bounds, options)
        self._base = self._find_base(options.timestamp_base_tag_index if options else "")
        self._offsets = dict.fromkeys(self.queues, 0)
        self._is_aligned = len(self.queues) == 1

    def _find_base(self, tag_index: str) -> InputQueue:
        untagged = tuple(queue.key for queue in self.queues if queue.label.startswith("["))
        key = canonical_key(tag_index or 0, untagged)
        for queue in self.queues:
            if queue.key == key:
                return queue
        known = ", ".join(queue.label for queue in self.queues)
        raise GraphConfigError(
            f"timestamp_base_tag_index names {tag_index!r}, which is no input; inputs: {known}"
        )

    def readiness(self) -> Readiness:
        """Ready as the default policy in the base stream's time."""
        if not self._is_aligned:
            return self._align()
        self.timestamp = min_bound = DONE
        for queue in self.queues:
            time = queue.min_timestamp_or_bound()
            if is_range_value(time):
                time += self._offsets[queue]
            if not queue.packets:
                min_bound = min(min_bound, time)
            self.timestamp = min(self.timestamp, time)
        if self.timestamp == DONE:
            return Readiness.CLOSE
        return Readiness.PROCESS if min_bound > self.timestamp else Readiness.NOT_READY

    def _align(self) -> Readiness:
        self.timestamp = self._base.min_timestamp_or_bound()
        if not self._base.packets:
            if self.timestamp != DONE:
                return Readiness.NOT_READY
            # The base ended first: nothing can be aligned any more.
            self.dropped += sum(queue.drop_before(DONE) for queue in self.queues)
            return Readiness.CLOSE
        for queue in self.queues:
            if queue.packets:
                self._offsets[queue] = self.timestamp - queue.packets[0].timestamp
        self._is_aligned = all(queue.packets for queue in self.queues)
        return Readiness.PROCESS

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the packets that fall on `timestamp` of the base stream, re-stamped to it."""
        for queue in self.queues:
            own_time = timestamp - self._offsets[queue]
            may_pass = self._is_aligned or queue is self._base
            if may_pass and queue.packets and queue.packets[0].timestamp == own_time:
                packets[queue.key] = queue.pop().at(timestamp)
            else:
                packets[queue.key] = Packet.empty(timestamp)
