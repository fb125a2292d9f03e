"""What every input policy answers: is the node ready, and with which packets."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, TypeVar

from flowlace.framework.calculator import PacketSet
from flowlace.framework.stream import InputQueue
from flowlace.framework.timestamp import DONE, UNSET


class Readiness(IntEnum):
    """The verdict of an input policy."""

    NOT_READY = 0
    PROCESS = 1
    CLOSE = 2


class InputPolicy:
    """Decides when a node runs. All methods are called with the run's lock held.

    Args:
        queues: the node's input queues in collection order.
        processes_bounds: whether settled timestamps without packets count as ready.
        options: the policy's options message, or None.
    """

    fills_late = False
    """Whether the input set is taken when the node starts to run, not when it becomes ready."""

    watches_arrivals = False
    """Whether `arrived` wants to be called for every change of the inputs."""

    ignores_order = False
    """Whether packets may come out of order."""

    def __init__(self, queues: Sequence[InputQueue], processes_bounds: bool, options: Any) -> None:
        self.queues = list(queues)
        self.processes_bounds = processes_bounds
        self.options = options
        self.timestamp = UNSET
        """After `readiness`: the time to process, or the bound of all inputs when not ready."""
        self.dropped = 0
        """Packets this policy has discarded."""

    def readiness(self) -> Readiness:
        """Returns whether the node can run, and sets `timestamp`."""
        raise NotImplementedError

    def fill(self, packets: PacketSet, timestamp: int) -> None:
        """Moves the packets of one input set from the queues into `packets`."""
        raise NotImplementedError

    def arrived(self) -> None:
        """Reacts to new packets or bounds, also while the node is running."""

    def is_closed_by(self, queue: InputQueue) -> bool:
        """Returns whether this input has ended: closed and empty."""
        return queue.stream.bound == DONE and not queue.packets


P = TypeVar("P", bound=type[InputPolicy])


def known_input_policies() -> list[str]:
    """Returns the names of all input policies, sorted."""
    return sorted(_policies)


_policies: dict[str, type[InputPolicy]] = {}


def register_input_policy(name: str) -> Callable[[P], P]:
    """Registers an input policy under the name graph files use."""

    def register(policy: P) -> P:
        _policies[name] = policy
        return policy

    return register


def find_input_policy(name: str) -> type[InputPolicy] | None:
    """Returns the policy of that name."""
    return _policies.get(name)
