"""Bounded queues: old packets are cut on all inputs at once."""

from collections.abc import Sequence
from typing import Any

from flowlace.framework.calculator import PacketSet
from flowlace.framework.input_policies.default import DefaultInputPolicy
from flowlace.framework.input_policies.policy import Readiness, register_input_policy
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE, MAX, UNSET, is_range_value, next_allowed


@register_input_policy("FixedSizeInputStreamHandler")
class FixedSizeInputPolicy(DefaultInputPolicy):
    """As the default policy, over queues that are cut when they grow to a size.

    Options: `trigger_queue_size` (2): a queue of this size is cut to `target_queue_size` (1);
    the cut time applies to all queues, and packets that come later but lie before it are dropped.
    With `fixed_min_size`, queues are cut only when all have reached the trigger. The time to
    process is found when the input set is taken, so the newest whole set is used. Drops are
    counted. Source: MediaPipe `framework/stream_handler/fixed_size_input_stream_handler.cc`.
    """

    fills_late = True
    watches_arrivals = True

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        super().__init__(queues, processes_bounds, options)
        self._trigger = options.trigger_queue_size if options is not None else 2
        self._target = options.target_queue_size if options is not None else 1
        self._cuts_all_at_once = options.fixed_min_size if options is not None else False
        self._kept_from = UNSET
        self._is_pending = False

    def readiness(self) -> Readiness:
        """Ready as the default policy, once for each input set taken."""
        if self._is_pending:
            return Readiness.NOT_READY
        self._cut(keeps_one=False)
        verdict = super().readiness()
        while verdict is Readiness.PROCESS and self.timestamp < self._kept_from:
            self._drop_before(self._kept_from)
            verdict = super().readiness()
        self._is_pending = verdict is Readiness.PROCESS
        return verdict

    def arrived(self) -> None:
        """Cuts the queues, unless an input set has been promised to the node."""
        if not self._is_pending:
            self._cut(keeps_one=False)

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the newest whole input set after a last cut."""
        self._cut(keeps_one=True)
        timestamp = self._time_to_process()
        self._is_pending = False
        self.last_processed = timestamp
        packets.timestamp = timestamp
        super().fill(packets, timestamp)

    def _cut(self, *, keeps_one: bool) -> None:
        if self._cuts_all_at_once:
            self._cut_all_at_once()
        else:
            self._cut_any(keeps_one=keeps_one)

    def _cut_all_at_once(self) -> None:
        if any(len(queue.packets) < self._trigger for queue in self.queues):
            return
        self._drop_before(min(self._nth_latest(queue, self._target) for queue in self.queues))

    def _cut_any(self, *, keeps_one: bool) -> None:
        for queue in self.queues:
            size = len(queue.packets)
            kept = self._target if size >= self._trigger else self._trigger - 1
            if size > kept:
                cut = next_allowed(queue.packets[size - kept - 1].timestamp)
                self._kept_from = max(self._kept_from, cut)
        if keeps_one:
            # Past the least advanced stream no whole set would be left.
            self._kept_from = min(self._kept_from, _previous(self._least_bound()))
        self._drop_before(self._kept_from)

    def _nth_latest(self, queue: InputQueue, count: int) -> int:
        return queue.packets[-min(count, len(queue.packets))].timestamp if queue.packets else MAX

    def _least_bound(self) -> int:
        return min(
            next_allowed(queue.packets[-1].timestamp) if queue.packets else queue.stream.bound
            for queue in self.queues
        )

    def _time_to_process(self) -> int:
        times = [
            queue.packets[0].timestamp if queue.packets else _previous(queue.stream.bound)
            for queue in self.queues
        ]
        return min(times, default=DONE)

    def _drop_before(self, timestamp: int) -> None:
        self.dropped += sum(queue.drop_before(timestamp) for queue in self.queues)


def _previous(bound: int) -> int:
    return bound - 1 if is_range_value(bound) else bound
