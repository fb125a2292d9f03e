"""Rain of which everything is known, for tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def blobs(
    x: NDArray[np.float64], y: NDArray[np.float64], seed: int = 1, count: int = 40
) -> NDArray[np.float32]:
    """Returns rain in mm/h at the given places: Gaussian cells spread over 256 x 256 pixels."""
    random = np.random.default_rng(seed)
    centres = random.uniform(-64, 320, (count, 2))
    sizes = random.uniform(4, 14, count)
    peaks = random.uniform(1, 20, count)
    rain = np.zeros(np.broadcast(x, y).shape)
    for (cx, cy), size, peak in zip(centres, sizes, peaks, strict=True):
        rain += peak * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
    return np.where(rain < 0.1, 0, rain).astype(np.float32)


def moving_rain(
    times: Sequence[float], dx: float, dy: float, shape: tuple[int, int] = (256, 256)
) -> NDArray[np.float32]:
    """Returns frames `[time, y, x]` of cells that move `dx`, `dy` pixels a unit of time."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    return np.stack([blobs(x - dx * t, y - dy * t) for t in times])


def turning_rain(
    times: Sequence[float], radians: float, shape: tuple[int, int] = (256, 256)
) -> NDArray[np.float32]:
    """Returns frames of cells that turn about the middle by `radians` a unit of time."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    cy, cx = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    frames = []
    for t in times:
        c, s = np.cos(-radians * t), np.sin(-radians * t)
        frames.append(blobs(cx + c * (x - cx) - s * (y - cy), cy + s * (x - cx) + c * (y - cy)))
    return np.stack(frames)


def turning_motion(radians: float, shape: tuple[int, int] = (256, 256)) -> NDArray[np.float32]:
    """Returns the motion of the same, `[2, y, x]`."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    cy, cx = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    return np.stack([-radians * (y - cy), radians * (x - cx)]).astype(np.float32)


def uniform_motion(
    dx: float, dy: float, shape: tuple[int, int] = (256, 256)
) -> NDArray[np.float32]:
    """Returns the same motion everywhere, `[2, y, x]`."""
    return np.stack([np.full(shape, dx), np.full(shape, dy)]).astype(np.float32)
