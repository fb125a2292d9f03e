"""Where the pixels of a grid lie on a map picture: size, proportions, kilometres, coordinates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, is_geographic

_KM_A_DEGREE = math.pi / 180 * 6371.0
_SLACK = 1e-6
_SHOWN_STRETCH = 0.02
"""Pixels that are square up to this are drawn square."""


class MapPlace:
    """Brings a grid to a map whose longer side is about `size_px`.

    Small grids are enlarged by a whole factor, large ones reduced by one; degrees are given the
    proportions they have in kilometres at the middle of the grid.

    Args:
        shape: rows and columns of the grid.
        projection: PROJ text; empty where it is not known.
        extent: in units of the projection.
        size_px: of the longer side, if the factor allows it.
    """

    def __init__(
        self, shape: tuple[int, int], projection: str, extent: Extent, size_px: int
    ) -> None:
        self.shape, self.projection, self.extent = shape, projection, extent
        across, down = self._pixel_km()
        stretch = 1.0 if abs(across / down - 1) < _SHOWN_STRETCH else across / down
        # The longer side of a pixel is stretched: to shrink the other would lose pixels.
        wide, high = max(1.0, stretch), max(1.0, 1 / stretch)
        longest = max(shape[1] * wide, shape[0] * high)
        self.reduction = max(1, round(longest / size_px))
        """Side in pixels of the squares of the grid that become one."""
        scale = max(1, round(size_px / longest)) / self.reduction
        self._scale = scale * wide, scale * high
        self.width = math.ceil(shape[1] * self._scale[0] - _SLACK)
        self.height = math.ceil(shape[0] * self._scale[1] - _SLACK)
        self.km_a_pixel = across / self._scale[0] if projection else None
        """None where the projection is not known."""
        self._columns = self._sources(self.width, 0, shape[1])
        self._rows = self._sources(self.height, 1, shape[0])

    def on_map(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns `[y, x]` of the map; a pixel is the largest known of those it stands for."""
        reduced = _largest(values, self.reduction)
        return reduced[self._rows[:, None], self._columns[None, :]]

    def pixels_of(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns where coordinates of the projection lie on the map, in its pixels."""
        extent = self.extent
        width, height = self.shape[1] * self._scale[0], self.shape[0] * self._scale[1]
        column = (x - extent.x_min) / (extent.x_max - extent.x_min) * width
        row = (extent.y_max - y) / (extent.y_max - extent.y_min) * height
        return column, row

    def _pixel_km(self) -> tuple[float, float]:
        """Returns width and height of a pixel of the grid; 1, 1 where that is not known."""
        extent, (rows, columns) = self.extent, self.shape
        if not self.projection:
            return 1.0, 1.0
        across = (extent.x_max - extent.x_min) / columns
        down = (extent.y_max - extent.y_min) / rows
        if is_geographic(self.projection):
            middle = math.radians((extent.y_min + extent.y_max) / 2)
            return across * _KM_A_DEGREE * max(math.cos(middle), 0.05), down * _KM_A_DEGREE
        metres = 1.0 if "+units=km" in self.projection else 1e-3
        return across * metres, down * metres

    def _sources(self, size: int, axis: int, largest: int) -> NDArray[np.intp]:
        places = (np.arange(size) + 0.5) / self._scale[axis]
        return np.minimum(places.astype(np.intp), largest - 1) // self.reduction


def _largest(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Returns the largest known value of each square; NaN where none of it is known.

    The mean would hide a shower that is smaller than a map's pixel.
    """
    for _ in range(2 if factor > 1 else 0):
        found = values[::factor].copy()
        for start in range(1, factor):
            part = values[start::factor]
            np.fmax(found[: len(part)], part, out=found[: len(part)])
        values = found.T
    return values
