"""Amounts of rain by rank: a field that is right about where, told how much.

Whatever is forecast by averaging is too smooth: too little heavy rain, too much light. So the field
says only where there is more and where less, and the amounts come from elsewhere: probability
matching (Ebert 2001, "Ability of a poor man's ensemble to predict the probability and distribution
of precipitation", section 2).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def match_amounts(field: NDArray[np.float32], amounts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns rain in mm/h with the order of `field` and the distribution of `amounts`.

    The `len(amounts)` highest pixels get the amounts in order, all others are dry. Where more
    than as many again tie for the last place, those stay dry: a field of which nothing is left
    would be wet everywhere.

    Args:
        field: `[y, x]`, anything that grows with rain; without NaN.
        amounts: rising rain rates of the wet pixels; as many as shall be wet.
    """
    rain = np.zeros(field.shape, np.float32)
    if not len(amounts):
        return rain
    cut = np.partition(field, field.size - len(amounts), axis=None)[field.size - len(amounts)]
    wet = np.flatnonzero(field >= cut)
    if len(wet) > 2 * len(amounts):
        wet = np.flatnonzero(field > cut)
    if not len(wet):
        return rain
    # Ranks by counting: 65536 levels are finer than any radar's values, and no sort is needed.
    values = field.ravel()[wet]
    low, high = float(values.min()), float(values.max())
    levels = ((values - low) * (65535 / max(high - low, 1e-9))).astype(np.uint16)
    counts = np.bincount(levels, minlength=65536)
    middles = np.cumsum(counts) - (counts + 1) / 2
    table = amounts[np.clip(middles, 0, len(amounts) - 1).astype(np.int64)]
    rain.ravel()[wet] = table[levels]
    return rain


def expected_amounts(
    areas_px: Sequence[float], thresholds_mm_h: Sequence[float], largest_mm_h: float
) -> NDArray[np.float32]:
    """Returns the rising amounts of the wet pixels, of how many are expected above thresholds.

    Between thresholds amounts are spread evenly by their logarithm, and above the last one up to
    the largest.

    Args:
        areas_px: pixels expected to have at least each threshold; falling.
        thresholds_mm_h: rising; the first one is where wet begins.
        largest_mm_h: of the heaviest pixel.

    >>> expected_amounts([4, 2], [1, 10], 100).astype(int).tolist()
    [1, 5, 17, 56]
    """
    count = round(areas_px[0])
    # By rank from the heaviest on; equal areas need no two places on a curve.
    ranks = np.concatenate([[0.0], np.asarray(areas_px, float)[::-1]])
    levels = np.log([max(largest_mm_h, thresholds_mm_h[-1]), *thresholds_mm_h[::-1]])
    made = np.exp(np.interp(np.arange(count)[::-1] + 0.5, ranks, levels))
    return np.asarray(made, np.float32)
