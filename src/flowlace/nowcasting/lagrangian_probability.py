"""Chance of rain above a threshold: the extrapolated area of such rain, blurred with the lead.

The longer the lead, the less certain it is where the area will be: σ of the Gaussian grows by
0.15 km a minute (Germann and Zawadzki 2004 give a linear growth of the scale too).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.extrapolation import origins, read_at

BLUR_KM_A_MINUTE = 0.15


def lagrangian_probability(
    rain: NDArray[np.float32],
    motion: NDArray[np.float32],
    leads_minutes: Sequence[float],
    thresholds_mm_h: Sequence[float],
    pixel_km: float = 1.0,
) -> NDArray[np.float32]:
    """Returns the probability `[lead, threshold, y, x]` of rain of at least each threshold, 0..1.

    NaN where rain would come from outside of what is known.

    Args:
        rain: `[y, x]` in mm/h, NaN where unknown.
        motion: `[2, y, x]`, columns and rows a minute.
        leads_minutes: rising.
        thresholds_mm_h: in mm/h.
        pixel_km: side of a pixel.
    """
    chances = np.empty((len(leads_minutes), len(thresholds_mm_h), *rain.shape), np.float32)
    is_unknown = np.isnan(rain)
    masks = [_mask(rain, is_unknown, threshold) for threshold in thresholds_mm_h]
    places = origins(motion, leads_minutes)
    for lead, minutes, (x, y) in zip(range(len(chances)), leads_minutes, places, strict=True):
        for index, mask in enumerate(masks):
            sigma = BLUR_KM_A_MINUTE * minutes / pixel_km
            chances[lead, index] = blur_known(read_at(mask, x, y), sigma)
    return chances


def _mask(
    rain: NDArray[np.float32], is_unknown: NDArray[np.bool_], threshold: float
) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):
        mask = (rain >= threshold).astype(np.float32)
    mask[is_unknown] = np.nan
    return mask


def blur_known(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Returns a Gaussian blur of what is known; unknown pixels neither count nor are filled."""
    if sigma_px <= 0.1:
        return values
    is_unknown = np.isnan(values)
    known = (~is_unknown).astype(np.float32)
    weights = cv2.GaussianBlur(known, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101)
    filled = np.where(is_unknown, np.float32(0), values)
    soft = cv2.GaussianBlur(filled, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101)
    soft = soft.astype(np.float32, copy=False) / np.maximum(weights, np.float32(1e-6))
    soft[is_unknown] = np.nan
    return np.clip(soft, 0, 1).astype(np.float32, copy=False)
