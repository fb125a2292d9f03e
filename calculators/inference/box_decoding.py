"""Boxes and keypoints out of a detector's raw numbers and its anchors."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class BoxFormat(IntEnum):
    """What the four numbers of a box are; keypoints are y, x with YXHW and x, y with the others."""

    UNSPECIFIED = 0
    """As YXHW."""
    YXHW = 1
    """Middle y, middle x, height, width."""
    XYWH = 2
    """Middle x, middle y, width, height."""
    XYXY = 3
    """Distances from the anchor's middle to the left, top, right and bottom edge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxCoding:
    """How a model codes boxes: offsets from an anchor's middle, sizes in anchor sizes."""

    format: BoxFormat
    x_scale: float
    y_scale: float
    w_scale: float
    h_scale: float
    has_exponential_sizes: bool
    box_offset: int
    """Where in a row the box starts."""
    keypoint_offset: int
    """Where in a row the keypoints start."""
    keypoints: int
    """How many there are, two numbers each."""

    def corners(self, rows: Floats, anchors: Floats) -> Floats:
        """Returns ymin, xmin, ymax, xmax `[box, 4]`.

        Args:
            rows: raw numbers, `[box, number]`.
            anchors: y_center, x_center, height, width, `[box, 4]`.
        """
        coded = self._middle_and_size(rows[:, self.box_offset : self.box_offset + 4])
        scales = np.array([self.y_scale, self.x_scale, self.h_scale, self.w_scale], np.float32)
        coded /= scales
        middle = coded[:, :2] * anchors[:, 2:] + anchors[:, :2]
        size = coded[:, 2:]
        if self.has_exponential_sizes:
            # A size too large for float32 becomes infinite, and is counted as that later.
            with np.errstate(over="ignore"):
                size = np.exp(size)
        half = size * anchors[:, 2:] / 2
        return np.concatenate([middle - half, middle + half], axis=1)

    def points(self, rows: Floats, anchors: Floats) -> Floats:
        """Returns x, y of every keypoint `[box, keypoint, 2]`; arguments as for `corners`."""
        end = self.keypoint_offset + 2 * self.keypoints
        coded = rows[:, self.keypoint_offset : end].reshape(len(rows), self.keypoints, 2)
        if self._is_y_first:
            coded = coded[..., ::-1]
        scales = np.array([self.x_scale, self.y_scale], np.float32)
        return coded / scales * anchors[:, None, 3:1:-1] + anchors[:, None, 1::-1]

    @property
    def _is_y_first(self) -> bool:
        return self.format in (BoxFormat.UNSPECIFIED, BoxFormat.YXHW)

    def _middle_and_size(self, coded: Floats) -> Floats:
        """Returns a copy as y, x, h, w."""
        if self._is_y_first:
            return coded.copy()
        if self.format is BoxFormat.XYWH:
            return coded[:, [1, 0, 3, 2]]
        left_top, right_bottom = coded[:, 1::-1], coded[:, 3:1:-1]
        return np.concatenate([(right_bottom - left_top) / 2, right_bottom + left_top], axis=1)
