"""Surfaces: smooth noise of several sizes, by lookup."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_SIZE = 512


def noise_tile(rng: np.random.Generator, octaves: int = 6) -> Floats:
    """Returns `[512, 512]` of noise that tiles, mean 0, most values within ±1."""
    tile = np.zeros((_SIZE, _SIZE), np.float32)
    for octave in range(octaves):
        cells = 8 << octave
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        wrapped = np.pad(grid, 4, "wrap")
        scale = _SIZE // cells
        large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        edge = 4 * scale
        tile += large[edge : edge + _SIZE, edge : edge + _SIZE] * 0.62**octave
    scaled: Floats = (tile * (0.6 / tile.std())).astype(np.float32)
    return scaled


def sample(tile: Floats, u: Floats, v: Floats, period: float) -> Floats:
    """Returns the noise at `u`, `v` (same shape, any unit), repeating every `period` units."""
    scale = _SIZE / period
    x = np.mod(u * scale, _SIZE).astype(np.float32)
    y = np.mod(v * scale, _SIZE).astype(np.float32)
    return cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)


def cell_random(u: NDArray[np.int64], v: NDArray[np.int64], seed: int) -> Floats:
    """Returns a value in [0, 1) for each integer cell, the same for the same cell and seed."""
    mixed = (u * 73856093) ^ (v * 19349663) ^ (seed * 83492791)
    mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0x7FFFFFFF
    mixed = (mixed ^ (mixed >> 16)) & 0xFFFF
    return (mixed / 65536.0).astype(np.float32)
