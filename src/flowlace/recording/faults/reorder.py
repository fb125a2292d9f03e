"""Packets that overtake each other."""

from dataclasses import dataclass

from flowlace.recording.faults.fault import Chances, Count, Events, Fault
from flowlace.runner.input_feed import InputEvent


@dataclass(frozen=True, slots=True)
class Reorder(Fault):
    """Lets some packets arrive behind the next one of their stream.

    A graph takes only rising timestamps, so its edge drops them, and that is counted too.
    """

    rate: float
    """Share of the packets, 0..1."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events in their new order."""
        overtaken: dict[str, InputEvent] = {}
        for event in events:
            late = overtaken.pop(event.stream, None)
            if late is None and chances.is_hit(event, self.rate):
                count(event.stream, "reordered")
                overtaken[event.stream] = event
                continue
            # A bound or an end has to wait for what comes before it: nothing has overtaken.
            in_turn = [event, late] if event.packet is not None else [late, event]
            yield from (each._replace(at_us=event.at_us) for each in in_turn if each is not None)
        yield from overtaken.values()
