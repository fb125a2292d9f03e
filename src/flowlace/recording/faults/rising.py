"""The rule every stream of a graph has to keep: timestamps rise."""

from flowlace.framework.timestamp import DONE, next_allowed
from flowlace.recording.faults.fault import Count, Events


def rising(events: Events, count: Count) -> Events:
    """Yields the events that a graph takes; packets out of order are dropped and counted."""
    bounds: dict[str, int] = {}
    for event in events:
        known = bounds.get(event.stream)
        if event.packet is None:
            if known is None or event.bound > known:
                bounds[event.stream] = event.bound
                yield event
        elif known is not None and event.packet.timestamp < known:
            count(event.stream, "dropped: " + ("closed" if known == DONE else "out of order"))
        else:
            bounds[event.stream] = next_allowed(event.packet.timestamp)
            yield event
