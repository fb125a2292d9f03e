"""The same payload twice, as cameras send when they are late with the next picture."""

from dataclasses import dataclass

from flowlace.framework.timestamp import is_range_value
from flowlace.recording.faults.fault import Chances, Count, Events, Fault


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """Sends some packets again, one microsecond later: a graph takes no timestamp twice."""

    rate: float
    """Share of the packets, 0..1."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events with the repeated packets."""
        for event in events:
            yield event
            packet = event.packet
            if packet is None or not chances.is_hit(event, self.rate):
                continue
            if is_range_value(packet.timestamp):
                count(event.stream, "duplicated")
                yield event._replace(packet=packet.at(packet.timestamp + 1))
