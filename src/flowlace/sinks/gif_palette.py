"""Brings pictures to the 256 colours a GIF may have."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

_MOST = 256


class GifPalette:
    """Keeps colours as they are while there are no more than 256; else takes the nearest of a cube.

    Colours are collected from picture to picture, so that drawings with few colours share one
    palette. A picture that brings too many begins a new one; one that has too many by itself gets 8
    steps of red and green and 4 of blue, dithered.
    """

    def __init__(self) -> None:
        self._index = np.zeros(1 << 24, np.uint16)
        """By colour: its place in the palette + 1; pages that are never touched take no memory."""
        self._known = np.empty(0, np.uint32)

    def apply(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Returns `[y, x]` indices and the palette `[256, argb]` of `[y, x, rgb]` pixels."""
        wide = pixels.astype(np.uint32)
        colours = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
        found = self._index[colours]
        if not found.all():
            new = np.unique(colours[found == 0])
            if len(self._known) + len(new) > _MOST:
                self._forget()
                new = np.unique(colours)
            if len(new) > _MOST:
                return _of_cube(pixels)
            self._learn(new)
            found = self._index[colours]
        return (found - 1).astype(np.uint8), self._palette()

    def _forget(self) -> None:
        self._index[self._known] = 0
        self._known = np.empty(0, np.uint32)

    def _learn(self, new: NDArray[np.uint32]) -> None:
        first = len(self._known) + 1
        self._index[new] = np.arange(first, first + len(new), dtype=np.uint16)
        self._known = np.concatenate([self._known, new])

    def _palette(self) -> NDArray[np.uint8]:
        palette = np.full((_MOST, 4), 255, np.uint8)
        known = self._known
        palette[: len(known), 1:] = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=-1)
        return palette


def _of_cube(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    indices = np.asarray(frame.reformat(format="rgb8").to_ndarray(), np.uint8)
    place = np.arange(_MOST)
    steps = [(place >> 5) * 255 / 7, (place >> 2 & 7) * 255 / 7, (place & 3) * 255 / 3]
    palette = np.stack([np.full(_MOST, 255.0), *steps], axis=-1)
    return indices, np.rint(palette).astype(np.uint8)
