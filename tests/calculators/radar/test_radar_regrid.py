import numpy as np
import pytest

from flowlace.calculators.radar.radar_regrid import RadarRegridCalculator, RadarRegridOptions
from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.testing.run_calculator import run_calculator
from tests.calculators.radar.made_grids import grid, packet


def regrid(source: RadarGrid, extent: Extent, pixel_size: float, projection: str = "") -> RadarGrid:
    options = RadarRegridOptions(projection=projection, pixel_size=pixel_size, **extent._asdict())
    run = run_calculator(RadarRegridCalculator, options, grids=[packet(source)])
    (made,) = run.payloads("regridded_grids")
    return made  # type: ignore[no-any-return]


def test_the_same_grid_is_the_same_rain() -> None:
    rain = np.random.default_rng(0).uniform(0, 9, (12, 16))
    made = regrid(grid(rain), Extent(0, 0, 16, 12), 1)
    assert made.rain_rate_mm_h == pytest.approx(rain, abs=1e-4)


def test_larger_pixels_are_means_of_what_is_known() -> None:
    rain = np.zeros((8, 8))
    rain[:4, :4] = np.array([[0, 4], [8, 12]]).repeat(2, 0).repeat(2, 1)
    rain[0, 7] = np.nan
    made = regrid(grid(rain), Extent(0, 0, 8, 8), 4)
    assert made.rain_rate_mm_h.tolist() == [[6, 0], [0, 0]]
    assert made.extent == (0, 0, 8, 8)


def test_the_amount_of_rain_stays() -> None:
    rain = np.random.default_rng(0).uniform(0, 9, (60, 60))
    assert regrid(grid(rain), Extent(0, 0, 60, 60), 3).rain_rate_mm_h.mean() == pytest.approx(
        rain.mean(), rel=1e-3
    )


def test_what_lies_outside_of_the_grid_is_not_known() -> None:
    made = regrid(grid(np.ones((8, 8))), Extent(-4, 0, 8, 8), 1)
    assert np.isnan(made.rain_rate_mm_h[:, :4]).all()
    assert (made.rain_rate_mm_h[:, 4:] == 1).all()


def test_another_projection_finds_the_same_place() -> None:
    pyproj = pytest.importorskip("pyproj")
    rain = np.zeros((100, 100))
    rain[20:24, 70:74] = 5  # its middle lies 22 km to the east and 28 km to the north
    source = grid(rain, extent=Extent(-50, -50, 50, 50))
    made = regrid(source, Extent(9.2, 49.6, 10.8, 50.4), 0.01, "+proj=longlat +datum=WGS84")
    rows, columns = np.nonzero(np.nan_to_num(made.rain_rate_mm_h) > 2.5)
    longitude, latitude = pyproj.Proj(source.projection)(22, 28, inverse=True)
    assert 9.2 + (columns.mean() + 0.5) * 0.01 == pytest.approx(longitude, abs=0.01)
    assert 50.4 - (rows.mean() + 0.5) * 0.01 == pytest.approx(latitude, abs=0.01)


def test_a_grid_without_a_projection_can_not_be_brought_to_another() -> None:
    with pytest.raises(FlowlaceError, match="projection is not known"):
        regrid(grid(np.ones((8, 8)), projection=""), Extent(0, 0, 1, 1), 0.1, "EPSG:4326")


def test_a_grid_without_a_size_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="needs pixel_size > 0"):
        regrid(grid(np.ones((8, 8))), Extent(0, 0, 8, 8), 0)
