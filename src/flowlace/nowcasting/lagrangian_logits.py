"""The Lagrangian probability of rain, in place and fast: to pool a network's chances with."""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.aligned_frames import UNKNOWN_GREY
from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.lagrangian_probability import BLUR_KM_A_MINUTE

_LEVELS = np.arange(256, dtype=np.float32)
# Whole parts of 255, half a part away from never and always.
_LOGITS = np.log((_LEVELS + 0.5) / (255.5 - _LEVELS)).astype(np.float32)

_LEAST_SIGMA_PX = 0.1
_COARSE_SIGMA_PX = 3.0
"""A field whose blur is as wide in pixels of a coarser grid looks the same on that."""


class LagrangianLogits:
    """The logits of at least one threshold after one lead, everywhere on a grid.

    As `lagrangian_probability` before it is carried along, in steps of 1/255; what is unknown
    counts as dry.

    Args:
        grey: `[y, x]`, the newest frame in grey values (`decibels.to_grey`).
        lead_minutes: from that frame on.
        threshold_mm_h: of rain.
        pixel_km: side of a pixel.
    """

    def __init__(
        self,
        grey: NDArray[np.uint8],
        lead_minutes: float,
        threshold_mm_h: float,
        pixel_km: float,
    ) -> None:
        sigma_px = BLUR_KM_A_MINUTE * lead_minutes / pixel_km
        limit = int(to_grey(np.asarray([threshold_mm_h], np.float32))[0])
        mask = cv2.inRange(grey, limit, UNKNOWN_GREY - 1)
        self._spacing = spacing = max(1, int(sigma_px / _COARSE_SIGMA_PX))
        # A coarse pixel at each end, so that any part lies within; replicated as the blur does it.
        ends = (
            spacing,
            spacing + -len(mask) % spacing,
            spacing,
            spacing + -mask.shape[1] % spacing,
        )
        mask = cv2.copyMakeBorder(mask, *ends, cv2.BORDER_REPLICATE)
        if spacing > 1:
            size = mask.shape[1] // spacing, mask.shape[0] // spacing
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        if sigma_px > _LEAST_SIGMA_PX:
            sigma = sigma_px / spacing
            mask = cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        self._coarse = mask

    def part(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Returns the logits `[y, x]` of some rows and columns, which need a start and a stop."""
        spacing = self._spacing
        whole, inner = zip(*(_around(one, spacing) for one in (rows, columns)), strict=True)
        chance = self._coarse[whole]
        if spacing > 1:
            size = chance.shape[1] * spacing, chance.shape[0] * spacing
            chance = cv2.resize(chance, size, interpolation=cv2.INTER_LINEAR)
        found: NDArray[np.float32] = cv2.LUT(chance[inner], _LOGITS)  # type: ignore[assignment]
        return found


def _around(wanted: slice, spacing: int) -> tuple[slice, slice]:
    """Returns the coarse pixels with one more at each end, and in them what is wanted."""
    first, last = wanted.start // spacing, -(-wanted.stop // spacing)
    start = wanted.start - (first - 1) * spacing
    return slice(first, last + 2), slice(start, start + wanted.stop - wanted.start)
