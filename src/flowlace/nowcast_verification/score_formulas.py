"""Scores as formulas of sums: the same for the whole, for a block of time and for a drawn sample.

Counts are hits, misses and false alarms `[…, 3]`; chances are, by bin of probability from the
lowest on, forecasts and those where rain followed `[…, bin, 2]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def ratio(part: Values, whole: Values) -> Values:
    """Returns the quotient, NaN where the divisor is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Values = np.where(whole != 0, part / whole, np.nan)
    return quotient


def csi(counts: Values) -> Values:
    """Critical success index of hits, misses and false alarms `[…, 3]`."""
    return ratio(counts[..., 0], counts.sum(axis=-1))


def f1(counts: Values) -> Values:
    """F1 of hits, misses and false alarms `[…, 3]`."""
    return ratio(2 * counts[..., 0], counts[..., 0] + counts.sum(axis=-1))


def area_bias(counts: Values) -> Values:
    """Area forecast for each that was seen, of hits, misses and false alarms `[…, 3]`."""
    hits, misses, false_alarms = np.moveaxis(counts, -1, 0)
    return ratio(hits + false_alarms, hits + misses)


def csi_gain(counts: Values) -> Values:
    """CSI of each method above that of each other, of `[…, method, lead, threshold, 3]`."""
    of_each = csi(counts)
    return of_each[..., :, None, :, :] - of_each[..., None, :, :, :]


def _from_the_top(chances: Values) -> tuple[Values, Values]:
    """Returns hits and forecasts `[…, cut]` of each cut, the highest probability first."""
    added = np.cumsum(chances[..., ::-1, :], axis=-2)
    return added[..., 1], added[..., 0]


def pr_area(chances: NDArray[np.generic]) -> Values:
    """Average precision of `[…, bin, 2]`, as `ProbabilityCounts.pr_area` has it."""
    hits, said = _from_the_top(np.asarray(chances, np.float64))
    recall = ratio(hits, hits[..., -1:])
    precision = np.nan_to_num(ratio(hits, said))
    return np.asarray((np.diff(recall, axis=-1, prepend=0.0) * precision).sum(axis=-1))


def csi_of_cuts(chances: Values) -> Values:
    """CSI `[…, cut]` of `[…, bin, 2]`, the cut at the highest probability first."""
    hits, said = _from_the_top(chances)
    return ratio(hits, hits[..., -1:] + said - hits)


def best_cut(chances: Values) -> NDArray[np.intp]:
    """The place of the cut with the highest CSI, of `[…, bin, 2]`."""
    return np.asarray(np.argmax(np.nan_to_num(csi_of_cuts(chances)), axis=-1))


def csi_at(chances: Values, cut: NDArray[np.intp]) -> Values:
    """CSI of `[…, bin, 2]` at cuts that were picked elsewhere."""
    of_cuts = csi_of_cuts(chances)
    places = np.broadcast_to(cut, of_cuts.shape[:-1])[..., None]
    return np.take_along_axis(of_cuts, places, axis=-1)[..., 0]
