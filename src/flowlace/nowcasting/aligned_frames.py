"""The last pictures of rain, all carried to the newest one: what a network sees of the past.

Carried along the motion, a piece of rain stays in its place, so that what differs from picture to
picture is growth and decay. Histories come with steps of 2 to 15 minutes and with gaps; a network
wants the same channels each time. So each older channel is a span of ages, filled with the frame
nearest to its middle, with its age beside it; a channel without a frame repeats the newest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.decibels import LIGHTEST_GREY, to_grey
from flowlace.nowcasting.extrapolation import origins
from flowlace.nowcasting.rain_history import RainHistory

AGE_SPANS_MINUTES = ((3.0, 5.0, 8.0), (8.0, 10.0, 14.0), (14.0, 20.0, 31.0))
"""Youngest, wanted and oldest age of each older channel, counted from the newest frame."""

UNKNOWN_GREY = 255
"""Of the newest frame; the heaviest rain is less."""

CHANNELS = 1 + 2 * len(AGE_SPANS_MINUTES) + 2
"""Of a network's input: newest, older ones, their ages, what is known, speed."""

GREY_UNIT = 1 / 160
"""What a grey value is worth in a network's input."""

_AGE_UNIT_MINUTES = 20.0


def is_rain(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns where grey values are of rain, neither dry nor unknown."""
    wet: NDArray[np.bool_] = (grey >= LIGHTEST_GREY) & (grey != UNKNOWN_GREY)
    return wet


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AlignedFrames:
    """Frames at the place of the newest one, in grey values of `decibels.to_grey`."""

    grey: NDArray[np.uint8]
    """`[1 + older, y, x]`, the newest first; `UNKNOWN_GREY` in the newest where nothing was seen.
    Where an older one is not known, it is the same as the newest."""
    ages_minutes: tuple[float, ...]
    """Of each older frame; 0 where there was none."""
    speed_km_minute: NDArray[np.float32]
    """`[y, x]`: how fast the rain moves; what moves fast is placed less surely."""

    def network_input(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Returns a part as `[y, x, CHANNELS]`: all about 0 to 1, dry is 0."""
        part = self.grey[:, rows, columns]
        is_known = part[0] != UNKNOWN_GREY
        made = np.empty((*is_known.shape, CHANNELS), np.float32)
        older = len(self.ages_minutes)
        np.multiply(np.moveaxis(part, 0, -1), np.float32(GREY_UNIT), out=made[..., : older + 1])
        made[..., : older + 1] *= is_known[..., None]
        made[..., older + 1 : -2] = np.array(self.ages_minutes, np.float32) / _AGE_UNIT_MINUTES
        made[..., -2] = is_known
        made[..., -1] = self.speed_km_minute[rows, columns]
        return made


def align(history: RainHistory) -> AlignedFrames:
    """Returns the frames of a history, carried to the newest one.

    Raises:
        NowcastError: the history has one frame only, so that nothing is known to move.
    """
    motion = history.moving()
    newest = to_grey(history.newest)
    newest[np.isnan(history.newest)] = UNKNOWN_GREY
    chosen = _chosen(history.minutes)
    grey = np.repeat(newest[None], 1 + len(AGE_SPANS_MINUTES), axis=0)
    there = [one for one in chosen if one is not None]
    ages = [history.minutes[-1] - history.minutes[one] for one in there]
    channels = [number for number, one in enumerate(chosen, 1) if one is not None]
    for channel, place, (x, y) in zip(channels, there, origins(motion, ages), strict=True):
        frame = history.frames[place]
        carried = cv2.remap(to_grey(frame), x, y, cv2.INTER_LINEAR)
        is_known = (~np.isnan(frame)).astype(np.uint8)
        is_known = cv2.remap(is_known, x, y, cv2.INTER_NEAREST).astype(np.uint8, copy=False)
        np.copyto(grey[channel], carried, where=is_known > 0, casting="unsafe")
    speed = np.hypot(motion[0], motion[1]) * np.float32(history.pixel_km)
    by_channel = iter(ages)
    return AlignedFrames(
        grey=grey,
        ages_minutes=tuple(0.0 if one is None else next(by_channel) for one in chosen),
        speed_km_minute=speed,
    )


def _chosen(minutes: tuple[float, ...]) -> list[int | None]:
    """Returns the place of the frame of each older channel; None where there is none."""
    ages = [minutes[-1] - one for one in minutes]

    def nearest(youngest: float, wanted: float, oldest: float) -> int | None:
        fitting = [place for place, age in enumerate(ages) if youngest <= age < oldest]
        return min(fitting, key=lambda place: abs(ages[place] - wanted), default=None)

    return [nearest(*span) for span in AGE_SPANS_MINUTES]
