"""Scores of a verification with their intervals, by method, lead and threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcast_verification.archive import ArchiveFacts
from flowlace.nowcast_verification.collected import Collected
from flowlace.nowcast_verification.score_formulas import (
    Values,
    area_bias,
    best_cut,
    csi,
    csi_at,
    csi_gain,
    f1,
    pr_area,
    ratio,
)
from flowlace.nowcast_verification.score_sums import COARSE_BINS, Records
from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcast_verification.verify import REFERENCE
from flowlace.nowcasting.block_bootstrap import block_weights, interval, resampled

FEW_BLOCKS = 10
"""With fewer blocks an interval is too narrow: percentiles of few draws that differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """A score `[method, lead, …]`, and the interval it lies in; NaN where there is none."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verification:
    """What came out; arrays are `[method, lead]`, with further axes as named."""

    settings: VerificationSettings
    facts: ArchiveFacts
    collected: Collected
    block_minutes: float
    blocks: int
    """Blocks of time that intervals draw from."""
    sums: Records
    """All sums of the scored part."""

    csi: Bounded
    """`[…, threshold]`, of the rain; so are the following six."""
    f1: Bounded
    precision: Bounded
    recall: Bounded
    bias: Bounded
    """Area forecast for each that was seen."""
    csi_gain: Bounded
    """`[method, other method, lead, threshold]`: CSI above that of the other, on the same draws."""
    fss: Bounded
    """`[…, threshold, scale]`."""
    brier: Bounded
    """`[…, threshold]`, of the probabilities; so are the following three."""
    pr_area: Bounded
    cut_off: Values
    """The probability that, taken for rain, has the highest CSI in the calibration part."""
    cut_off_csi: Bounded
    mae: Bounded
    mse: Bounded
    crps: Bounded
    """Between the lowest and the highest level."""
    amount: Bounded
    """Rain forecast for each that was seen."""
    power_share: Bounded
    """`[…, band]`: power of the forecast for each of the observation."""

    @property
    def methods(self) -> tuple[str, ...]:
        """In the order of the first axis."""
        return self.collected.methods

    @property
    def leads_minutes(self) -> tuple[float, ...]:
        """In the order of the second axis."""
        return self.collected.leads_minutes

    @property
    def scales_km(self) -> tuple[float, ...]:
        """Sides of the squares of the fractions skill score."""
        return tuple(one * self.facts.pixel_km for one in self.collected.kinds.windows_px)

    @property
    def coverage(self) -> Values:
        """Share of the scored pixels for which there was a forecast."""
        return ratio(self.sums["known"], self.sums["pixels"])

    @property
    def base_rate(self) -> Values:
        """`[…, threshold]`: share of the scored pixels where so much was seen."""
        seen = self.sums["contingency"][..., :2].sum(axis=-1)
        return ratio(seen, self.sums["pixels"][..., None])

    @property
    def has_chances(self) -> NDArray[np.bool_]:
        """`[method]`: whether probabilities are ever others than 0 and 1."""
        used = self.collected.chances[..., 1:-1, 0].sum(axis=(1, 2, 3))
        return np.asarray(used > 0)

    @property
    def are_intervals_sound(self) -> bool:
        """Whether there are intervals, of enough blocks to tell what is sure."""
        return self.settings.resamples > 0 and self.blocks >= FEW_BLOCKS

    @property
    def are_cut_offs_independent(self) -> bool:
        """Whether cut-offs were picked on other times than they are scored on."""
        return self.collected.calibration_starts > 0

    @property
    def reference(self) -> int:
        """Which method is persistence."""
        return self.methods.index(REFERENCE)

    def leads_above_persistence(
        self, method: int, threshold: int, *, surely: bool = False
    ) -> list[float]:
        """Returns the leads in minutes at which CSI is above that of persistence.

        `surely`: the whole interval of the difference is above 0.
        """
        gain = self.csi_gain.low if surely else self.csi_gain.value
        with np.errstate(invalid="ignore"):
            is_above = gain[method, self.reference, :, threshold] > 0
        return [lead for lead, is_so in zip(self.leads_minutes, is_above, strict=True) if is_so]


def verification_of(
    collected: Collected, facts: ArchiveFacts, settings: VerificationSettings
) -> Verification:
    """Returns the scores of what was added up."""
    hours = len(collected.blocks) * max(1.0, settings.every_minutes / 60)
    minutes = settings.block_minutes or _usual_block_minutes(hours)
    blocks = _merged(collected.blocks, minutes)
    weights = block_weights(len(blocks), settings.resamples, settings.seed)
    scored = _Scored(blocks, weights)
    sums = _pooled(blocks)
    chances = collected.calibration if collected.calibration_starts else sums
    cut = best_cut(chances["chances"].astype(np.float64))
    return Verification(
        settings=settings,
        facts=facts,
        collected=collected,
        block_minutes=minutes,
        blocks=len(blocks),
        sums=sums,
        csi=scored.by(csi, "contingency"),
        f1=scored.by(f1, "contingency"),
        precision=scored.by(lambda c: ratio(c[..., 0], c[..., 0] + c[..., 2]), "contingency"),
        recall=scored.by(lambda c: ratio(c[..., 0], c[..., 0] + c[..., 1]), "contingency"),
        bias=scored.by(area_bias, "contingency"),
        csi_gain=scored.by(csi_gain, "contingency"),
        fss=scored.by(lambda f: 1 - ratio(f[..., 0], f[..., 1]), "fractions"),
        brier=scored.by(lambda b, n: ratio(b, n[..., None]), "brier", "pixels"),
        pr_area=scored.shifted(pr_area(collected.chances), pr_area, "chances"),
        cut_off=(COARSE_BINS - 1 - cut) / COARSE_BINS,
        cut_off_csi=scored.by(lambda c: csi_at(c, cut), "chances"),
        mae=scored.by(ratio, "absolute_error", "pixels"),
        mse=scored.by(ratio, "squared_error", "pixels"),
        crps=scored.by(ratio, "crps", "pixels"),
        amount=scored.by(ratio, "said", "seen"),
        power_share=scored.by(lambda p: ratio(p[..., 0], p[..., 1]), "power"),
    )


class _Scored:
    """Scores of sums `[block, method, lead]` and of draws from them."""

    def __init__(self, blocks: Records, weights: Values) -> None:
        self._blocks, self._weights = blocks, weights

    def by(self, formula: Callable[..., Values], *names: str) -> Bounded:
        """Returns the formula of the named sums; one block has no interval."""
        sums = [self._blocks[name].astype(np.float64) for name in names]
        value = formula(*(one.sum(axis=0) for one in sums))
        if len(self._blocks) < 2 or not len(self._weights):
            nothing = np.full_like(value, np.nan)
            return Bounded(value, nothing, nothing)
        # Method by method: draws of all bins of all methods would need gigabytes.
        if names == ("chances",):
            return self._by_draws(formula, sums[0], value)
        low, high = interval(formula(*(resampled(self._weights, one) for one in sums)))
        return Bounded(value, low, high)

    def shifted(self, value: Values, formula: Callable[..., Values], name: str) -> Bounded:
        """Returns a value from fine bins with the interval of the coarse ones about it."""
        coarse = self.by(formula, name)
        shift = value - coarse.value
        return Bounded(value, coarse.low + shift, coarse.high + shift)

    def _by_draws(self, formula: Callable[..., Values], sums: Values, value: Values) -> Bounded:
        pieces = np.array_split(self._weights, max(1, len(self._weights) // 50))
        drawn = np.concatenate([formula(resampled(piece, sums)) for piece in pieces])
        return Bounded(value, *interval(drawn))


def _pooled(blocks: Records) -> Records:
    pooled = np.zeros(blocks.shape[1:], blocks.dtype)
    for name in blocks.dtype.names or ():
        pooled[name] = blocks[name].sum(axis=0, dtype=np.float64)
    return pooled


def _merged(by_hour: dict[int, Records], minutes: float) -> Records:
    """Returns sums by blocks of so many minutes, `[block, method, lead]`."""
    hours = np.array(list(by_hour))
    stacked = np.stack(list(by_hour.values()))
    of_block = hours // max(1, round(minutes / 60))
    return np.stack([_pooled(stacked[of_block == one]) for one in np.unique(of_block)])


def _usual_block_minutes(hours: float) -> float:
    """An hour where a day is scored, a quarter of a day up to two weeks, else a day."""
    return 60.0 if hours <= 24 else 360.0 if hours <= 14 * 24 else 1440.0
