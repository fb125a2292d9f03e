"""The times of a network stream's own clock, on the clock of the graph."""

from fractions import Fraction

_LARGEST_ERROR_US = 5_000_000


class LiveTimeline:
    """Gives pictures and sound of one connection times that agree with each other.

    The first packet's time is its arrival; all others lie as far from it as the sender says, so
    the jitter of the network does not shift sound against pictures. A sender whose time jumps (it
    starts anew, or its counter wraps) by more than five seconds against arrivals is anchored anew.
    Times of a later connection are never before those of an earlier one.
    """

    def __init__(self) -> None:
        self._offset_us: Fraction | None = None
        self._end_us = Fraction(0)

    def restart(self) -> None:
        """Forgets the sender's clock; the next packet is anchored to its arrival."""
        self._offset_us = None

    def stamp(self, sent_us: Fraction | None, now_us: int, duration_us: Fraction) -> Fraction:
        """Returns the time of a packet that arrives now; without the sender's time it is now."""
        if sent_us is None:
            return self._ending(Fraction(now_us), duration_us)
        if self._offset_us is None or abs(sent_us + self._offset_us - now_us) > _LARGEST_ERROR_US:
            # Sound that has just arrived began when it was as long ago as it lasts.
            self._offset_us = max(now_us - duration_us, self._end_us) - sent_us
        return self._ending(sent_us + self._offset_us, duration_us)

    def _ending(self, start_us: Fraction, duration_us: Fraction) -> Fraction:
        self._end_us = max(self._end_us, start_us + duration_us)
        return start_us
