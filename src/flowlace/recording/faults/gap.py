"""Silence: everything of a stream is lost for a while, as when a cable is pulled."""

from dataclasses import dataclass

from flowlace.recording.faults.fault import Chances, Count, Events, Fault


@dataclass(frozen=True, slots=True)
class Gap(Fault):
    """Loses all packets of a stream for some time."""

    rate: float
    """Share of the packets at which a gap begins, 0..1."""
    duration_us: int
    """How long a gap is, in stream time."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events without those in gaps."""
        ends_us: dict[str, int] = {}
        for event in events:
            packet = event.packet
            if packet is None:
                yield event
                continue
            is_inside = packet.timestamp < ends_us.get(event.stream, packet.timestamp)
            if not is_inside and chances.is_hit(event, self.rate):
                ends_us[event.stream] = packet.timestamp + self.duration_us
                is_inside = True
            if is_inside:
                count(event.stream, "lost in a gap")
            else:
                yield event
