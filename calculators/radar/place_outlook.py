"""What one nowcast says of one place, lead by lead."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.radar.place_pixels import Pixels
from flowlace.formats.nowcast import Nowcast

_LEAST_KNOWN_SHARE = 0.5
"""A place is known where as much of it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceOutlook:
    """A place at the leads of one nowcast, the observation before them where it was kept."""

    minutes: tuple[float, ...]
    """The leads; 0 is the observation."""
    rates: NDArray[np.float64]
    """`[lead]` rain in mm/h that the share of the pixels has; NaN where not known."""
    chances: NDArray[np.float64]
    """`[lead]` likewise, the probability of the threshold; 0 or 1 where there is none."""
    is_rain: NDArray[np.bool_]
    """`[lead]` whether that is at least the least probability."""
    is_known: NDArray[np.bool_]
    """`[lead]`"""
    has_probability: bool
    """Whether the nowcast has the probability of the threshold."""

    @property
    def known_minutes(self) -> float | None:
        """How far ahead it is known without a gap; None where not at all."""
        count = int(np.argmin([*self.is_known, False]))
        return self.minutes[count - 1] if count else None


def place_threshold(nowcast: Nowcast, threshold_mm_h: float) -> int | None:
    """Returns which of the nowcast's thresholds it is, None where none of them."""
    near = np.isclose(nowcast.thresholds_mm_h, threshold_mm_h)
    return int(near.argmax()) if nowcast.probability is not None and near.any() else None


def place_outlook(
    nowcast: Nowcast,
    pixels: Pixels,
    threshold_mm_h: float,
    least_probability: float,
    share: float = 0.0,
    within_minutes: float = 0.0,
) -> PlaceOutlook:
    """Returns what a nowcast says of the pixels of a place.

    Args:
        nowcast: with its observation or without.
        pixels: rows and columns.
        threshold_mm_h: rain is at least this much.
        least_probability: and at least as probable.
        share: of the pixels that have to have it; 0 is any pixel.
        within_minutes: leads beyond are left out; 0 keeps all.
    """
    kept = sum(one <= (within_minutes or math.inf) for one in nowcast.leads_minutes)
    fields = [nowcast.rain_mm_h[lead][pixels] for lead in range(kept)]
    minutes = nowcast.leads_minutes[:kept]
    seen = [_certain(one, threshold_mm_h) for one in fields]
    at = place_threshold(nowcast, threshold_mm_h)
    if at is not None and nowcast.probability is not None:
        seen = [nowcast.probability[lead, at][pixels] for lead in range(kept)]
    if nowcast.observed_mm_h is not None:
        now = nowcast.observed_mm_h[pixels]
        fields, minutes = [now, *fields], (0.0, *minutes)
        seen = [_certain(now, threshold_mm_h), *seen]
    chances = np.array([_of_share(one, share) for one in seen], float)
    return PlaceOutlook(
        minutes=minutes,
        rates=np.array([_of_share(one, share) for one in fields], float),
        chances=chances,
        is_rain=chances >= least_probability,
        is_known=np.array([np.isfinite(one).mean() >= _LEAST_KNOWN_SHARE for one in seen], bool),
        has_probability=at is not None,
    )


def _certain(rain: NDArray[np.float32], threshold_mm_h: float) -> NDArray[np.float32]:
    chance = (rain >= threshold_mm_h).astype(np.float32)
    chance[np.isnan(rain)] = np.nan
    return chance


def _of_share(values: NDArray[np.float32], share: float) -> float:
    """Returns what the share of the pixels has at least; NaN where none is known."""
    if np.isnan(values).all():
        return math.nan
    least = max(1, math.ceil(share * values.size))
    falling = np.sort(np.nan_to_num(values, nan=0.0))[::-1]
    return float(falling[least - 1])
