"""How much boxes overlap, and what each measure means."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
"""`[box, 4]`: xmin, ymin, xmax, ymax"""


class OverlapType(IntEnum):
    """What the shared area of two boxes is divided by."""

    UNSPECIFIED_OVERLAP_TYPE = 0
    JACCARD = 1
    """The area of the smallest box around both."""
    MODIFIED_JACCARD = 2
    """The area of the second one."""
    INTERSECTION_OVER_UNION = 3
    """The area both cover together."""


def overlaps(kind: OverlapType, first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Returns the overlap of every pair `[first, second]`; 0 where it would divide by nothing."""
    # A plane for each coordinate: numpy is some nine times as fast on these as on rows of four.
    a_left, a_top, a_right, a_bottom = first.T.copy()[..., None]
    b_left, b_top, b_right, b_bottom = second.T.copy()
    shared = _spans(np.maximum(a_left, b_left), np.minimum(a_right, b_right))
    shared *= _spans(np.maximum(a_top, b_top), np.minimum(a_bottom, b_bottom))
    if kind is OverlapType.JACCARD:
        whole = np.maximum(a_right, b_right) - np.minimum(a_left, b_left)
        whole *= np.maximum(a_bottom, b_bottom) - np.minimum(a_top, b_top)
    else:
        whole = (b_right - b_left) * (b_bottom - b_top)
        if kind is OverlapType.INTERSECTION_OVER_UNION:
            whole = whole + (a_right - a_left) * (a_bottom - a_top)
            whole -= shared
    # Boxes without an area share none either, so this makes 0 / 0 a 0.
    shared /= np.maximum(whole, np.finfo(np.float32).tiny)
    return shared


def _spans(lowest: NDArray[np.float32], highest: NDArray[np.float32]) -> NDArray[np.float32]:
    highest -= lowest
    made: NDArray[np.float32] = np.maximum(highest, 0, out=highest)
    return made
