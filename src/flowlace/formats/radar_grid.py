"""Rain as radar saw it: a grid of rain rates, where it lies on the earth, and when it was seen."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_EARTH_RADIUS_KM = 6371.0
_KM_A_DEGREE = math.pi / 180 * _EARTH_RADIUS_KM


class Quality(IntFlag):
    """What is known against a pixel; bits of `RadarGrid.quality`."""

    GOOD = 0
    SPECKLE = 1
    """Alone without rain around it: taken for clutter and removed."""
    RANGE = 2
    """Too far from the radars, or at the edge of what they cover."""
    CAPPED = 4
    """More than rain can be (hail, bright band); lowered to the cap."""
    CLUTTER = 8
    """Not rain: it has not the moments of rain, or it is always there; removed."""


class Extent(NamedTuple):
    """Outer edges of the outermost pixels, in the units of the projection."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RadarGrid:
    """One observation of rain on a regular grid.

    Raises:
        ValueError: the arrays do not fit each other or the extent is empty.
    """

    rain_rate_mm_h: NDArray[np.float32]
    """`[y, x]`, the northern row first, read-only; NaN where nothing was seen, 0 where dry."""
    projection: str
    """As PROJ text, `+proj=…`; empty where the file does not tell."""
    extent: Extent
    """Where the grid lies in that projection."""
    observed_us: int
    """Time of the observation in microseconds since 1970, UTC; also its packet's timestamp."""
    source: str = ""
    """Which product or file it came from."""
    quality: NDArray[np.uint8] | None = None
    """`[y, x]` bits of `Quality`; None where nothing is known against any pixel."""

    received_us: int | None = None
    """When a live source got it, as `observed_us`; None where it was not live."""

    def __post_init__(self) -> None:
        if self.rain_rate_mm_h.ndim != 2 or not self.rain_rate_mm_h.size:
            raise ValueError(f"rain must be [y, x], not of shape {self.rain_rate_mm_h.shape}")
        if self.quality is not None and self.quality.shape != self.rain_rate_mm_h.shape:
            raise ValueError(
                f"quality is of shape {self.quality.shape}, rain of {self.rain_rate_mm_h.shape}"
            )
        if not (self.extent.x_max > self.extent.x_min and self.extent.y_max > self.extent.y_min):
            raise ValueError(f"{self.extent} is empty; it needs x_min < x_max and y_min < y_max")
        object.__setattr__(self, "rain_rate_mm_h", _read_only(self.rain_rate_mm_h, np.float32))
        if self.quality is not None:
            object.__setattr__(self, "quality", _read_only(self.quality, np.uint8))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.rain_rate_mm_h.shape
        return rows, columns

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in the units of the projection."""
        rows, columns = self.shape
        extent = self.extent
        return (extent.x_max - extent.x_min) / columns, (extent.y_max - extent.y_min) / rows

    @property
    def pixel_km(self) -> float:
        """Side of a pixel in kilometres: the mean of width and height at the grid's middle.

        1 where the file does not tell the projection.
        """
        width, height = self.pixel_size
        if not self.projection:
            return 1.0
        if is_geographic(self.projection):
            latitude = math.radians((self.extent.y_min + self.extent.y_max) / 2)
            return _KM_A_DEGREE * math.sqrt(width * math.cos(latitude) * height)
        return math.sqrt(width * height) * (1.0 if "+units=km" in self.projection else 1e-3)

    @property
    def coverage(self) -> float:
        """Share of the pixels that were seen, 0..1."""
        unseen = np.count_nonzero(np.isnan(self.rain_rate_mm_h))
        return 1.0 - unseen / self.rain_rate_mm_h.size

    def lies_as(self, other: RadarGrid) -> bool:
        """Returns whether both have the same pixels, up to a hundredth of one."""
        if self.shape != other.shape or self.projection != other.projection:
            return False
        slack = 0.01 * min(self.pixel_size)
        return all(abs(a - b) <= slack for a, b in zip(self.extent, other.extent, strict=True))

    def cropped(self, wanted: Extent) -> RadarGrid:
        """Returns the pixels whose middles lie in an extent; nothing is resampled or copied.

        What the extent has outside of the grid is left out; ValueError where it misses the grid.
        """
        width, height = self.pixel_size
        rows, columns = self.shape
        x_min, y_max = self.extent.x_min, self.extent.y_max
        left = max(0, round((wanted.x_min - x_min) / width))
        right = min(columns, round((wanted.x_max - x_min) / width))
        top = max(0, round((y_max - wanted.y_max) / height))
        bottom = min(rows, round((y_max - wanted.y_min) / height))
        if left >= right or top >= bottom:
            raise ValueError(
                f"the extent x {wanted.x_min}..{wanted.x_max}, y {wanted.y_min}..{wanted.y_max} "
                f"misses the grid at {tuple(self.extent)} ({self.projection or 'no projection'})"
            )
        part = (slice(top, bottom), slice(left, right))
        return replace(
            self,
            rain_rate_mm_h=self.rain_rate_mm_h[part],
            quality=None if self.quality is None else self.quality[part],
            extent=Extent(
                x_min + left * width,
                y_max - bottom * height,
                x_min + right * width,
                y_max - top * height,
            ),
        )

    def with_rain(
        self, rain_rate_mm_h: NDArray[np.float32], quality: NDArray[np.uint8] | None = None
    ) -> RadarGrid:
        """Returns the same observation with other values; `quality` None keeps the old one."""
        return replace(
            self,
            rain_rate_mm_h=rain_rate_mm_h,
            quality=self.quality if quality is None else quality,
        )


def is_geographic(projection: str) -> bool:
    """Returns whether coordinates are degrees of longitude and latitude.

    >>> is_geographic("+proj=longlat +datum=WGS84")
    True
    """
    return re.search(r"\+proj=(longlat|latlong|lonlat|latlon)\b", projection) is not None


def _read_only(array: NDArray[np.generic], dtype: type[np.generic]) -> NDArray[np.generic]:
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view
