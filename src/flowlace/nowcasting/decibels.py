"""Rain rates in decibels: what moves is easier to see, and errors weigh alike."""

import numpy as np
from numpy.typing import NDArray

DRY_MM_H = 0.1
"""Less than this counts as dry."""

DRY_DB = -15.0
"""What dry pixels are set to; the lightest rain is -10."""


LIGHTEST_GREY = 20
"""Grey value of the lightest rain, `DRY_MM_H`; less is dry."""


def to_decibels(rain_mm_h: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns `10 log10(rain)`; dry and unknown pixels are `DRY_DB`.

    >>> to_decibels(np.array([10, 0, np.nan], np.float32)).tolist()
    [10.0, -15.0, -15.0]
    """
    with np.errstate(invalid="ignore"):
        is_wet = rain_mm_h >= DRY_MM_H
    decibels = np.full(rain_mm_h.shape, DRY_DB, np.float32)
    np.log10(rain_mm_h, out=decibels, where=is_wet)
    np.multiply(decibels, 10, out=decibels, where=is_wet)
    return decibels


def to_grey(rain_mm_h: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Returns decibels as grey values for optical flow: 0 dry, 4 a decibel from -10 dB on."""
    grey = (to_decibels(rain_mm_h) - np.float32(DRY_DB)) * np.float32(4)
    capped: NDArray[np.uint8] = np.minimum(grey, np.float32(255)).astype(np.uint8)
    return capped


def from_grey(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns rain in mm/h of grey values, which need not be whole; what is too light is dry.

    >>> from_grey(np.array([60, 20, 19.9], np.float32)).round(3).astype(str).tolist()
    ['1.0', '0.1', '0.0']
    """
    rain: NDArray[np.float32] = np.exp(grey * np.float32(np.log(10) / 40))
    rain *= np.float32(10 ** (DRY_DB / 10))
    rain[grey < LIGHTEST_GREY] = 0
    return rain
