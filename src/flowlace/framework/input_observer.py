"""Who is told of everything that enters a graph from outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from flowlace.framework.packet import Packet


class InputObserver(Protocol):
    """Sees the side packets, headers, packets and bounds that an application gives a graph.

    With the same of them in the same order another run of the graph gives the same results, so
    this is where recordings are made.
    """

    def started(self, side_packets: Mapping[str, Any], headers: Mapping[str, Packet[Any]]) -> None:
        """Called before a run opens; what it raises keeps the run from starting."""
        ...

    def entered(self, stream: str, packets: Sequence[Packet[Any]], bound: int) -> None:
        """Called before packets, or only a bound, go on; DONE is the bound of a closed stream.

        One call at a time, with the run's lock held: calling the graph from here hangs, and what
        takes long holds everybody up. What it raises reaches whoever adds, and nothing goes on.
        """
        ...
