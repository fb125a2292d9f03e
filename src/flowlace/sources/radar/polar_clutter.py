"""What the moments of a dual-polarisation radar say is no rain."""

import cv2
import numpy as np
from numpy.typing import NDArray

_GATES = 5
"""As the radars' own classifier does: one gate of the correlation is noisy, and holes in rain are
worse than the edges of clutter."""


def is_not_rain(rhohv: NDArray[np.float32], min_rhohv: float) -> NDArray[np.bool_]:
    """Returns where the correlation of both polarisations `[ray, bin]` is too low for rain.

    It is averaged over five gates along the ray. NaN, unknown, is never clutter.
    """
    is_known = np.isfinite(rhohv)
    size = (_GATES, 1)
    total = cv2.blur(np.where(is_known, rhohv, np.float32(0)), size, borderType=cv2.BORDER_REFLECT)
    share = cv2.blur(is_known.astype(np.float32), size, borderType=cv2.BORDER_REFLECT)
    is_low: NDArray[np.bool_] = is_known & (total < np.float32(min_rhohv) * share)
    return is_low
