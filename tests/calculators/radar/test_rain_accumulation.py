import numpy as np
import pytest

from flowlace.calculators.radar.rain_accumulation import (
    RainAccumulationCalculator,
    RainAccumulationOptions,
)
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.calculators.radar.made_grids import grid, minutes_of, packet


def run(grids: list[RadarGrid], **options: object) -> CalculatorRun:
    made = RainAccumulationOptions(**options)  # type: ignore[arg-type]
    return run_calculator(RainAccumulationCalculator, made, grids=[packet(one) for one in grids])


def amounts(done: CalculatorRun) -> list[float]:
    return [float(one.rain_mm[0, 0]) for one in done.payloads("amounts")]


def test_steady_rain_for_an_hour_is_its_rate() -> None:
    done = run([grid(np.full((2, 2), 6.0), one) for one in range(0, 71, 10)])
    assert amounts(done) == pytest.approx([6.0, 6.0])
    assert minutes_of(done.timestamps("amounts")) == [60, 70]
    first = done.payloads("amounts")[0]
    assert minutes_of([first.start_us, first.end_us]) == [0, 60]


def test_rain_that_grows_evenly_is_the_mean() -> None:
    done = run([grid(np.full((2, 2), one), one) for one in range(0, 61, 5)])
    assert amounts(done) == pytest.approx([30.0])


def test_steps_may_differ() -> None:
    done = run([grid(np.full((2, 2), 6.0), one) for one in (0, 2, 14, 30, 33, 50, 60)])
    assert amounts(done) == pytest.approx([6.0])


def test_a_window_may_begin_between_observations() -> None:
    done = run([grid(np.full((2, 2), 6.0), one) for one in (0, 20, 40, 65)], max_gap_minutes=30)
    assert amounts(done) == pytest.approx([6.0])


def test_a_short_gap_is_filled_and_a_long_one_is_not() -> None:
    minutes = [0, 10, 20, 30, 40, 50, 60]
    for missing, wanted in ((1, 6.0), (3, np.nan)):
        grids = [grid(np.full((2, 2), 6.0), one) for one in minutes]
        for one in range(2, 2 + missing):
            rain = np.full((2, 2), np.nan)
            grids[one] = grid(rain, minutes[one])
        done = run(grids, min_seen_share=0.6)
        assert amounts(done) == pytest.approx([wanted], nan_ok=True)


def test_time_between_distant_observations_is_not_known() -> None:
    done = run([grid(np.full((2, 2), 6.0), one) for one in (0, 10, 50, 60)])
    assert np.isnan(amounts(done)).all()


def test_another_grid_starts_anew() -> None:
    done = run([grid(np.ones((2, 2)), 0), grid(np.ones((2, 3)), 60)])
    assert amounts(done) == []
    assert done.counters["grid_changes"] == 1


def test_a_window_without_a_length_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="needs window_minutes > 0"):
        run([], window_minutes=0)
