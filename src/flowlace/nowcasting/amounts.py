"""Amounts of rain by rank: a field that is right about where, told how much.

Whatever is forecast by averaging is too smooth: too little heavy rain, too much light. So the field
says only where there is more and where less, and the amounts come from elsewhere: probability
matching (Ebert 2001, "Ability of a poor man's ensemble to predict the probability and distribution
of precipitation", section 2).
"""

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
    # Counted from the top: where pixels tie for the last place, the lightest amount is for all.
    middles = np.cumsum(counts) - (counts + 1) / 2 + (len(amounts) - len(wet))
    table = amounts[np.clip(middles, 0, len(amounts) - 1).astype(np.int64)]
    rain.ravel()[wet] = table[levels]
    return rain


def spread_amounts(amounts: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Returns as many rising amounts as asked for, of the same distribution.

    Args:
        amounts: rising rain rates.
        count: how many pixels shall be wet.

    >>> spread_amounts(np.array([1, 2, 4], np.float32), 6).tolist()
    [1.0, 1.25, 1.75, 2.5, 3.5, 4.0]
    """
    if not len(amounts) or count <= 0:
        return np.zeros(0, np.float32)
    places = (np.arange(count) + 0.5) * (len(amounts) / count) - 0.5
    return np.asarray(np.interp(places, np.arange(len(amounts)), amounts), np.float32)
