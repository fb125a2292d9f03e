"""Arrays compared by their largest error, with a share of values that may be off."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.comparison.mismatch import Mismatch

Array = NDArray[Any]


def array_mismatch(
    expected: Array, actual: Array, *, number: float, relative: float, outliers: float
) -> Mismatch | None:
    """Returns how two arrays differ, None where they are alike.

    A value may be off by `number + relative * |expected|`. NaN equals NaN, and infinity itself.
    """
    if expected.dtype != actual.dtype:
        return Mismatch(f"{expected.dtype} became {actual.dtype}", expected, actual)
    if expected.shape != actual.shape:
        return Mismatch(
            f"shape {list(expected.shape)} became {list(actual.shape)}", expected, actual
        )
    if expected.dtype.kind not in "biufc":
        off = np.asarray(expected != actual)
        return _told(expected, actual, off, off.astype(float), "") if off.any() else None
    one_nan = np.isnan(expected) ^ np.isnan(actual)
    error = _errors(expected, actual)
    off = ~((expected == actual) | (np.isnan(expected) & np.isnan(actual)))
    if number or relative:  # without, even whole numbers that floats can't tell apart differ
        finite = np.where(np.isfinite(expected), expected, 0)
        off &= one_nan | ~(error <= number + relative * np.abs(finite))
    if int(off.sum()) <= outliers * off.size:
        return None
    return _told(expected, actual, off, np.where(one_nan, np.inf, error), _nans(one_nan))


def _errors(expected: Array, actual: Array) -> NDArray[np.float64]:
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    with np.errstate(invalid="ignore"):
        error = np.abs(actual.astype(wide) - expected.astype(wide))
    is_nan = np.isnan(error)
    if is_nan.any():  # of NaN and of infinities
        error[is_nan] = np.where((expected == actual)[is_nan], 0.0, np.inf)
    return np.asarray(error)


def _nans(one_nan: NDArray[np.bool_]) -> str:
    count = int(one_nan.sum())
    return f", {count} of them NaN on one side only" if count else ""


def _told(
    expected: Array, actual: Array, off: NDArray[np.bool_], error: Array, more: str
) -> Mismatch:
    finite = np.where(off & np.isfinite(error), error, -1.0)
    place = np.unravel_index(int((finite if (finite >= 0).any() else off).argmax()), off.shape)
    worst = float(error[place])
    index = "".join(f"[{int(each)}]" for each in place)
    by = f"the largest error is {worst:.4g}" if math.isfinite(worst) else "one is not finite"
    if not math.isfinite(worst) and more:
        by = "the first"
    return Mismatch(
        f"{int(off.sum())} of {off.size} values are off{more}; {by} at {index or '[]'}",
        expected[place].item() if expected.ndim else expected.item(),
        actual[place].item() if actual.ndim else actual.item(),
        deviation=worst if math.isfinite(worst) else None,
    )
