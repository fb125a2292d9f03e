"""Start times of an archive: what was known then, and what came afterwards.

Memory holds one window only, from the beginning of the history to the end of the last lead.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flowlace.formats.radar_grid import RadarGrid

NO_OBSERVATION = "no observation at the start time"
NO_TARGET = "nothing observed after any lead"


@dataclass(frozen=True, slots=True, eq=False)
class StartTime:
    """A moment of the past from which nowcasts are made."""

    start_us: int
    """When the newest observation of the history was made."""
    history: list[RadarGrid]
    """The oldest first."""
    targets: list[RadarGrid | None]
    """What was observed after each lead; None where nothing was within half a step."""
    is_history_full: bool
    """Whether as many observations are there as the step promises."""


class StartTimes:
    """Yields start times, evenly spaced from the first one that has a whole history.

    A start has an observation within half a step of it, and its last lead ends within the archive,
    so that all leads are scored on the same starts but for observations that are missing.
    """

    def __init__(
        self,
        observations: Iterable[RadarGrid],
        *,
        step_us: int,
        leads_minutes: Sequence[float],
        every_minutes: float,
        history_minutes: float,
    ) -> None:
        self._observations = observations
        self._half_step_us = step_us // 2
        self._step_us = step_us
        self._leads_us = [round(one * 60e6) for one in leads_minutes]
        self._every_us = round(every_minutes * 60e6)
        self._history_us = round(history_minutes * 60e6)
        self._window: deque[RadarGrid] = deque()
        self.skipped: Counter[str] = Counter()
        """Start times without a nowcast, by reason."""

    def __iter__(self) -> Iterator[StartTime]:
        next_us = None
        for grid in self._observations:
            self._window.append(grid)
            if next_us is None:
                next_us = grid.observed_us + self._history_us
            # Later by half a step than the last lead: what comes now can't be nearer to it.
            while grid.observed_us >= next_us + self._leads_us[-1] + self._half_step_us:
                yield from self._start(next_us)
                next_us += self._every_us
            self._forget_before(next_us - self._history_us - 2 * self._half_step_us)
        if next_us is None:
            return
        last_us = self._window[-1].observed_us if self._window else next_us
        while next_us + self._leads_us[-1] <= last_us + self._half_step_us:
            yield from self._start(next_us)
            next_us += self._every_us

    def _start(self, wanted_us: int) -> Iterator[StartTime]:
        newest = self._nearest(wanted_us)
        if newest is None:
            self.skipped[NO_OBSERVATION] += 1
            return
        start_us = newest.observed_us
        since_us = start_us - self._history_us - self._half_step_us
        history = [one for one in self._window if since_us <= one.observed_us <= start_us]
        wanted = round(self._history_us / self._step_us) + 1
        targets = [self._nearest(start_us + lead_us) for lead_us in self._leads_us]
        if not any(targets):
            self.skipped[NO_TARGET] += 1
            return
        yield StartTime(start_us, history, targets, len(history) >= wanted)

    def _nearest(self, wanted_us: int) -> RadarGrid | None:
        def distance_us(grid: RadarGrid) -> int:
            return abs(grid.observed_us - wanted_us)

        nearest = min(self._window, key=distance_us, default=None)
        if nearest is None or distance_us(nearest) > self._half_step_us:
            return None
        return nearest

    def _forget_before(self, since_us: int) -> None:
        while self._window and self._window[0].observed_us < since_us:
            self._window.popleft()
