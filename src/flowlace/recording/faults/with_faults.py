"""Puts faults into the events of a recording, one after the other."""

from collections.abc import Sequence

from flowlace.recording.faults.fault import Chances, Count, Events, Fault
from flowlace.recording.faults.rising import rising


def with_faults(
    events: Events, faults: Sequence[tuple[str, Fault]], seed: int, count: Count
) -> Events:
    """Returns the events with all faults in them, in the order given; timestamps still rise.

    Args:
        events: of a recording.
        faults: each with the stream it is for, empty for all.
        seed: the same seed gives the same faults.
        count: hears of every packet that was hit.
    """
    for place, (stream, fault) in enumerate(faults):
        chances = Chances(f"{seed}/{place}/{type(fault).__name__}", stream)
        events = fault.apply(events, chances, count)
    return rising(events, count) if faults else events
