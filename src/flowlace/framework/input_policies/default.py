"""All inputs in step: the policy of every node that asks for no other."""

from collections.abc import Sequence
from typing import Any

from flowlace.framework.input_policies.policy import InputPolicy, register_input_policy
from flowlace.framework.input_policies.sync_set import SyncSet
from flowlace.framework.stream import InputQueue


@register_input_policy("DefaultInputStreamHandler")
class DefaultInputPolicy(SyncSet, InputPolicy):
    """Ready at the earliest packet once every stream without a packet has passed that time.

    One set that holds every stream. Source: MediaPipe
    `framework/stream_handler/default_input_stream_handler.cc`.
    """

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        InputPolicy.__init__(self, queues, processes_bounds, options)
        SyncSet.__init__(self, queues, processes_bounds)
