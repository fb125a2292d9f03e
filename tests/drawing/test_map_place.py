import numpy as np
import pytest

from flowlace.drawing.map_place import MapPlace
from flowlace.formats.radar_grid import Extent

KILOMETRES = "+proj=laea +lat_0=50 +lon_0=10 +units=km"
DEGREES = "+proj=longlat +datum=WGS84"


def place(rows: int, columns: int, size_px: int = 600) -> MapPlace:
    return MapPlace((rows, columns), KILOMETRES, Extent(0, 0, columns, rows), size_px)


@pytest.mark.parametrize(
    ("rows", "columns", "width", "height"),
    [(200, 300, 600, 400), (3500, 7000, 584, 292), (512, 512, 512, 512), (1, 1, 600, 600)],
)
def test_grids_are_enlarged_or_reduced_by_whole_factors(
    rows: int, columns: int, width: int, height: int
) -> None:
    made = place(rows, columns)
    assert (made.width, made.height) == (width, height)


def test_enlarging_repeats_pixels() -> None:
    values = np.array([[1, 2], [3, 4]], np.float32)
    found = MapPlace((2, 2), KILOMETRES, Extent(0, 0, 2, 2), 4).on_map(values)
    assert found.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


def test_reducing_keeps_the_largest_known_value() -> None:
    nan = np.nan
    values = np.array([[1, 2, nan, nan, 5], [3, 0, nan, nan, 0], [0, nan, 7, 0, nan]], np.float32)
    found = MapPlace((3, 5), KILOMETRES, Extent(0, 0, 5, 3), 3).on_map(values)
    np.testing.assert_array_equal(found, np.array([[3, nan, 5], [0, 7, nan]]))


@pytest.mark.parametrize("projection", [KILOMETRES, DEGREES])
@pytest.mark.parametrize("pixel", [(777, 123), (0, 0), (1003, 1006), (500, 1006)])
def test_no_shower_is_lost(pixel: tuple[int, int], projection: str) -> None:
    values = np.zeros((1004, 1007), np.float32)
    values[pixel] = 42
    assert MapPlace((1004, 1007), projection, Extent(5, 40, 15, 50), 100).on_map(values).max() == 42


def test_degrees_have_the_proportions_of_kilometres() -> None:
    made = MapPlace((500, 500), DEGREES, Extent(0, 57.5, 5, 62.5), 1000)
    assert made.width == 500
    assert made.height == pytest.approx(500 / np.cos(np.radians(60)), abs=1)
    assert made.km_a_pixel == pytest.approx(5 * 111.195 / made.height, rel=1e-3)


def test_coordinates_lie_on_the_map_as_the_pixels_do() -> None:
    made = place(200, 300)
    column, row = made.pixels_of(np.array([0.0, 150, 300]), np.array([200.0, 100, 0]))
    assert column.tolist() == [0, 300, 600]
    assert row.tolist() == [0, 200, 400]


def test_without_a_projection_there_is_no_scale() -> None:
    assert MapPlace((9, 9), "", Extent(0, 0, 9, 9), 90).km_a_pixel is None
