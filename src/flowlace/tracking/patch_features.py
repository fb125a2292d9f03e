"""Cuts boxes out of a frame and describes them by gradients and colour, all boxes at once."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]

CELL_PX = 4
ORIENTATIONS = 9

MAX_REMAP_ROWS = 32_000
"""OpenCV's remap takes fewer than 32768 rows at once."""


class FramePyramid:
    """A frame and its halved copies, so that large boxes are sampled without aliasing."""

    def __init__(self, frame: NDArray[np.uint8], levels: int = 4) -> None:
        self._levels = [frame]
        self._wanted = levels

    def level(self, index: int) -> NDArray[np.uint8]:
        """Returns the frame halved `index` times."""
        while len(self._levels) <= index:
            self._levels.append(np.asarray(cv2.pyrDown(self._levels[-1]), np.uint8))
        return self._levels[index]

    def patches(
        self, center: FloatArray, size: FloatArray, rotation: FloatArray, side: int
    ) -> NDArray[np.uint8]:
        """Returns `[box, side, side, channel]`: each region stretched to a square.

        `center` and `size` `[box, xy]` are pixels; outside the frame its edge is repeated.
        """
        channels = 1 if self._levels[0].ndim == 2 else self._levels[0].shape[2]
        found = np.empty((len(center), side, side, channels), np.uint8)
        shrink = np.sqrt(np.maximum(size.prod(axis=1), 1)) / side
        levels = np.clip(np.floor(np.log2(np.maximum(shrink, 1)) + 0.5), 0, self._wanted - 1)
        for index in np.unique(levels).astype(int):
            of_level = np.flatnonzero(levels == index)
            for first in range(0, len(of_level), MAX_REMAP_ROWS // side):
                chosen = of_level[first : first + MAX_REMAP_ROWS // side]
                place = center[chosen], size[chosen], rotation[chosen]
                x, y = _sample_grid(*place, side, 2.0**index)
                cut = cv2.remap(
                    self.level(index), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                )
                found[chosen] = cut.reshape(len(chosen), side, side, channels)
        return found


def _sample_grid(
    center: FloatArray, size: FloatArray, rotation: FloatArray, side: int, factor: float
) -> tuple[Float32, Float32]:
    """Returns the x and y maps `[box * side, side]` of one remap for all boxes."""
    steps = (np.arange(side) + 0.5) / side - 0.5
    u = (steps[None, None, :] * size[:, 0, None, None]).astype(np.float32)
    v = (steps[None, :, None] * size[:, 1, None, None]).astype(np.float32)
    cos = np.cos(rotation).astype(np.float32)[:, None, None]
    sin = np.sin(rotation).astype(np.float32)[:, None, None]
    c = center.astype(np.float32)[:, :, None, None]
    x = (cos * u - sin * v + c[:, 0] + 0.5) / np.float32(factor) - np.float32(0.5)
    y = (sin * u + cos * v + c[:, 1] + 0.5) / np.float32(factor) - np.float32(0.5)
    return x.reshape(-1, side), y.reshape(-1, side)


def gradient_cells(gray: Float32) -> Float32:
    """Returns `[box, orientation, y, x]` histograms of gradients for `gray` `[box, y, x]`.

    Cells of 4x4 pixels, unsigned orientations, normalised by the energy of the 3x3 cells
    around. Each pixel votes with the fourth power of the cosine to the bin's direction, which
    is as narrow as linear interpolation between bins and needs no angle.
    """
    count, height, width = gray.shape
    gx = np.zeros_like(gray)
    gy = np.zeros_like(gray)
    gx[:, :, 1:-1] = gray[:, :, 2:] - gray[:, :, :-2]
    gy[:, 1:-1] = gray[:, 2:] - gray[:, :-2]
    rows, columns = height // CELL_PX, width // CELL_PX
    power = gx * gx + gy * gy + 1e-6
    scale = 1 / (power * np.sqrt(power))
    angles = np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS
    cells = np.empty((count, ORIENTATIONS, rows, columns), np.float32)
    for k, angle in enumerate(angles):
        along = (np.float32(np.cos(angle)) * gx + np.float32(np.sin(angle)) * gy).astype(
            np.float32, copy=False
        )
        np.square(along, out=along)
        np.square(along, out=along)
        cells[:, k] = _pooled(np.multiply(along, scale, out=along), rows, columns)
    energy = np.einsum("bkyx,bkyx->byx", cells, cells)
    cells /= np.sqrt(_box_sum(energy) + 1e-2)[:, None]
    return np.minimum(cells, 0.4)


def colour_cells(patches: NDArray[np.uint8]) -> Float32:
    """Returns `[box, 3, y, x]` lightness and two colour differences of `[box, y, x, bgr]`."""
    b, g, r = (patches[..., k].astype(np.float32) for k in range(3))
    light = (b + g + r) * np.float32(1 / 3)
    rows, columns = patches.shape[1] // CELL_PX, patches.shape[2] // CELL_PX
    planes: tuple[Float32, ...] = (light, r - g, (r + g) * np.float32(0.5) - b)
    cells = np.stack([_pooled(plane, rows, columns) for plane in planes], axis=1)
    return cells / np.float32(CELL_PX * CELL_PX * 128)


def _pooled(plane: Float32, rows: int, columns: int) -> Float32:
    shape = (len(plane), rows, CELL_PX, columns, CELL_PX)
    pooled: Float32 = np.einsum("biyjx->bij", plane.reshape(shape))
    return pooled


def _box_sum(energy: Float32) -> Float32:
    padded = np.pad(energy, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    summed: Float32 = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    return summed
