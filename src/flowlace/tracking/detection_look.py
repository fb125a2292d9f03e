"""Describes how detected objects look, so that a lost one can be told from another.

Small on purpose: a grid of gradient directions says what shape it is, histograms of colour in
three bands say what it wears. Two looks are compared by one product.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.patch_features import FramePyramid, gradient_cells, gray_patches

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]

PATCH_PX = 32
"""Side a box is scaled to."""

BANDS = 3
"""Horizontal bands with a histogram each: head, body and legs; roof, body and wheels."""

HUE_BINS = 12
SATURATION_BINS = 3
VALUE_BINS = 6
"""For pixels too gray to have a hue."""

GRAY_BELOW = 40
"""Saturation, of 255, below which a pixel counts as gray."""

COLOUR_SHARE = 0.7
"""Weight of the histograms against the gradients. Steps and turns change the gradients of one
object as much as they differ between two of a class; chosen on procedural streets."""


def looks(frame: NDArray[np.uint8], boxes: FloatArray) -> Float32:
    """Returns a vector of length one for each box: `[box, feature]`.

    Args:
        frame: `[y, x, bgr]`.
        boxes: `[box, (left, top, right, bottom)]` in fractions of the frame.
    """
    if not len(boxes):
        return np.empty((0, 0), np.float32)
    height, width = frame.shape[:2]
    extent = np.array([width, height])
    center = (boxes[:, :2] + boxes[:, 2:]) / 2 * extent - 0.5
    size = np.maximum((boxes[:, 2:] - boxes[:, :2]) * extent, 1)
    patches = FramePyramid(frame).patches(center, size, np.zeros(len(boxes)), PATCH_PX)
    cells = gradient_cells(gray_patches(patches)).reshape(len(boxes), -1)
    cells = cells - cells.mean(axis=1, keepdims=True)
    cells /= np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1e-6)
    colour = np.sqrt(_histograms(patches))
    colour_weight = np.float32(np.sqrt(COLOUR_SHARE))
    shape_weight = np.float32(np.sqrt(1 - COLOUR_SHARE))
    return np.concatenate((colour * colour_weight, cells * shape_weight), axis=1)


def similarities(first: Float32, second: Float32) -> FloatArray:
    """Returns `[first, second]`, 1 for equal looks; below 0 only for opposite gradients."""
    if not (len(first) and len(second)):
        return np.zeros((len(first), len(second)))
    return np.asarray(first @ second.T, np.float64)


def _histograms(patches: NDArray[np.uint8]) -> Float32:
    """Returns `[box, band and bin]`, shares of pixels that sum to 1; the middle counts more."""
    count, side = patches.shape[:2]
    hsv = cv2.cvtColor(patches.reshape(count * side, side, 3), cv2.COLOR_BGR2HSV)
    hue, saturation, value = (
        np.asarray(plane, np.int64).reshape(count, side, side) for plane in cv2.split(hsv)
    )
    coloured = HUE_BINS * SATURATION_BINS
    level = np.minimum((saturation - GRAY_BELOW) * SATURATION_BINS // (256 - GRAY_BELOW), 2)
    bins = np.where(
        saturation < GRAY_BELOW,
        coloured + value * VALUE_BINS // 256,
        hue * HUE_BINS // 180 * SATURATION_BINS + np.maximum(level, 0),
    )
    per_band = coloured + VALUE_BINS
    band = np.arange(side) * BANDS // side
    bins += band[None, :, None] * per_band
    bins += np.arange(count)[:, None, None] * (BANDS * per_band)
    # The corners of a box are mostly background.
    across = np.hanning(side + 2)[1:-1]
    weight = np.broadcast_to(across[None, None, :], bins.shape)
    total = np.bincount(bins.ravel(), weight.ravel(), minlength=count * BANDS * per_band)
    shares = total.reshape(count, -1) / (across.sum() * side)
    return np.asarray(shares, np.float32)
