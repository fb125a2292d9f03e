"""Lines of longitude and latitude on a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.drawing.map_place import MapPlace
from flowlace.formats.radar_grid import is_geographic

_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_MOST_LINES = 6
_POINTS = 61

Transform = Callable[[Any, Any], tuple[Any, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Graticule:
    """Lines and labels in pixels of the map."""

    lines: tuple[NDArray[np.float64], ...] = ()
    """`[point, xy]` each."""
    bottom_labels: tuple[tuple[float, str], ...] = ()
    """Columns where meridians leave the map at the bottom, with their longitude."""
    left_labels: tuple[tuple[float, str], ...] = ()
    """Rows where parallels leave it on the left, with their latitude."""


def graticule_of(place: MapPlace) -> Graticule:
    """Returns the lines for a map; none where the projection is not known.

    Projections other than longitude and latitude need pyproj; without it there are no lines.
    """
    transforms = _transforms(place.projection)
    if transforms is None:
        return Graticule()
    to_degrees, from_degrees = transforms
    west, east, south, north = _bounds(place, to_degrees)
    if not all(np.isfinite([west, east, south, north])):
        return Graticule()
    lines, bottom, left = [], [], []
    latitudes, longitudes = np.linspace(south, north, _POINTS), np.linspace(west, east, _POINTS)
    for longitude in _round_values(west, east):
        line = _line(place, from_degrees, np.full(_POINTS, longitude), latitudes)
        lines.append(line)
        bottom += _crossing(line, 1, place.height, place.width, _named(longitude, "EW"))
    for latitude in _round_values(south, north):
        line = _line(place, from_degrees, longitudes, np.full(_POINTS, latitude))
        lines.append(line)
        left += _crossing(line, 0, 0.0, place.height, _named(latitude, "NS"))
    return Graticule(tuple(lines), tuple(bottom), tuple(left))


def _transforms(projection: str) -> tuple[Transform, Transform] | None:
    if not projection:
        return None
    if is_geographic(projection):
        return (lambda x, y: (x, y)), (lambda x, y: (x, y))
    try:
        import pyproj
    except ImportError:
        return None
    try:
        crs = pyproj.CRS.from_user_input(projection)
        both = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    except pyproj.exceptions.ProjError:
        return None

    def back(longitude: Any, latitude: Any) -> tuple[Any, Any]:
        return both.transform(longitude, latitude, direction="INVERSE")

    return both.transform, back


def _bounds(place: MapPlace, to_degrees: Transform) -> tuple[float, float, float, float]:
    extent = place.extent
    x, y = np.meshgrid(
        np.linspace(extent.x_min, extent.x_max, 21), np.linspace(extent.y_min, extent.y_max, 21)
    )
    longitude, latitude = (np.asarray(one) for one in to_degrees(x, y))
    is_there = np.isfinite(longitude) & np.isfinite(latitude)
    if not is_there.any():
        return np.nan, np.nan, np.nan, np.nan
    longitude, latitude = longitude[is_there], latitude[is_there]
    return longitude.min(), longitude.max(), latitude.min(), latitude.max()


def _round_values(low: float, high: float) -> NDArray[np.float64]:
    step = next((one for one in _STEPS if (high - low) / one <= _MOST_LINES), 60.0)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _line(
    place: MapPlace, from_degrees: Transform, longitude: Any, latitude: Any
) -> NDArray[np.float64]:
    x, y = from_degrees(longitude, latitude)
    line = np.stack(place.pixels_of(np.asarray(x), np.asarray(y)), axis=-1)
    is_near = np.isfinite(line).all(axis=1) & (np.abs(line) < 10 * max(place.width, 100)).all(
        axis=1
    )
    return line[is_near]


def _crossing(
    line: NDArray[np.float64], axis: int, at: float, size: int, label: str
) -> list[tuple[float, str]]:
    """Returns where a line crosses `at` along an axis, if that is on the map."""
    if len(line) < 2:
        return []
    order = np.argsort(line[:, axis])
    along, across = line[order, axis], line[order, 1 - axis]
    if not along[0] - 1 <= at <= along[-1] + 1:
        return []
    place = float(np.interp(at, along, across))
    return [(place, label)] if 0 <= place <= size else []


def _named(degrees: float, sides: str) -> str:
    side = sides[0] if degrees > 0 else sides[1]
    return f"{abs(degrees):g}{side if degrees else ''}"
