"""Little rain, seen in many ways: cut, turned, mirrored, stronger or weaker, with gaps in its past.

All changes are made to input and targets alike; how fast rain moves and fades stays as it is.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.aligned_frames import UNKNOWN_GREY, is_rain
from flowlace.nowcasting.decibels import LIGHTEST_GREY
from flowlace_trainers.nowcast.samples import EventSamples

_GREY_A_DECIBEL = 4
_TRIES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class RainAugmentOptions:
    """What may change at strength 1."""

    decibels: float = 2.0
    """Rain becomes up to so much stronger or weaker."""
    drop_older: float = 0.15
    """How likely each older frame is missing."""
    wettest: float = 0.7
    """How likely the wettest of three cuts is taken, instead of any."""


class RainWindow(NamedTuple):
    """A part of a sample; `[…, y, x]` grey values."""

    grey: NDArray[np.uint8]
    ages_minutes: NDArray[np.float32]
    speed: NDArray[np.uint8]
    targets: NDArray[np.uint8]


def window(
    samples: EventSamples,
    side_px: int,
    strength: float,
    options: RainAugmentOptions,
    rng: np.random.Generator,
) -> RainWindow:
    """Returns a square of a random sample, changed at random; filled up where there is no more."""
    number = int(rng.integers(len(samples)))
    rows, columns = _place(samples.grey[number, 0], side_px, options, rng)
    turns, is_mirrored = int(rng.integers(4)), bool(rng.integers(2))

    def cut(array: NDArray[np.uint8], filling: int) -> NDArray[np.uint8]:
        part = array[..., rows, columns]
        missing = [(0, 0)] * (part.ndim - 2) + [(0, side_px - size) for size in part.shape[-2:]]
        part = np.pad(part, missing, constant_values=filling)
        part = np.rot90(part, turns, (-2, -1))
        return np.ascontiguousarray(part[..., ::-1] if is_mirrored else part)

    gain = round(float(rng.uniform(-1, 1)) * strength * options.decibels * _GREY_A_DECIBEL)
    ages = samples.ages_minutes[number].copy()
    grey = stronger(cut(samples.grey[number], UNKNOWN_GREY), gain)
    for older in np.flatnonzero(rng.random(len(ages)) < strength * options.drop_older):
        grey[1 + older], ages[older] = grey[0], 0
    targets = stronger(cut(samples.targets[number], UNKNOWN_GREY), gain)
    return RainWindow(grey, ages, cut(samples.speed[number], 0), targets)


def stronger(grey: NDArray[np.uint8], gain: int) -> NDArray[np.uint8]:
    """Returns grey values of rain with `gain` quarters of a decibel more.

    >>> stronger(np.array([0, 22, 60, 255], np.uint8), -4).tolist()
    [0, 0, 56, 255]
    """
    levels = np.arange(256)
    table = np.clip(levels + gain, 0, UNKNOWN_GREY - 1)
    table[table < LIGHTEST_GREY] = 0
    table[levels < LIGHTEST_GREY] = levels[levels < LIGHTEST_GREY]
    table[UNKNOWN_GREY] = UNKNOWN_GREY
    return table.astype(np.uint8)[grey]


def _place(
    newest: NDArray[np.uint8],
    side_px: int,
    options: RainAugmentOptions,
    rng: np.random.Generator,
) -> tuple[slice, slice]:
    places: list[tuple[int, int, tuple[slice, slice]]] = []
    for _ in range(_TRIES):
        starts = [int(rng.integers(max(1, size - side_px + 1))) for size in newest.shape]
        rows, columns = (slice(one, one + side_px) for one in starts)
        part = newest[rows, columns]
        is_wet = is_rain(part)
        places.append((int(is_wet.sum()), len(places), (rows, columns)))
    return (max(places) if rng.random() < options.wettest else places[0])[2]
