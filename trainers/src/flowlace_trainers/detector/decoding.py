"""From what cells say to boxes, as the calculators of a graph do it.

`TensorsToDetectionsCalculator` keeps the likeliest class of each cell, and
`NonMaxSuppressionCalculator` the surest of boxes that cover each other, whatever their class.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.detector.network import cell_middles
from flowlace_trainers.detector.samples import Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodeOptions:
    """What counts as found."""

    least_score: float = 0.02
    """Cells less sure are dropped."""
    largest_overlap: float = 0.6
    """IoU above which the less sure of two boxes is dropped."""
    most: int = 100
    """Boxes a picture has at most."""


class Found(NamedTuple):
    """Boxes of a picture, the surest first."""

    boxes: Floats
    """`[k, 4]` corners in pixels of the network's input."""
    classes: NDArray[np.int64]
    """`[k]`."""
    scores: Floats
    """`[k]`, 0 to 1."""


def decode(
    logits: Floats, boxes: Floats, width_px: int, height_px: int, options: DecodeOptions
) -> Found:
    """Returns what is found in one picture.

    Args:
        logits: `[cells, classes]`.
        boxes: `[cells, 4]` shifts and sides in pixels.
        width_px: of the network's input.
        height_px: of the network's input.
        options: what counts as found.
    """
    middles = cell_middles(width_px, height_px)[0].numpy()
    scores = 1 / (1 + np.exp(-logits.max(1)))
    keep = np.flatnonzero(scores >= options.least_score)
    keep = keep[np.argsort(-scores[keep], kind="stable")]
    centres = middles[keep] + boxes[keep, :2]
    half = boxes[keep, 2:] / 2
    corners = np.concatenate([centres - half, centres + half], 1)
    corners = corners.clip(0, (width_px, height_px, width_px, height_px)).astype(np.float32)
    left = _not_covered(corners, options)
    return Found(corners[left], logits[keep[left]].argmax(1), scores[keep[left]])


def _not_covered(corners: Floats, options: DecodeOptions) -> NDArray[np.int64]:
    """Numbers of the boxes that stay; `corners` are sorted by score."""
    sides = corners[:, 2:] - corners[:, :2]
    area = sides[:, 0] * sides[:, 1]
    is_left = np.ones(len(corners), bool)
    taken: list[int] = []
    while len(taken) < options.most and is_left.any():
        first = int(is_left.argmax())
        taken.append(first)
        low = np.maximum(corners[first, :2], corners[:, :2])
        high = np.minimum(corners[first, 2:], corners[:, 2:])
        shared = np.maximum(high - low, 0).prod(1)
        overlap = shared / np.maximum(area[first] + area - shared, 1e-9)
        is_left &= overlap <= options.largest_overlap
        is_left[first] = False
    return np.array(taken, np.int64)
