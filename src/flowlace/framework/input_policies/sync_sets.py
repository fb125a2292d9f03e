"""Groups of inputs: in step within a group, independent between groups."""

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
from flowlace.framework.input_policies.sync_set import SyncSet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE


@register_input_policy("SyncSetInputStreamHandler")
class SyncSetInputPolicy(InputPolicy):
    """Runs the group that is ready at the earliest time; the others show their bounds.

    Options: `sync_set { tag_index: "A" tag_index: "B:1" }`, repeated; inputs in no set form one
    more. Source: MediaPipe `framework/stream_handler/sync_set_input_stream_handler.cc`.
    """

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        super().__init__(queues, processes_bounds, options)
        self._sets = [SyncSet(group, processes_bounds) for group in self._groups(options)]
        self._open = list(self._sets)
        self._ready: SyncSet | None = None

    def _groups(self, options: Any) -> list[list[InputQueue]]:
        rest = {queue.key: queue for queue in self.queues}
        untagged = tuple(queue.key for queue in self.queues if queue.label.startswith("["))
        groups = [
            [self._take(rest, untagged, name) for name in sync_set.tag_index]
            for sync_set in (options.sync_set if options is not None else ())
        ]
        if rest:
            groups.append(list(rest.values()))
        return groups

    def _take(self, rest: dict[Any, InputQueue], untagged: Any, tag_index: str) -> InputQueue:
        key = canonical_key(tag_index, untagged)
        if key in rest:
            return rest.pop(key)
        known = ", ".join(queue.label for queue in self.queues)
        raise GraphConfigError(
            f"sync_set names {tag_index!r}, which is no input or in two sets; inputs: {known}"
        )

    def readiness(self) -> Readiness:
        """Ready with the group whose next time is the earliest."""
        if self._ready is not None:
            self.timestamp = self._ready.timestamp
            return Readiness.PROCESS
        bound = DONE
        for group in list(self._open):
            verdict = group.readiness()
            if verdict is Readiness.CLOSE:
                self._open.remove(group)
                continue
            bound = min(bound, group.timestamp)
            if verdict is Readiness.PROCESS:
                self._prefer(group)
        self.timestamp = bound
        if self._ready is not None:
            self.timestamp = self._ready.timestamp
            return Readiness.PROCESS
        return Readiness.NOT_READY if self._open else Readiness.CLOSE

    def _prefer(self, group: SyncSet) -> None:
        later = self._ready
        if later is not None and later.timestamp <= group.timestamp:
            later, self._ready = group, later
        else:
            self._ready = group
        if later is not None:
            # Not chosen this time: it has to come up as ready again.
            later.forget_verdict()

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Takes the packets of the ready group at `timestamp`."""
        for group in self._sets:
            if group is self._ready:
                group.fill(packets, timestamp)
            else:
                group.fill_bounds(packets)
        self._ready = None
