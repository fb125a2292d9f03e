"""Finds the step in loudness that a sound begins or ends with.

Scores of windows tell roughly when a sound is there, as a window is longer than many sounds. Most
sounds begin with a rise in level and end with a fall, which is sharp: the edge is moved to the
largest one nearby. Where there is none, but the recording begins or ends, the sound was there all
the time.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_STEPS: Final = 4
"""Steps before and after a place whose mean levels are compared."""
_FLOOR_DBFS: Final = -100.0
"""Silence counts as this loud, so that it has a mean."""


@dataclass(slots=True)
class LoudnessEdges:
    """The levels of the latest steps of a stretch, and the edges in them."""

    step_us: int
    """Length of a step."""
    search_us: int
    """How far an edge may be moved."""
    min_change_db: float
    """Smaller changes of level are no edges."""
    kept: int
    """How many steps are kept."""
    _levels: deque[float] = field(default_factory=deque)
    _begin_us: int = 0
    _end_us: int = 0

    def add(self, timestamp: int, level_dbfs: float) -> None:
        """Adds the level of the next step."""
        if not self._levels:
            self._begin_us = timestamp
        self._levels.append(max(level_dbfs, _FLOOR_DBFS))
        self._end_us = timestamp + self.step_us
        if len(self._levels) > self.kept:
            self._levels.popleft()

    def clear(self) -> None:
        """Forgets all levels: the next step does not follow."""
        self._levels.clear()

    @property
    def wait_us(self) -> int:
        """How long after an edge all that matters for it is known."""
        return self.search_us + _STEPS * self.step_us

    def onset_near(self, onset_us: int) -> int:
        """Returns the largest rise near an onset, or the onset where there is none."""
        return self._edge_near(onset_us, 1, self._begin_us)

    def offset_near(self, offset_us: int, *, is_end: bool) -> int:
        """Returns the largest fall near an offset, or the offset where there is none.

        Args:
            offset_us: where the sound ends, roughly.
            is_end: whether the stretch has ended, so no more levels will come.
        """
        return self._edge_near(offset_us, -1, self._end_us if is_end else None)

    def _edge_near(self, time_us: int, sign: int, border_us: int | None) -> int:
        first_us = self._end_us - len(self._levels) * self.step_us
        place = round((time_us - first_us) / self.step_us)
        reach = self.search_us // self.step_us
        levels = np.array(self._levels)
        places = np.arange(max(1, place - reach), min(len(levels) - 1, place + reach) + 1)
        if places.size:
            change = sign * (_means_after(levels, places) - _means_before(levels, places))
            best = int(change.argmax())
            if change[best] >= self.min_change_db:
                return first_us + int(places[best]) * self.step_us
        is_near = border_us is not None and abs(border_us - time_us) <= self.search_us
        return border_us if is_near and border_us is not None else time_us


def _means_after(levels: NDArray[Any], places: NDArray[np.intp]) -> NDArray[np.float64]:
    return _means(levels, places, np.minimum(places + _STEPS, len(levels)))


def _means_before(levels: NDArray[Any], places: NDArray[np.intp]) -> NDArray[np.float64]:
    return _means(levels, np.maximum(places - _STEPS, 0), places)


def _means(
    levels: NDArray[Any], begins: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(levels)))
    means: NDArray[np.float64] = (sums[ends] - sums[begins]) / (ends - begins)
    return means
