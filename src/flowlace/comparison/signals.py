"""Pictures and sound compared by the strength of what differs, in decibels."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.comparison.mismatch import Mismatch
from flowlace.formats.image import Image
from flowlace.formats.time_series import Matrix


def psnr_db(expected: Image, actual: Image) -> float:
    """Returns the peak signal-to-noise ratio of two pictures of one format and size.

    The peak is the largest value of whole numbers, and the range of the expected ones of floats.
    """
    first, second = expected.pixels, actual.pixels
    if np.array_equal(first, second):
        return math.inf
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    whole = np.issubdtype(first.dtype, np.integer)
    peak = float(np.iinfo(first.dtype).max if whole else np.ptp(first) or 1.0)
    return 10 * math.log10(peak**2 / error) if error > 0 else math.inf


def snr_db(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Returns the signal-to-noise ratio of values of one shape; minus infinity beside silence."""
    if np.array_equal(expected, actual, equal_nan=True):
        return math.inf
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    noise = float(np.mean(np.abs(actual.astype(wide) - expected) ** 2))
    power = float(np.mean(np.abs(expected.astype(wide)) ** 2))
    return 10 * math.log10(power / noise) if power > 0 else -math.inf


def image_mismatch(expected: Image, actual: Image, least_db: float) -> Mismatch | None:
    """Returns how two pictures differ; None where they are alike."""
    first, second = (f"{each.format.name} {each.width_px}×{each.height_px}"
                     for each in (expected, actual))  # fmt: skip
    if first != second:
        return Mismatch(f"a picture of {first} became one of {second}", expected, actual)
    level = psnr_db(expected, actual)
    if level >= least_db:
        return None
    error = np.abs(expected.pixels.astype(np.float64) - actual.pixels)
    differing = int((error.max(axis=2) if error.ndim == 3 else error).astype(bool).sum())
    pixels = expected.width_px * expected.height_px
    return Mismatch(
        f"PSNR {level:.2f} dB ({_wanted(least_db)}); {differing} of {pixels} pixels differ, "
        f"by up to {error.max():g}",
        expected,
        actual,
        deviation=float(error.max()),
    )


def sound_mismatch(expected: Matrix, actual: Matrix, least_db: float) -> Mismatch | None:
    """Returns how two pieces of sound or spectrograms differ; None where they are alike."""
    first, second = expected.values, actual.values
    if (first.shape, first.dtype) != (second.shape, second.dtype):
        return Mismatch(
            f"{first.dtype} {list(first.shape)} became {second.dtype} {list(second.shape)}",
            expected,
            actual,
        )
    if not np.array_equal(np.isfinite(first), np.isfinite(second)):
        return Mismatch("values are not finite on one side only", expected, actual)
    level = snr_db(first, second)
    if level >= least_db:
        return None
    worst = float(np.nanmax(np.abs(second.astype(np.complex128) - first)))
    return Mismatch(
        f"SNR {level:.2f} dB ({_wanted(least_db)}), the largest error is {worst:.4g}",
        expected,
        actual,
        deviation=worst,
    )


def _wanted(least_db: float) -> str:
    return "equal ones are wanted" if math.isinf(least_db) else f"{least_db:g} dB are wanted"
