"""The pictures a nowcast starts from, with their times; some may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.motion import MotionOptions, find_motion


@dataclass(kw_only=True, slots=True, eq=False)
class RainHistory:
    """Rain up to now, the newest last."""

    frames: Sequence[NDArray[np.float32]]
    """`[y, x]` each, in mm/h; NaN where nothing was seen."""
    minutes: tuple[float, ...]
    """When each frame was seen, rising; 0 is now, so none is positive."""
    pixel_km: float = 1.0
    """Side of a pixel."""
    motion_options: MotionOptions = field(default_factory=MotionOptions)
    """How motion is found where it is not given."""
    motion: NDArray[np.float32] | None = None
    """`[2, y, x]`, columns and rows a minute; found when it is first asked for."""

    @classmethod
    def regular(
        cls, frames: NDArray[np.float32], step_minutes: float, pixel_km: float = 1.0
    ) -> RainHistory:
        """Returns a history of frames one step apart; frames of nothing but NaN are left out."""
        is_there = ~np.isnan(frames).all(axis=(1, 2))
        if not is_there.any():
            raise NowcastError("all frames are NaN throughout; there is nothing to start from")
        kept = np.flatnonzero(is_there)
        minutes = tuple(float((one - len(frames) + 1) * step_minutes) for one in kept)
        return cls(frames=[frames[one] for one in kept], minutes=minutes,
                   pixel_km=pixel_km)  # fmt: skip

    @property
    def newest(self) -> NDArray[np.float32]:
        """The last frame."""
        return self.frames[-1]

    @property
    def age_minutes(self) -> float:
        """How old the last frame is; 0 where it was seen just now."""
        return -self.minutes[-1]

    def moving(self) -> NDArray[np.float32]:
        """Returns the motion in columns and rows a minute."""
        if self.motion is None:
            if len(self.frames) < 2:
                raise NowcastError("motion needs 2 frames, there is 1; try method='persistence'")
            self.motion = find_motion(self.frames, self.minutes, self.motion_options)
        return self.motion

    def evenly(self, step_minutes: float) -> tuple[tuple[int, int, int], float] | None:
        """Returns the places of three frames evenly apart, and how many minutes that is.

        The last one is the newest, the distance as near to `step_minutes` as there are frames for;
        None where there are no such three. Distances may differ by a tenth.
        """
        last = len(self.minutes) - 1
        found = [
            ((oldest, middle, last), gap)
            for middle in range(last)
            for oldest in range(middle)
            for gap in [(self.minutes[last] - self.minutes[oldest]) / 2]
            if abs(self.minutes[last] - self.minutes[middle] - gap) <= 0.1 * gap
        ]
        return min(found, key=lambda one: abs(one[1] - step_minutes), default=None)
