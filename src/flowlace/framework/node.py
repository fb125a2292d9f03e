"""A node of a running graph: its calculator, queues, outputs and state."""

from collections import deque
from enum import IntEnum
from typing import Any, Final

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, PortMap
from flowlace.framework.input_policies import InputPolicy
from flowlace.framework.output_stream import OutputStream
from flowlace.framework.packet import Packet
from flowlace.framework.stream import DroppedPackets, InputQueue
from flowlace.framework.task_queue import TaskQueue
from flowlace.framework.throttle import Throttle


class NodeState(IntEnum):
    """How far a node has come in this run."""

    WAITING = 0
    """For side packets and headers."""
    OPENING = 1
    OPEN = 2
    CLOSED = 3


class CloseRequest:
    """Stands in the place of an input set for the last call of a node."""

    __slots__ = ()


CLOSE_REQUEST: Final = CloseRequest()

LONG_CALL_NS: Final = 50_000
"""A call of this length or more is worth another thread for what waits meanwhile."""


class Node:
    """One node at run time. Everything but the calculator's own calls needs the run's lock."""

    __slots__ = (
        "_free_set",
        "batch_size",
        "calculator",
        "call_ns",
        "calls",
        "contract",
        "drops",
        "in_flight",
        "index",
        "is_simple",
        "is_source",
        "max_in_flight",
        "missing",
        "name",
        "next_release",
        "next_ticket",
        "outputs",
        "policy",
        "prepared",
        "queues",
        "released",
        "sole_output",
        "source_layer",
        "state",
        "stops",
        "task_queue",
        "throttle",
        "untagged_keys",
    )

    def __init__(
        self,
        index: int,
        name: str,
        calculator: Calculator[Any],
        contract: Contract,
        queues: list[InputQueue],
        outputs: list[OutputStream],
        policy: InputPolicy | None,
    ) -> None:
        self.index = index
        self.name = name
        self.calculator = calculator
        self.contract = contract
        self.queues = queues
        self.outputs = outputs
        self.policy = policy
        """None for a source."""
        self.is_source = policy is None
        self.task_queue: TaskQueue
        self.throttle: Throttle | None = None
        """Holds a source back; None for other nodes."""
        self.source_layer = 0
        self.max_in_flight = 1
        self.batch_size = 1
        self.is_simple = False
        """Whether one packet on the only input makes this node ready, whatever else happens."""
        self.state = NodeState.WAITING
        self.stops = False
        """Whether a source has been told to stop."""
        self.in_flight = 0
        """Calls that are scheduled or running."""
        self.prepared: deque[PacketSet | CloseRequest] = deque()
        """Input sets that wait for a thread."""
        self.missing: set[str] = set()
        """Side packets and headers that `open` waits for."""
        self.untagged_keys = contract.inputs.untagged
        self._free_set: PacketSet | None = None
        self.next_ticket = 0
        self.next_release = 0
        self.released: dict[int, Any] = {}
        """Results of parallel calls that wait for an earlier one."""
        self.drops: dict[str, DroppedPackets] = {}
        """Packets that came on each stream after the node had closed."""
        self.call_ns = 10 * LONG_CALL_NS
        """Smoothed time of a call; long until several calls were short."""
        self.calls = 0
        self.sole_output: OutputStream | None = outputs[0] if len(outputs) == 1 else None

    def new_packet_set(self, timestamp: int) -> PacketSet:
        """Returns a set to fill; the last one is used again when nobody can still hold it."""
        packets = self._free_set
        if packets is None:
            packets = PacketSet(untagged=self.untagged_keys)
            if self.max_in_flight == 1 and self.batch_size == 1:
                self._free_set = packets
        packets.timestamp = timestamp
        return packets

    def let_go(self, packets: PacketSet) -> None:
        """Empties the set that is used again: a node that waits holds no gigabytes of a picture."""
        if packets is self._free_set:
            packets.clear()

    def headers(self) -> PortMap[Packet[Any]]:
        """Returns the headers of the input streams."""
        return PortMap(
            ((queue.key, queue.stream.header) for queue in self.queues),
            untagged=self.untagged_keys,
        )
