"""What a real feed gets wrong, one grid at a time: which ones are used, and why others are not."""

from __future__ import annotations

import logging
from collections import deque
from statistics import median

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.skips import Skips
from flowlace.sources.source import SourceCounts

_logger = logging.getLogger("flowlace.sources.radar")
_STEPS_KEPT = 20
_SEEN_KEPT = 1000
_MINUTE_US = 60_000_000


class FeedCheck:
    """Lets through what can be a stream; skips, counts and tells of the rest.

    `duplicate` was there before, `late` is older than what was given already, `wrong_grid` lies
    elsewhere than the first, `all_missing` saw nothing. `missing` counts observations that should
    have come in between, by the usual step: they are gaps in the timestamps.
    """

    def __init__(self, name: str, counts: SourceCounts) -> None:
        self._skips = Skips(name, counts.skipped, _logger)
        self._counts = counts
        self._first: RadarGrid | None = None
        self._last_us: int | None = None
        self._steps_us: list[int] = []
        self._seen_us: deque[int] = deque(maxlen=_SEEN_KEPT)

    def unreadable(self, reason: str) -> None:
        """Counts a file that can't be read."""
        self._skips.add("unreadable", reason)

    def unfetched(self, reason: str) -> None:
        """Counts a file that was listed, and can't be fetched."""
        self._skips.add("unfetched", reason)

    def lets_through(self, grid: RadarGrid, name: str) -> bool:
        """Returns whether to use this one; what it came from is named in messages."""
        reason = self._reason(grid)
        if reason is not None:
            self._skips.add(reason[0], f"{name}: {reason[1]}")
            return False
        self._note_step(grid, name)
        self._first = self._first or grid
        self._last_us = grid.observed_us
        self._seen_us.append(grid.observed_us)
        return True

    def _reason(self, grid: RadarGrid) -> tuple[str, str] | None:
        if grid.observed_us in self._seen_us:
            return "duplicate", f"the observation of {grid.observed_us} µs was there before"
        if self._last_us is not None and grid.observed_us < self._last_us:
            age = (self._last_us - grid.observed_us) / _MINUTE_US
            return "late", f"{age:.1f} min older than one that was given already"
        if self._first is not None and not grid.lies_as(self._first):
            return "wrong_grid", (
                f"{grid.shape} at {tuple(grid.extent)} {grid.projection!r} instead of "
                f"{self._first.shape} at {tuple(self._first.extent)} {self._first.projection!r}"
            )
        if grid.coverage == 0:
            return "all_missing", "it saw nothing anywhere"
        return None

    def _note_step(self, grid: RadarGrid, name: str) -> None:
        if self._last_us is None:
            return
        step_us = grid.observed_us - self._last_us
        usual_us = median(self._steps_us) if self._steps_us else step_us
        # Seconds differ from file to file; half a step more is a file that did not come.
        missing = round(step_us / usual_us) - 1 if step_us > 1.5 * usual_us else 0
        for _ in range(min(missing, 10_000)):
            self._skips.add("missing", f"{step_us / _MINUTE_US:.1f} min without data before {name}")
        if not missing:
            self._steps_us = [*self._steps_us, step_us][-_STEPS_KEPT:]
