import sys

import numpy as np
import pyproj
import pytest

from flowlace.calculators.radar.place_pixels import PlacePoint, RainPlace, place_pixels
from flowlace.formats.radar_grid import Extent
from flowlace.framework.errors import FlowlaceError

LAEA = "+proj=laea +lat_0=52 +lon_0=5 +ellps=GRS80 +units=m"
EXTENT = Extent(-100_000, -100_000, 100_000, 100_000)
DEGREES = "+proj=longlat +datum=WGS84"


def pixels(
    place: RainPlace, projection: str = LAEA, extent: Extent = EXTENT
) -> set[tuple[int, int]]:
    rows, columns = place_pixels(place, (200, 200), projection, extent)
    return {(int(row), int(column)) for row, column in zip(rows, columns, strict=True)}


def test_a_point_is_the_pixel_it_lies_in() -> None:
    assert pixels(RainPlace(name="a", x=10_300, y=20_700)) == {(79, 110)}


def test_degrees_are_brought_to_the_projection() -> None:
    to_degrees = pyproj.Transformer.from_crs(LAEA, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(-70_500, 30_500)
    place = RainPlace(name="a", longitude=longitude, latitude=latitude)
    assert pixels(place) == {(69, 29)}


def test_on_a_grid_of_degrees_they_are_taken_as_they_are() -> None:
    place = RainPlace(name="a", longitude=5.005, latitude=52.995)
    assert pixels(place, DEGREES, Extent(5, 51, 7, 53)) == {(0, 0)}


def test_a_grid_of_longitudes_up_to_360_is_understood() -> None:
    place = RainPlace(name="a", longitude=-99.5, latitude=40.5)
    found = place_pixels(place, (2, 4), DEGREES, Extent(260, 40, 264, 42))
    assert (found[0].tolist(), found[1].tolist()) == ([1], [0])


def test_a_circle_has_the_pixels_whose_middles_lie_in_it() -> None:
    found = pixels(RainPlace(name="a", x=500, y=500, radius_km=20))
    assert len(found) == pytest.approx(np.pi * 20**2, rel=0.01)
    assert (99, 100 + 19) in found
    assert (99, 100 + 21) not in found


def test_a_circle_on_degrees_is_one_of_kilometres() -> None:
    place = RainPlace(name="a", longitude=10, latitude=60, radius_km=50)
    rows, columns = place_pixels(place, (400, 400), DEGREES, Extent(8, 58, 12, 62))
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(2, rel=0.05)
    assert np.ptp(rows) * 1.112 == pytest.approx(100, abs=2)


def test_a_polygon_has_what_lies_in_it() -> None:
    corners = [(-50_000, -50_000), (50_000, -50_000), (-50_000, 50_000)]
    place = RainPlace(name="a", corner=tuple(PlacePoint(x=x, y=y) for x, y in corners))
    found = pixels(place)
    assert len(found) == pytest.approx(100 * 100 / 2, rel=0.04)  # with those at the edge
    assert (140, 60) in found
    assert (60, 140) not in found


def test_a_polygon_smaller_than_a_pixel_is_that_pixel() -> None:
    corners = [(400, 400), (600, 400), (500, 600)]
    place = RainPlace(name="a", corner=tuple(PlacePoint(x=x, y=y) for x, y in corners))
    assert pixels(place) == {(99, 100)}


def test_a_place_partly_outside_is_cut_off() -> None:
    found = pixels(RainPlace(name="a", x=-105_000, y=500, radius_km=20))
    assert 0 < len(found) < np.pi * 400 / 2


@pytest.mark.parametrize(
    "place",
    [
        RainPlace(name="far", x=900_000, y=0),
        RainPlace(name="far", longitude=52.1, latitude=5.1, radius_km=5),
        RainPlace(name="far", longitude=float("nan"), latitude=5.1),
        RainPlace(name="far", corner=tuple(PlacePoint(x=9e5 + dx, y=dx**2) for dx in (0, 1, 2))),
    ],
)
def test_a_place_outside_of_the_grid_is_an_error(place: RainPlace) -> None:
    with pytest.raises(FlowlaceError, match=r"place 'far' lies outside of the grid, which has x"):
        pixels(place)


def test_degrees_need_to_know_the_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    place = RainPlace(name="a", longitude=5, latitude=52)
    with pytest.raises(FlowlaceError, match="do not tell the projection; give x and y"):
        pixels(place, "")
    monkeypatch.setitem(sys.modules, "pyproj", None)
    with pytest.raises(FlowlaceError, match=r"needs pyproj on this grid; .*flowlace\[radar\]"):
        pixels(place)


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (RainPlace(x=1, y=2), "a place has no name"),
        (RainPlace(name="a"), "place 'a' needs longitude and latitude, or x and y"),
        (RainPlace(name="a", longitude=1), "place 'a' needs longitude and latitude, or x and y"),
        (RainPlace(name="a", x=1, y=2, latitude=3), "place 'a' needs longitude and latitude"),
        (RainPlace(name="a", x=1, y=2, radius_km=-1), "place 'a' has radius_km -1; set 0 or more"),
        (RainPlace(name="a", corner=(PlacePoint(x=1, y=2),)), "has 1 corners; a polygon needs 3"),
        (RainPlace(name="a", x=1, y=2, corner=(PlacePoint(x=1, y=2),) * 3), "give one of them"),
    ],
)
def test_a_place_that_is_not_one_says_why(place: RainPlace, problem: str) -> None:
    assert problem in (place.problem() or "")
