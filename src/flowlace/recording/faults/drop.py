"""Packets that never arrive."""

from dataclasses import dataclass

from flowlace.recording.faults.fault import Chances, Count, Events, Fault


@dataclass(frozen=True, slots=True)
class Drop(Fault):
    """Loses packets, each by itself."""

    rate: float
    """Share of the packets, 0..1."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events without the lost packets."""
        for event in events:
            if chances.is_hit(event, self.rate):
                count(event.stream, "dropped")
            else:
                yield event
