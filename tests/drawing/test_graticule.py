import sys

import numpy as np
import pyproj
import pytest

from flowlace.drawing.graticule import graticule_of
from flowlace.drawing.map_place import MapPlace
from flowlace.formats.radar_grid import Extent

LAEA = "+proj=laea +lat_0=52 +lon_0=10 +ellps=GRS80 +units=m"
PLACE = MapPlace((600, 600), LAEA, Extent(-3e5, -3e5, 3e5, 3e5), 600)


def test_degrees_give_straight_lines_at_round_numbers() -> None:
    place = MapPlace((400, 600), "+proj=longlat", Extent(-1, 50, 5, 54), 600)
    found = graticule_of(place)
    assert [label for _, label in found.bottom_labels] == ["1W", "0", "1E", "2E", "3E", "4E", "5E"]
    assert [label for _, label in found.left_labels] == ["50N", "51N", "52N", "53N", "54N"]
    assert found.bottom_labels[1][0] == pytest.approx(place.width / 6)
    assert found.left_labels[1][0] == pytest.approx(place.height * 3 / 4, abs=1)
    assert np.ptp(found.lines[0][:, 0]) == 0


def test_lines_of_a_projection_lie_where_pyproj_says() -> None:
    found = graticule_of(PLACE)
    to_degrees = pyproj.Transformer.from_crs(LAEA, "EPSG:4326", always_xy=True)
    column, row = found.lines[0].T
    longitude, _ = to_degrees.transform((column - 300) * 1000, (300 - row) * 1000)
    assert np.ptp(longitude) == pytest.approx(0, abs=1e-6)
    assert longitude[0] == pytest.approx(round(longitude[0]), abs=1e-6)


def test_the_middle_meridian_of_a_projection_is_straight_and_labelled_in_the_middle() -> None:
    labels = {label: place for place, label in graticule_of(PLACE).bottom_labels}
    assert labels["10E"] == pytest.approx(300)


@pytest.mark.parametrize("projection", ["", "+proj=nonsense"])
def test_without_a_projection_that_is_known_there_are_no_lines(projection: str) -> None:
    assert graticule_of(MapPlace((9, 9), projection, Extent(0, 0, 9, 9), 90)).lines == ()


def test_a_grid_that_reaches_beyond_the_earth_has_the_lines_there_are() -> None:
    geos = "+proj=geos +h=35785831 +lon_0=0 +ellps=WGS84"
    whole = MapPlace((500, 500), geos, Extent(-5.6e6, -5.6e6, 5.6e6, 5.6e6), 500)
    assert len(graticule_of(whole).lines) >= 4
    space = MapPlace((9, 9), geos, Extent(5.5e6, 5.5e6, 5.6e6, 5.6e6), 90)
    assert graticule_of(space).lines == ()


def test_without_pyproj_only_degrees_have_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyproj", None)
    assert graticule_of(PLACE).lines == ()
    assert graticule_of(MapPlace((9, 9), "+proj=longlat", Extent(0, 0, 9, 9), 90)).lines
