"""What every fault is: a function over the events of a recording."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from random import Random

from flowlace.runner.input_feed import InputEvent

Events = Iterator[InputEvent]
Count = Callable[[str, str], None]
"""Called with a stream and what happened to one of its packets."""


class Chances:
    """A generator of random numbers for each stream, so that streams don't change each other's.

    Args:
        seed: the same seed gives the same numbers, in every run and on any machine.
        stream: the only stream that is hit; empty for all.
    """

    def __init__(self, seed: str, stream: str = "") -> None:
        self._seed = seed
        self._stream = stream
        self._generators: dict[str, Random] = {}

    def of(self, event: InputEvent) -> Random | None:
        """Returns the generator for a packet; None for what can't be hit."""
        if event.packet is None or (self._stream and event.stream != self._stream):
            return None
        if event.stream not in self._generators:
            self._generators[event.stream] = Random(f"{self._seed}/{event.stream}")
        return self._generators[event.stream]

    def is_hit(self, event: InputEvent, rate: float) -> bool:
        """Returns whether this packet is one of those that a rate hits."""
        random = self.of(event)
        return random is not None and random.random() < rate


class Fault(ABC):
    """Changes the events that pass; those that the chances don't hit pass as they are.

    Log times of what it yields never go back. Packets may come out of order: `rising` drops those
    at the end, as the edge of a live graph does.
    """

    @abstractmethod
    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events with the fault in them; `count` hears of every packet it hit."""
