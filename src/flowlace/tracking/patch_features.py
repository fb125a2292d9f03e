"""Cuts boxes out of a frame and describes them by gradients and colour, all boxes at once."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]

CELL_PX = 4
ORIENTATIONS = 9

REMAP_ROWS = 32_000

CHUNK_PX = 128 * 128
"""Pixels that are worked on at once: what they need stays in the processor's cache.

Arrays above 128 KiB are also given back to the system and zeroed anew at every use.
"""

_ANGLES = np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS
_VOTES = np.stack(
    (
        np.full(ORIENTATIONS, 3 / 8),
        np.cos(2 * _ANGLES) / 2,
        np.sin(2 * _ANGLES) / 2,
        np.cos(4 * _ANGLES) / 8,
        np.sin(4 * _ANGLES) / 8,
    ),
    axis=1,
).astype(np.float32)
"""`[orientation, harmonic]`."""

_COLOURS = np.array([[1 / 3, 0, -1], [1 / 3, -1, 0.5], [1 / 3, 1, 0.5]], np.float32) / np.float32(
    128
)
"""`[bgr, cell]` lightness, red - green, yellow - blue."""


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
        # OpenCV maps at most 32767 rows at once.
        most = REMAP_ROWS // side
        for index in np.unique(levels).astype(int):
            of_level = np.flatnonzero(levels == index)
            for at in range(0, len(of_level), most):
                chosen = of_level[at : at + most]
                x, y = _sample_grid(
                    center[chosen], size[chosen], rotation[chosen], side, 2.0**index
                )
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


def gradient_cells(gray: NDArray[np.uint8]) -> Float32:
    """Returns `[box, orientation, y, x]` histograms of gradients for `gray` `[box, y, x]`.

    Cells of 4x4 pixels, unsigned orientations, normalised by the energy of the 3x3 cells
    around. Each pixel votes with the fourth power of the cosine to the bin's direction, which
    is as narrow as linear interpolation between bins and needs no angle.
    """
    count, height, width = gray.shape
    rows, columns = height // CELL_PX, width // CELL_PX
    harmonics = np.empty((count, len(_VOTES[0]), rows, columns), np.float32)
    chunk = max(1, CHUNK_PX // (height * width))
    for at in range(0, count, chunk):
        harmonics[at : at + chunk] = _pooled_harmonics(gray[at : at + chunk] * np.float32(1 / 255))
    votes = np.matmul(_VOTES, harmonics.reshape(count, -1, rows * columns))
    cells = votes.reshape(count, ORIENTATIONS, rows, columns)
    energy = np.einsum("bkyx,bkyx->byx", cells, cells)
    cells /= np.sqrt(_box_sum(energy) + 1e-2)[:, None]
    clipped: Float32 = np.clip(cells, 0, 0.4, out=cells)
    return clipped


def _pooled_harmonics(gray: Float32) -> Float32:
    """Returns `[box, 5, y, x]`: length r of the gradient, and r cos, r sin of 2 and 4 angles.

    cos^4(a - b) = 3/8 + cos 2(a - b) / 2 + cos 4(a - b) / 8: pooling these five and mixing them
    in each cell gives all orientations for the price of five.
    """
    gx = np.zeros_like(gray)
    gy = np.zeros_like(gray)
    np.subtract(gray[:, :, 2:], gray[:, :, :-2], out=gx[:, :, 1:-1])
    np.subtract(gray[:, 2:], gray[:, :-2], out=gy[:, 1:-1])
    length = np.sqrt(gx * gx + gy * gy + np.float32(1e-9))
    twice = np.float32(2) / length
    sin = gx * gy * twice
    cos = length - gy * gy * twice
    planes = (length, cos, sin, cos * cos * twice - length, cos * sin * twice)
    return np.stack([_pooled(plane.astype(np.float32, copy=False)) for plane in planes], axis=1)


def gray_patches(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns `[box, y, x]` of `[box, y, x, bgr]`."""
    count, side, width, _ = patches.shape
    gray = cv2.cvtColor(patches.reshape(count * side, width, 3), cv2.COLOR_BGR2GRAY)
    return np.asarray(gray, np.uint8).reshape(count, side, width)


def colour_cells(patches: NDArray[np.uint8]) -> Float32:
    """Returns `[box, 3, y, x]` lightness and two colour differences of `[box, y, x, bgr]`."""
    count, side, width, _ = patches.shape
    small = cv2.resize(
        patches.reshape(count * side, width, 3),
        (width // CELL_PX, count * side // CELL_PX),
        interpolation=cv2.INTER_AREA,
    )
    bgr = small.reshape(count, side // CELL_PX, width // CELL_PX, 3).astype(np.float32)
    cells = np.moveaxis(bgr @ _COLOURS, 3, 1)
    return np.ascontiguousarray(cells, np.float32)


def _pooled(plane: Float32) -> Float32:
    """Returns the sum of each cell of `[box, y, x]`."""
    count, height, width = plane.shape
    rows, columns = height // CELL_PX, width // CELL_PX
    means = cv2.resize(
        plane.reshape(count * height, width),
        (columns, count * rows),
        interpolation=cv2.INTER_AREA,
    )
    pooled = np.asarray(means, np.float32).reshape(count, rows, columns)
    pooled *= CELL_PX * CELL_PX
    return pooled


def _box_sum(energy: Float32) -> Float32:
    """Returns the sum over 3x3 cells; the edge is repeated."""
    summed = energy
    for axis in (1, 2):
        along = np.moveaxis(summed, axis, 0)
        total = along.copy()
        total[1:] += along[:-1]
        total[:-1] += along[1:]
        total[0] += along[0]
        total[-1] += along[-1]
        summed = np.moveaxis(total, 0, axis)
    return summed
