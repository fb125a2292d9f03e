"""How sure a score is: intervals by drawing blocks of time anew.

Forecasts that start a few minutes apart see the same rain: they are no independent samples, and an
interval that takes them for such is far too narrow. Whole blocks of time are drawn with
replacement instead (Hamill 1999 draws whole days). All scores are made of sums that can be added,
so a draw is a vector of how often each block counts.
"""

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


def block_weights(blocks: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Returns how often each block is drawn, `[resample, block]`; each row adds up to `blocks`."""
    random = np.random.default_rng(seed)
    return random.multinomial(blocks, np.full(blocks, 1 / blocks), resamples).astype(np.float64)


def resampled(weights: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the sums `[resample, …]` of each draw from the sums `[block, …]` of the blocks."""
    drawn: NDArray[np.float64] = np.tensordot(weights, sums, axes=1)
    return drawn


def interval(
    values: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the lower and upper end of scores `[resample, …]`, by percentiles.

    Draws without a score, such as those without rain, are left out; NaN where that is half of
    them or more, because there is too little to tell.
    """
    tail = (1 - confidence) / 2
    is_told = np.isfinite(values)
    is_enough = is_told.mean(axis=0) > 0.5
    # nanquantile warns of columns without one value; those are NaN below anyway.
    filled = np.where(is_told | is_enough, np.where(is_told, values, np.nan), 0.0)
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(is_enough, low, np.nan), np.where(is_enough, high, np.nan)
