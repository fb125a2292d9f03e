"""Timestamps that shake."""

from dataclasses import dataclass

from flowlace.framework.timestamp import is_range_value
from flowlace.recording.faults.fault import Chances, Count, Events, Fault


@dataclass(frozen=True, slots=True)
class Jitter(Fault):
    """Moves every timestamp by a random amount; those of a stream keep rising."""

    duration_us: int
    """The most it moves, either way."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events with other timestamps."""
        last_us: dict[str, int] = {}
        for event in events:
            packet, random = event.packet, chances.of(event)
            if packet is None or random is None or not is_range_value(packet.timestamp):
                yield event
                continue
            shift_us = random.randint(-self.duration_us, self.duration_us)
            moved_us = packet.timestamp + shift_us
            moved_us = max(moved_us, last_us.get(event.stream, moved_us - 1) + 1)
            last_us[event.stream] = moved_us
            count(event.stream, "moved in time")
            yield event._replace(packet=packet.at(moved_us))
