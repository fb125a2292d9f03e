"""The Lagrangian probability of rain, in place and fast: what a network's chances are mixed with.

A network knows the kinds of rain it has learnt from. On others, such as a rain field larger than
any it has seen, it doubts too much; that rain stays as it is while it moves holds for all of them.
So the logits of both are added (a logarithmic pool: Genest and Zidek 1986, section 3.2).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.aligned_frames import UNKNOWN_GREY
from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.lagrangian_probability import BLUR_KM_A_MINUTE

_LEVELS = np.arange(256, dtype=np.float32)
# Whole parts of 255, half a part away from never and always.
_LOGITS = np.log((_LEVELS + 0.5) / (255.5 - _LEVELS))


def lagrangian_logits(
    grey: NDArray[np.uint8],
    lead_minutes: float,
    thresholds_mm_h: Sequence[float],
    pixel_km: float,
) -> NDArray[np.float32]:
    """Returns the logits of at least each threshold after a lead, `[threshold, y, x]`.

    As `lagrangian_probability` before it is carried along, in steps of 1/255; what is unknown
    counts as dry.

    Args:
        grey: `[y, x]`, the newest frame in grey values (`decibels.to_grey`).
        lead_minutes: from that frame on.
        thresholds_mm_h: rising.
        pixel_km: side of a pixel.
    """
    sigma = BLUR_KM_A_MINUTE * lead_minutes / pixel_km
    limits = to_grey(np.asarray(thresholds_mm_h, np.float32)).tolist()
    made = np.empty((len(limits), *grey.shape), np.float32)
    for one, limit in zip(made, limits, strict=True):
        mask = cv2.inRange(grey, limit, UNKNOWN_GREY - 1)
        if sigma > 0.1:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        cv2.LUT(mask, _LOGITS, dst=one)
    return made
