import numpy as np
import pytest

from flowlace.calculators.radar.radar_quality_control import (
    RadarQualityControlCalculator,
    RadarQualityControlOptions,
)
from flowlace.formats.radar_grid import Quality, RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.calculators.radar.made_grids import grid, packet


def run(rain: np.ndarray, **options: object) -> tuple[RadarGrid, CalculatorRun]:
    done = run_calculator(
        RadarQualityControlCalculator,
        RadarQualityControlOptions(**options),  # type: ignore[arg-type]
        grids=[packet(grid(rain))],
    )
    return done.payloads("clean_grids")[0], done


def test_speckle_becomes_dry_and_rain_stays() -> None:
    rain = np.zeros((20, 20))
    rain[2, 2] = 5
    rain[10:13, 10:12] = 3
    clean, done = run(rain, min_area_px=4)
    assert clean.rain_rate_mm_h[2, 2] == 0
    assert (clean.rain_rate_mm_h[10:13, 10:12] == 3).all()
    assert clean.quality is not None
    assert clean.quality[2, 2] == Quality.SPECKLE
    assert clean.quality[10, 10] == Quality.GOOD
    assert done.counters["speckle_pixels"] == 1


def test_rain_that_touches_at_corners_is_one_area() -> None:
    clean, _ = run(np.eye(6) * 2, min_area_px=4)
    assert (np.diag(clean.rain_rate_mm_h) == 2).all()


def test_more_than_rain_can_be_is_lowered() -> None:
    clean, done = run(np.full((4, 4), 500.0), max_rate_mm_h=150)
    assert (clean.rain_rate_mm_h == 150).all()
    assert done.counters["capped_pixels"] == 16


def test_what_is_too_far_from_every_radar_is_not_seen() -> None:
    clean, _ = run(np.full((20, 100), 2.0), radar_x=(10.0, 90.0), radar_y=(10.0, 10.0),
                   max_range_km=20)  # fmt: skip
    assert np.isfinite(clean.rain_rate_mm_h[10, [0, 25, 75, 99]]).all()
    assert np.isnan(clean.rain_rate_mm_h[:, 50]).all()
    assert clean.quality is not None
    assert clean.quality[0, 50] == Quality.RANGE


def test_unknown_pixels_stay_unknown() -> None:
    rain = np.zeros((8, 8))
    rain[0] = np.nan
    clean, _ = run(rain)
    assert np.isnan(clean.rain_rate_mm_h[0]).all()


def test_the_input_is_not_changed() -> None:
    source = grid(np.full((4, 4), 500.0))
    run_calculator(RadarQualityControlCalculator, grids=[packet(source)])
    assert (source.rain_rate_mm_h == 500).all()


def test_a_grid_without_fault_goes_on_as_it_came() -> None:
    source = grid(np.full((8, 8), 2.0))
    done = run_calculator(RadarQualityControlCalculator, grids=[packet(source)])
    assert done.payloads("clean_grids")[0] is source


def test_marks_of_the_reader_are_kept() -> None:
    rain = np.full((8, 8), 2.0, np.float32)
    rain[0, 0] = 500
    marks = np.zeros((8, 8), np.uint8)
    marks[4, 4] = Quality.CLUTTER
    source = grid(rain).with_rain(rain, marks)
    done = run_calculator(RadarQualityControlCalculator, grids=[packet(source)])
    quality = done.payloads("clean_grids")[0].quality
    assert quality[4, 4] == Quality.CLUTTER
    assert quality[0, 0] == Quality.CAPPED
    assert source.quality is not None
    assert source.quality[0, 0] == Quality.GOOD


def test_what_is_always_wet_is_taken_away_once_it_is_known() -> None:
    rain = np.zeros((60, 60))
    rain[20:25, 30:34] = 3
    options = RadarQualityControlOptions(clutter_map_minutes=60)
    grids = [packet(grid(rain, minute)) for minute in range(0, 90, 5)]
    done = run_calculator(RadarQualityControlCalculator, options, grids=grids)
    clean = done.payloads("clean_grids")
    assert [float(one.rain_rate_mm_h.max()) for one in clean] == [3.0] * 12 + [0.0] * 6
    assert clean[-1].quality[20, 30] == Quality.CLUTTER
    assert clean[-1].quality[0, 0] == Quality.GOOD
    assert done.counters["clutter_pixels"] == 6 * 20


def test_a_negative_time_to_learn_clutter_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="needs clutter_map_minutes of 0 or more"):
        run(np.zeros((4, 4)), clutter_map_minutes=-1.0)


def test_every_radar_needs_both_coordinates() -> None:
    with pytest.raises(FlowlaceError, match="2 radar_x and 1 radar_y"):
        run(np.zeros((4, 4)), radar_x=(1.0, 2.0), radar_y=(1.0,))
