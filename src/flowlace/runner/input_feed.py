"""What feeds a graph's inputs where their order is already settled: a recording above all."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Mapping
from typing import Any, NamedTuple

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE
from flowlace.sources.source import SourceCounts


class InputEvent(NamedTuple):
    """One thing that happens at the inputs of a graph."""

    at_us: int
    """When, in stream time; never earlier than the event before."""

    stream: str

    packet: Packet[Any] | None
    """What enters; None where only the bound moves."""

    bound: int = DONE
    """Without a packet: the earliest timestamp that may still come; DONE ends the stream."""


class InputFeed(ABC):
    """Everything that is to enter a graph, in order. Closing ends an iteration elsewhere."""

    name: str
    """For people."""

    streams: Collection[str]
    """The graph's input streams it may feed; all others end at once."""

    headers: Mapping[str, Any]
    """Payloads of the headers of input streams."""

    counts: Mapping[str, SourceCounts]
    """What became of the packets, by what the summary calls them."""

    frame_count: int | None = None
    """Packets to come, where that is known."""

    @abstractmethod
    def events(self) -> Generator[InputEvent, None, None]:
        """Yields what happens, in order, once; whoever iterates closes it."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of everything; `events` ends soon. May be called again, from any thread."""
