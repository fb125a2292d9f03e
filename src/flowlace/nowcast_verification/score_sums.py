"""What scores are made of: sums over pixels and start times that can be added.

A `numpy` record a method and lead. Means, CSI, FSS and the rest are ratios of these, so pooling
over start times and drawing blocks of time anew are both addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import RadarGrid
from flowlace.nowcasting.power_spectrum import ScaleBands, power_by_scale
from flowlace.nowcasting.rank_histogram import probability_integral_transform
from flowlace.nowcasting.verification import (
    brier,
    contingency,
    fractions_skill,
    mean_absolute_error,
    mean_squared_error,
    probability_counts,
    probability_crps,
)

COARSE_BINS = 50
"""Of probabilities, kept by block of time; cut-offs are multiples of 1/50."""

FINE_BINS = 1000
"""Of probabilities, kept for the whole."""

RANK_BINS = 20

_HOLE_PX = 5
"""Holes in what was seen that are narrower have no margin."""

LEAST_CHANCE = 0.05
"""Ranks count pixels whose chance of the lowest level is at least this: where all agree that it
stays dry, any forecast is even."""

Records = NDArray[np.void]
"""Of the dtype of `ScoreKinds`."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoreKinds:
    """What is scored at each lead."""

    thresholds_mm_h: tuple[float, ...]
    levels_mm_h: tuple[float, ...]
    """Those of the distribution, the thresholds among them."""
    windows_px: tuple[int, ...]
    bands: ScaleBands
    margin_px: int

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Of the sums of one method and lead."""
        thresholds, windows = len(self.thresholds_mm_h), len(self.windows_px)
        return np.dtype(
            [
                ("starts", "f8"),
                ("pixels", "f8"),
                ("known", "f8"),  # of them, where the forecast has a value
                ("said", "f8"),  # mm/h, added up
                ("seen", "f8"),
                ("absolute_error", "f8"),
                ("squared_error", "f8"),
                ("crps", "f8"),
                ("contingency", "f8", (thresholds, 3)),  # hits, misses, false alarms
                ("fractions", "f8", (thresholds, windows, 2)),  # squared error, reference
                ("brier", "f8", (thresholds,)),
                ("chances", "f4", (thresholds, COARSE_BINS, 2)),  # forecasts, events
                ("ranks", "f8", (RANK_BINS,)),
                ("power", "f8", (len(self.bands), 2)),  # of the forecast, of the observation
            ]
        )

    def inner(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns `[…, y, x]` without the margin at the edges of the grid."""
        margin = self.margin_px
        return field[..., margin : field.shape[-2] - margin, margin : field.shape[-1] - margin]

    def scored(self, observed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the same of an observation, NaN where it is within the margin of the unseen."""
        if not self.margin_px:
            return observed
        is_seen = np.isfinite(observed).astype(np.uint8)
        # A few pixels that clutter took away are no edge of what the radars see.
        hole = np.ones((_HOLE_PX, _HOLE_PX), np.uint8)
        closed = cv2.morphologyEx(is_seen, cv2.MORPH_CLOSE, hole)
        distance_px = cv2.distanceTransform(closed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        kept = np.where(distance_px > self.margin_px, observed, np.float32(np.nan))
        return self.inner(kept)


@dataclass(frozen=True, slots=True, eq=False)
class ForecastScores:
    """One method's nowcast of one start time, all leads."""

    sums: Records
    """`[lead]`; all 0 where nothing was observed."""
    chances: NDArray[np.int64]
    """`[lead, threshold, bin, 2]`: pixels with such a probability, and where rain followed."""


def add_records(into: Records, more: Records) -> None:
    """Adds sums to others of the same shape, in place."""
    for name in into.dtype.names or ():
        into[name] += more[name]


def score_forecast(
    rain_mm_h: NDArray[np.float32],
    probability: NDArray[np.float32],
    targets: Sequence[RadarGrid | None],
    kinds: ScoreKinds,
    random: np.random.Generator,
) -> ForecastScores:
    """Returns the sums of a nowcast `[lead, y, x]` and its probabilities `[lead, level, y, x]`.

    Only what was observed is scored, without the margin. A forecast without a value there counts
    as dry, and as not `known`. A probability is known to a thousandth.
    """
    sums = np.zeros(len(targets), kinds.dtype)
    chances = np.zeros((len(targets), len(kinds.thresholds_mm_h), FINE_BINS, 2), np.int64)
    for lead, target in enumerate(targets):
        if target is None:
            continue
        seen = kinds.scored(target.rain_rate_mm_h)
        if not np.isfinite(seen).any():
            continue
        said, chance = kinds.inner(rain_mm_h[lead]), kinds.inner(probability[lead])
        _score_rain(sums[lead : lead + 1], said, seen, kinds)
        chances[lead] = _score_chances(sums[lead : lead + 1], chance, seen, kinds, random)
    coarse = chances.reshape(*chances.shape[:2], COARSE_BINS, -1, 2).sum(axis=3)
    sums["chances"] = coarse
    return ForecastScores(sums, chances)


def _score_rain(
    record: Records, said: NDArray[np.float32], seen: NDArray[np.float32], kinds: ScoreKinds
) -> None:
    is_seen = np.isfinite(seen)
    said_there, seen_there = said[is_seen], seen[is_seen]
    is_known = np.isfinite(said_there)
    record["starts"] = 1
    record["pixels"] = seen_there.size
    record["known"] = np.count_nonzero(is_known)
    record["said"] = said_there.sum(dtype=float, where=is_known)
    record["seen"] = seen_there.sum(dtype=float)
    record["absolute_error"] = mean_absolute_error(said_there, seen_there).total
    record["squared_error"] = mean_squared_error(said_there, seen_there).total
    for index, threshold in enumerate(kinds.thresholds_mm_h):
        table = contingency(said_there, seen_there, threshold)
        record["contingency"][0, index] = table.hits, table.misses, table.false_alarms
        for place, window_px in enumerate(kinds.windows_px):
            skill = fractions_skill(said, seen, threshold, window_px)
            record["fractions"][0, index, place] = skill.squared_error, skill.reference
    is_both = is_seen & np.isfinite(said)  # what is not forecast is no blur
    unknown = np.float32(np.nan)
    record["power"][0, :, 0] = power_by_scale(np.where(is_both, said, unknown), kinds.bands)
    record["power"][0, :, 1] = power_by_scale(np.where(is_both, seen, unknown), kinds.bands)


def _score_chances(
    record: Records,
    chance: NDArray[np.float32],
    seen: NDArray[np.float32],
    kinds: ScoreKinds,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    is_seen = np.isfinite(seen)
    chance_there, seen_there = chance[:, is_seen], seen[is_seen]
    levels = np.asarray(kinds.levels_mm_h, np.float32)
    record["crps"] = probability_crps(chance_there, levels, seen_there).total
    is_possible = chance_there[0] >= LEAST_CHANCE
    placed = probability_integral_transform(
        chance_there[:, is_possible], kinds.levels_mm_h, seen_there[is_possible], random
    )
    record["ranks"] = np.histogram(placed, RANK_BINS, (0, 1))[0]
    counts = []
    for index, threshold in enumerate(kinds.thresholds_mm_h):
        of_threshold = chance_there[kinds.levels_mm_h.index(threshold)]
        record["brier"][0, index] = brier(of_threshold, seen_there, threshold).total
        found = probability_counts(of_threshold, seen_there, threshold)
        counts.append(np.stack([found.forecasts, found.events], axis=-1))
    return np.stack(counts)
