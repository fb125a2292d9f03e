"""Where observations fall within what was forecast: even is calibrated.

Many at both ends: the forecast is too sure of itself. Many in the middle: too unsure. A slope: too
wet (many low) or too dry (many high).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def probability_integral_transform(
    probability: NDArray[np.float32],
    levels_mm_h: Sequence[float],
    observed: NDArray[np.float32],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Returns what share of the forecast distribution lies below each observation, 0..1.

    Probabilities on a ladder of levels give the distribution at the levels only: within the
    interval between two of them the place is drawn at random, so that calibrated forecasts give
    an even distribution whatever the levels are (Czado, Gneiting and Held 2009, section 2).

    Args:
        probability: `[level, pixel]` of at least each level; NaN counts as 0. Where a higher level
            is said to be likelier than a lower one, it is lowered to it.
        levels_mm_h: rising.
        observed: `[pixel]` in mm/h, without NaN.
        random: draws one number a pixel.
    """
    reached = np.minimum.accumulate(np.nan_to_num(probability), axis=0)
    ends = np.zeros((1, observed.size), reached.dtype)
    # Share of the forecast below each level, with 0 below the lowest interval and 1 above the last.
    below = 1 - np.concatenate([1 - ends, reached, ends])
    interval = np.searchsorted(np.asarray(levels_mm_h, np.float32), observed, side="right")
    pixel = np.arange(observed.size)
    low, high = below[interval, pixel].astype(float), below[interval + 1, pixel].astype(float)
    placed: NDArray[np.float64] = low + random.uniform(size=observed.size) * (high - low)
    return placed


def rank_histogram(
    members: NDArray[np.float32], observed: NDArray[np.float32], random: np.random.Generator
) -> NDArray[np.int64]:
    """Returns how often the observation had each rank among the members, `[member + 1]`.

    Ranks of equal values, such as dry among dry, are drawn at random (Hamill 2001). Pixels that
    were not observed do not count; a member without a value is dry.

    Args:
        members: `[member, y, x]` in mm/h.
        observed: `[y, x]` in mm/h.
        random: draws one number a pixel.
    """
    is_seen = np.isfinite(observed)
    said, seen = np.nan_to_num(members[:, is_seen]), observed[is_seen]
    below, equal = (said < seen).sum(axis=0), (said == seen).sum(axis=0)
    ranks = below + (random.uniform(size=seen.size) * (equal + 1)).astype(np.int64)
    return np.bincount(ranks, minlength=len(members) + 1).astype(np.int64)
