"""Packets that arrive late, and hold up those behind them, as on a network."""

import heapq
from dataclasses import dataclass, field

from flowlace.recording.faults.fault import Chances, Count, Events, Fault
from flowlace.runner.input_feed import InputEvent


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Lets some packets enter later; their timestamps stay, and so does the order of a stream.

    That changes nothing for a stream alone; it shows what a graph does where streams meet.
    """

    rate: float
    """Share of the packets, 0..1."""
    duration_us: int
    """How much later, in stream time."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events in their new order."""
        held = _Held()
        for event in events:
            yield from held.until(event.at_us)
            is_hit = chances.is_hit(event, self.rate)
            if is_hit:
                count(event.stream, "delayed")
            release_us = event.at_us + (self.duration_us if is_hit else 0)
            if not held.take(event, release_us):
                yield event
        yield from held.until(None)


@dataclass(slots=True)
class _Held:
    """Events that wait, by the time they may go on."""

    heap: list[tuple[int, int, InputEvent]] = field(default_factory=list)
    busy_until_us: dict[str, int] = field(default_factory=dict)
    tickets: int = 0

    def take(self, event: InputEvent, release_us: int) -> bool:
        """Keeps an event that has to wait, for itself or for one before it."""
        release_us = max(release_us, self.busy_until_us.get(event.stream, release_us))
        if release_us <= event.at_us:
            return False
        self.busy_until_us[event.stream] = release_us
        self.tickets += 1
        heapq.heappush(self.heap, (release_us, self.tickets, event._replace(at_us=release_us)))
        return True

    def until(self, now_us: int | None) -> Events:
        """Yields what may go on by now; all for None."""
        while self.heap and (now_us is None or self.heap[0][0] <= now_us):
            yield heapq.heappop(self.heap)[2]
