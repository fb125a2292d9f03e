"""Which pixels of a grid belong to a place: a point, a circle or a polygon."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, is_geographic
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import option, proto_options

_KM_A_DEGREE = math.pi / 180 * 6371.0
_SUBPIXEL_BITS = 4

Pixels = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns."""


@proto_options("flowlace.RainAlertCalculatorOptions.Point", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class PlacePoint:
    """A point, by degrees or in the units of the grid's projection."""

    longitude: float | None = option(1, "double")
    latitude: float | None = option(2, "double")
    x: float | None = option(3, "double")
    y: float | None = option(4, "double")


@proto_options("flowlace.RainAlertCalculatorOptions.Place", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class RainPlace:
    """A place to watch: a point, what lies around it, or a polygon."""

    name: str = option(1)
    """As alerts call it."""

    longitude: float | None = option(2, "double")
    """In degrees, east is positive; with `latitude`."""
    latitude: float | None = option(3, "double")
    x: float | None = option(4, "double")
    """Instead of degrees: in the units of the grid's projection; with `y`."""
    y: float | None = option(5, "double")

    radius_km: float = option(6, "double")
    """Pixels belong to the place whose middles are at most so far away; 0 is the pixel itself."""

    corner: tuple[PlacePoint, ...] = option(7)
    """Instead of a point: the corners of a polygon, three or more."""

    def problem(self) -> str | None:
        """Returns what is wrong with it, or None."""
        if not self.name:
            return "a place has no name"
        if self.corner and (_kind(self) or self.radius_km):
            return f"place {self.name!r} has corners and a point; give one of them"
        if self.corner and len(self.corner) < 3:
            return f"place {self.name!r} has {len(self.corner)} corners; a polygon needs 3"
        points: Sequence[PlacePoint | RainPlace] = self.corner or [self]
        if any(_kind(one) not in ("degrees", "xy") for one in points):
            return f"place {self.name!r} needs longitude and latitude, or x and y"
        if not 0 <= self.radius_km < math.inf:
            return f"place {self.name!r} has radius_km {self.radius_km:g}; set 0 or more"
        return None


def place_pixels(
    place: RainPlace, shape: tuple[int, int], projection: str, extent: Extent
) -> Pixels:
    """Returns the rows and columns of a place's pixels, at least one.

    Raises:
        FlowlaceError: it lies outside of the grid, or degrees can't be brought to it.
    """
    points: Sequence[PlacePoint | RainPlace] = place.corner or [place]
    pixels = np.array([_pixel(place, one, shape, projection, extent) for one in points])
    if place.corner:
        inside = _polygon(pixels, shape)
    else:
        inside = _circle(pixels[0], place.radius_km, _pixel_km(shape, projection, extent), shape)
    if not inside.any():
        raise FlowlaceError(
            f"place {place.name!r} lies outside of the grid, which has x {extent.x_min:g}.."
            f"{extent.x_max:g} and y {extent.y_min:g}..{extent.y_max:g} "
            f"({projection or 'no projection'})"
        )
    rows, columns = np.nonzero(inside)
    return rows, columns


def _kind(point: PlacePoint | RainPlace) -> str:
    given = [one is not None for one in (point.longitude, point.latitude, point.x, point.y)]
    kinds = {(True, True, False, False): "degrees", (False, False, True, True): "xy"}
    return kinds.get((given[0], given[1], given[2], given[3]), "half" if any(given) else "")


def _pixel(
    place: RainPlace,
    point: PlacePoint | RainPlace,
    shape: tuple[int, int],
    projection: str,
    extent: Extent,
) -> tuple[float, float]:
    """Returns column and row; whole numbers are the middles of pixels."""
    if _kind(point) == "degrees":
        x, y = _projected(place, point, projection, extent)
    else:
        x, y = float(point.x or 0), float(point.y or 0)
    rows, columns = shape
    column = (x - extent.x_min) / (extent.x_max - extent.x_min) * columns - 0.5
    row = (extent.y_max - y) / (extent.y_max - extent.y_min) * rows - 0.5
    return column, row


def _projected(
    place: RainPlace, point: PlacePoint | RainPlace, projection: str, extent: Extent
) -> tuple[float, float]:
    longitude, latitude = float(point.longitude or 0), float(point.latitude or 0)
    if is_geographic(projection):
        is_beyond = extent.x_max > 180 and longitude < extent.x_min
        return longitude + 360 * is_beyond, latitude
    if not projection:
        raise FlowlaceError(
            f"place {place.name!r} is given in degrees, but the radar's files do not tell the "
            "projection; give x and y"
        )
    try:
        import pyproj
    except ImportError as error:
        raise FlowlaceError(
            f"place {place.name!r} is given in degrees, which needs pyproj on this grid; "
            "install it with: pip install 'flowlace[radar]'"
        ) from error
    crs = pyproj.CRS.from_user_input(projection)
    transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = transformer.transform(longitude, latitude)
    return float(x), float(y)


def _pixel_km(shape: tuple[int, int], projection: str, extent: Extent) -> tuple[float, float]:
    rows, columns = shape
    across = (extent.x_max - extent.x_min) / columns
    down = (extent.y_max - extent.y_min) / rows
    if is_geographic(projection):
        middle = math.radians((extent.y_min + extent.y_max) / 2)
        return across * _KM_A_DEGREE * math.cos(middle), down * _KM_A_DEGREE
    metres = 1.0 if not projection or "+units=km" in projection else 1e-3
    return across * metres, down * metres


def _circle(
    middle: NDArray[np.float64], radius_km: float, pixel_km: tuple[float, float],
    shape: tuple[int, int],
) -> NDArray[np.bool_]:  # fmt: skip
    column, row = (np.arange(size) for size in shape[::-1])
    across = ((column - middle[0]) * pixel_km[0]) ** 2
    down = ((row - middle[1]) * pixel_km[1]) ** 2
    inside: NDArray[np.bool_] = down[:, None] + across[None, :] <= radius_km**2
    if not np.isfinite(middle).all():
        return np.zeros(shape, bool)
    nearest = np.rint(middle).astype(int)
    if 0 <= nearest[0] < shape[1] and 0 <= nearest[1] < shape[0]:
        inside[nearest[1], nearest[0]] = True
    return inside


def _polygon(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    if not np.isfinite(corners).all() or np.abs(corners).max() > 2**20:
        return np.zeros(shape, bool)
    inside = np.zeros(shape, np.uint8)
    fixed = np.rint(corners * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(inside, [fixed], 1, shift=_SUBPIXEL_BITS)
    return inside.astype(bool)
