"""Learns where it always seems to rain: mountains, masts and wind farms."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import RadarGrid

_ALWAYS_SHARE = 0.9
"""Of the time: clutter fades in some air, and rain of a day has pauses."""
_AROUND_PX = 41
"""Side of the square that tells whether it rains around."""
_RAINY_SHARE = 0.5
"""More of the square wet is weather."""
_WET_MM_H = 0.1
_LONGEST_STEP_MINUTES = 30.0
_MINUTE_US = 60e6


class ClutterMap:
    """How much of the time each pixel was wet, with old times forgotten.

    The share is a mean over time whose weights fade with `minutes` as their constant. A pixel is
    clutter once that long was seen, if it was wet nearly always while the pixels around were not;
    not while it rains around it, since then the rain is worth more than the clutter does harm.
    """

    def __init__(self, minutes: float) -> None:
        self._minutes = minutes
        self._learned_minutes = 0.0
        self._last: RadarGrid | None = None
        self._share = np.zeros((0, 0), np.float32)

    def find(self, grid: RadarGrid) -> NDArray[np.bool_] | None:
        """Learns from an observation and returns `[y, x]` where it is clutter, None if nowhere."""
        is_wet = (grid.rain_rate_mm_h >= _WET_MM_H).astype(np.float32)
        self._learn(grid, is_wet)
        if self._learned_minutes < self._minutes:
            return None
        weight = 1 - math.exp(-self._learned_minutes / self._minutes)
        is_always = self._share >= np.float32(_ALWAYS_SHARE * weight)
        if not is_always.any():
            return None
        is_always &= _around(self._share) <= np.float32(_RAINY_SHARE * weight)
        is_always &= _around(is_wet) <= np.float32(_RAINY_SHARE)
        return is_always if is_always.any() else None

    def _learn(self, grid: RadarGrid, is_wet: NDArray[np.float32]) -> None:
        last, self._last = self._last, grid
        if last is None or not last.lies_as(grid):
            self._share = np.zeros(grid.shape, np.float32)
            self._learned_minutes = 0.0
            return
        minutes = min((grid.observed_us - last.observed_us) / _MINUTE_US, _LONGEST_STEP_MINUTES)
        kept = math.exp(-minutes / self._minutes)
        # What was not seen stays as it was, as if it had been as wet as always.
        np.copyto(is_wet, self._known_share(), where=np.isnan(grid.rain_rate_mm_h))
        cv2.accumulateWeighted(is_wet, self._share, 1 - kept)
        self._learned_minutes += minutes

    def _known_share(self) -> NDArray[np.float32]:
        if not self._learned_minutes:
            return self._share
        return self._share / np.float32(1 - math.exp(-self._learned_minutes / self._minutes))


def _around(values: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = cv2.blur(values, (_AROUND_PX, _AROUND_PX), borderType=cv2.BORDER_REFLECT)
    return mean.astype(np.float32, copy=False)
