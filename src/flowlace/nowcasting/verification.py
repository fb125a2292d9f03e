"""How good nowcasts are: scores against what was seen afterwards.

Only pixels that were observed are scored. A forecast without a value there counts as 0: to say
nothing must not pay. Counts and sums can be added, so that many forecasts are scored as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Contingency:
    """How often rain of at least a threshold was forecast and seen; `+` pools."""

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0
    correct_negatives: int = 0

    def __add__(self, other: Contingency) -> Contingency:
        return Contingency(
            self.hits + other.hits,
            self.misses + other.misses,
            self.false_alarms + other.false_alarms,
            self.correct_negatives + other.correct_negatives,
        )

    @property
    def csi(self) -> float:
        """Critical success index, 0..1; NaN where there was neither rain nor forecast."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def precision(self) -> float:
        """Share of the forecasts that came true."""
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """Share of the rain that was forecast."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0..1."""
        return _share(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)

    @property
    def bias(self) -> float:
        """Pixels of rain forecast for each that was seen."""
        return _share(self.hits + self.false_alarms, self.hits + self.misses)


def contingency(
    forecast: NDArray[np.float32], observed: NDArray[np.float32], threshold: float
) -> Contingency:
    """Returns the counts for rain of at least `threshold`; both in mm/h and of one shape."""
    said, seen = _scored(forecast, observed)
    is_said, is_seen = said >= threshold, seen >= threshold
    hits = int(np.count_nonzero(is_said & is_seen))
    said_count, seen_count = int(np.count_nonzero(is_said)), int(np.count_nonzero(is_seen))
    misses, false_alarms = seen_count - hits, said_count - hits
    return Contingency(hits, misses, false_alarms, said.size - hits - misses - false_alarms)


@dataclass(frozen=True, slots=True)
class MeanOf:
    """A mean that can be pooled: `+` adds sums and counts."""

    total: float = 0.0
    count: float = 0.0

    def __add__(self, other: MeanOf) -> MeanOf:
        return MeanOf(self.total + other.total, self.count + other.count)

    @property
    def value(self) -> float:
        """The mean; NaN of nothing."""
        return _share(self.total, self.count)


def mean_absolute_error(forecast: NDArray[np.float32], observed: NDArray[np.float32]) -> MeanOf:
    """Returns the mean absolute error in mm/h."""
    said, seen = _scored(forecast, observed)
    return MeanOf(float(np.abs(said - seen).sum(dtype=float)), seen.size)


def mean_squared_error(forecast: NDArray[np.float32], observed: NDArray[np.float32]) -> MeanOf:
    """Returns the mean squared error in (mm/h)²."""
    said, seen = _scored(forecast, observed)
    return MeanOf(float(((said - seen) ** 2).sum(dtype=float)), seen.size)


def brier(
    probability: NDArray[np.float32], observed: NDArray[np.float32], threshold: float
) -> MeanOf:
    """Returns the mean squared error of probabilities of at least `threshold`; 0 is perfect."""
    said, seen = _scored(probability, observed)
    return MeanOf(float(((said - (seen >= threshold)) ** 2).sum(dtype=float)), seen.size)


@dataclass(frozen=True, slots=True)
class FractionSkill:
    """Sums of the fractions skill score; `+` pools."""

    squared_error: float = 0.0
    reference: float = 0.0

    def __add__(self, other: FractionSkill) -> FractionSkill:
        return FractionSkill(
            self.squared_error + other.squared_error, self.reference + other.reference
        )

    @property
    def value(self) -> float:
        """1 is perfect, 0 no skill; NaN where there was neither rain nor forecast."""
        return 1 - _share(self.squared_error, self.reference)


def fractions_skill(
    forecast: NDArray[np.float32],
    observed: NDArray[np.float32],
    threshold: float,
    window_px: int,
) -> FractionSkill:
    """Returns the fractions skill score in squares of `window_px` (Roberts and Lean 2008).

    Pixels that were not observed count as dry in both; `[y, x]` each.
    """
    is_seen = np.isfinite(observed)
    with np.errstate(invalid="ignore"):
        said = ((forecast >= threshold) & is_seen).astype(np.float32)
        seen = (observed >= threshold).astype(np.float32)
    window = (window_px, window_px)
    said = cv2.blur(said, window, borderType=cv2.BORDER_CONSTANT).astype(np.float32, copy=False)
    seen = cv2.blur(seen, window, borderType=cv2.BORDER_CONSTANT).astype(np.float32, copy=False)
    error = float(((said - seen) ** 2).sum(dtype=float))
    return FractionSkill(error, float((said**2).sum(dtype=float) + (seen**2).sum(dtype=float)))


@dataclass(frozen=True, slots=True, eq=False)
class ProbabilityCounts:
    """How often rain followed each probability, in 1000 bins; `+` pools."""

    forecasts: NDArray[np.int64]
    """By bin: pixels."""
    events: NDArray[np.int64]
    """By bin: pixels where rain followed."""

    def __add__(self, other: ProbabilityCounts) -> ProbabilityCounts:
        return ProbabilityCounts(self.forecasts + other.forecasts, self.events + other.events)

    def precision_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns precision and recall of every cut, from the highest probability down."""
        said = np.cumsum(self.forecasts[::-1])
        hits = np.cumsum(self.events[::-1])
        is_used = said > 0
        recall = hits[is_used] / max(1, int(self.events.sum()))
        return hits[is_used] / said[is_used], recall

    @property
    def pr_area(self) -> float:
        """Area under precision over recall (average precision); NaN where it never rained."""
        if not self.events.sum():
            return float("nan")
        precision, recall = self.precision_recall()
        return float((np.diff(recall, prepend=0.0) * precision).sum())

    def reliability(
        self, bins: int = 10
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Returns for each bin the mean probability, how often it rained, and how many pixels."""
        of_bin = np.arange(_PROBABILITY_BINS) * bins // _PROBABILITY_BINS
        count = np.bincount(of_bin, self.forecasts, bins)
        middles = (np.arange(_PROBABILITY_BINS) + 0.5) / _PROBABILITY_BINS
        with np.errstate(invalid="ignore", divide="ignore"):
            said = np.bincount(of_bin, self.forecasts * middles, bins) / count
            seen = np.bincount(of_bin, self.events, bins) / count
        return said, seen, count.astype(np.int64)


_PROBABILITY_BINS = 1000


def probability_counts(
    probability: NDArray[np.float32], observed: NDArray[np.float32], threshold: float
) -> ProbabilityCounts:
    """Returns how often at least `threshold` mm/h followed each probability."""
    said, seen = _scored(probability, observed)
    bins = np.minimum((said * _PROBABILITY_BINS).astype(np.int64), _PROBABILITY_BINS - 1)
    return ProbabilityCounts(
        np.bincount(bins, minlength=_PROBABILITY_BINS),
        np.bincount(bins[seen >= threshold], minlength=_PROBABILITY_BINS),
    )


def ensemble_crps(members: NDArray[np.float32], observed: NDArray[np.float32]) -> MeanOf:
    """Returns the continuous ranked probability score of `[member, y, x]` in mm/h.

    `E|X - y| - E|X - X'| / 2` (Gneiting and Raftery 2007, equation 21); the mean absolute error
    where there is one member.
    """
    is_seen = np.isfinite(observed)
    said = np.sort(np.nan_to_num(members[:, is_seen]).astype(np.float64), axis=0)
    seen = observed[is_seen]
    count = len(said)
    ranks = 2 * np.arange(1, count + 1)[:, None] - count - 1
    spread = (ranks * said).sum(axis=0) / count**2
    score = np.abs(said - seen).mean(axis=0) - spread
    return MeanOf(float(score.sum()), seen.size)


def probability_crps(
    probability: NDArray[np.float32],
    thresholds: NDArray[np.float32],
    observed: NDArray[np.float32],
) -> MeanOf:
    """Returns the CRPS of probabilities `[threshold, y, x]` of at least rising thresholds.

    The integral over rain of (probability - event)² by the trapezium rule between the thresholds.
    What lies outside of them is not scored, so it compares forecasts of the same thresholds only.
    """
    is_seen = np.isfinite(observed)
    said = np.nan_to_num(probability[:, is_seen]).astype(np.float64)
    squares = (said - (observed[is_seen] >= np.asarray(thresholds)[:, None])) ** 2
    widths = np.diff(np.asarray(thresholds, float))[:, None]
    score = (0.5 * (squares[1:] + squares[:-1]) * widths).sum(axis=0)
    return MeanOf(float(score.sum()), score.size)


def _scored(
    forecast: NDArray[np.float32], observed: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns forecast and observation of the pixels that were observed."""
    if forecast.shape != observed.shape:
        raise ValueError(
            f"the forecast is of shape {forecast.shape}, the observation of {observed.shape}"
        )
    is_seen = np.isfinite(observed)
    said = forecast[is_seen]
    return np.where(np.isnan(said), np.float32(0), said), observed[is_seen]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
