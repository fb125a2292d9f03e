import numpy as np
import pytest

from flowlace.calculators.radar.radar_crop import RadarCropCalculator, RadarCropOptions
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.testing.run_calculator import run_calculator
from tests.calculators.radar.made_grids import grid, packet

RAIN = np.arange(60).reshape(6, 10)


def crop(x_min: float, y_min: float, x_max: float, y_max: float) -> RadarGrid:
    options = RadarCropOptions(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
    run = run_calculator(RadarCropCalculator, options, grids=[packet(grid(RAIN))])
    (made,) = run.payloads("cropped_grids")
    return made  # type: ignore[no-any-return]


def test_keeps_the_pixels_of_the_extent_from_the_north_down() -> None:
    made = crop(2, 1, 5, 3)
    assert made.rain_rate_mm_h.tolist() == [[32, 33, 34], [42, 43, 44]]
    assert made.extent == (2, 1, 5, 3)


def test_what_lies_outside_of_the_grid_is_left_out() -> None:
    assert crop(8, -10, 100, 2).extent == (8, 0, 10, 2)


def test_the_extent_is_moved_to_whole_pixels() -> None:
    assert crop(2.2, 1.1, 4.9, 3.3).extent == (2, 1, 5, 3)


def test_nothing_is_copied() -> None:
    source = grid(RAIN)
    options = RadarCropOptions(x_min=0, y_min=2, x_max=10, y_max=4)
    run = run_calculator(RadarCropCalculator, options, grids=[packet(source)])
    (made,) = run.payloads("cropped_grids")
    assert np.shares_memory(made.rain_rate_mm_h, source.rain_rate_mm_h)


def test_an_extent_that_misses_the_grid_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match=r"x 20\.0?\.\..*misses the grid at \(0, 0, 10, 6\)"):
        crop(20, 1, 30, 3)


def test_an_empty_extent_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="empty extent"):
        crop(5, 1, 5, 3)
