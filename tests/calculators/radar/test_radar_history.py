import numpy as np
import pytest

from flowlace.calculators.radar.radar_history import RadarHistoryCalculator, RadarHistoryOptions
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.calculators.radar.made_grids import grid, minutes_of, packet

DRY = np.zeros((4, 4))


def run(grids: list[RadarGrid], **options: object) -> CalculatorRun:
    made = RadarHistoryOptions(**options)  # type: ignore[arg-type]
    return run_calculator(RadarHistoryCalculator, made, grids=[packet(one) for one in grids])


def histories(done: CalculatorRun) -> list[list[float]]:
    return [
        minutes_of([one.observed_us for one in history]) for history in done.payloads("histories")
    ]


def test_each_observation_comes_with_those_of_the_window() -> None:
    done = run([grid(DRY, one) for one in (0, 5, 10, 15)], window_minutes=10)
    assert histories(done) == [[0], [0, 5], [0, 5, 10], [5, 10, 15]]
    assert minutes_of(done.timestamps("histories")) == [0, 5, 10, 15]


def test_missing_observations_are_tolerated() -> None:
    done = run([grid(DRY, one) for one in (0, 5, 20, 25)], window_minutes=30)
    assert histories(done)[-1] == [0, 5, 20, 25]


def test_after_a_long_gap_the_history_starts_anew() -> None:
    done = run([grid(DRY, one) for one in (0, 5, 40, 45)], window_minutes=120, max_gap_minutes=30)
    assert histories(done)[-1] == [40, 45]
    assert done.counters["gaps"] == 1


def test_another_grid_starts_anew() -> None:
    done = run([grid(DRY, 0), grid(np.zeros((4, 5)), 5)])
    assert histories(done) == [[0], [5]]
    assert done.counters["grid_changes"] == 1


def test_nothing_comes_before_there_are_enough() -> None:
    done = run([grid(DRY, one) for one in (0, 5, 10)], min_frames=3)
    assert histories(done) == [[0, 5, 10]]


def test_short_steps_leave_no_more_than_up_to_the_first_that_is_old_enough() -> None:
    done = run([grid(DRY, one) for one in range(0, 32, 2)], window_minutes=30, enough_minutes=20)
    assert histories(done)[-1] == list(range(10, 32, 2))


def test_after_a_missing_one_the_next_older_is_kept() -> None:
    done = run([grid(DRY, one) for one in (0, 4, 8, 10, 20, 26, 30)], enough_minutes=20)
    assert histories(done)[-1] == [10, 20, 26, 30]
    done = run([grid(DRY, one) for one in (0, 4, 8, 12, 20, 26, 30)], enough_minutes=20)
    assert histories(done)[-1] == [8, 12, 20, 26, 30]


def test_long_steps_leave_at_least_four() -> None:
    done = run([grid(DRY, one) for one in (0, 10, 20, 30, 40)], enough_minutes=20)
    assert histories(done)[-1] == [10, 20, 30, 40]


def test_what_is_against_single_pixels_is_left_out() -> None:
    known = grid(DRY, 0).with_rain(DRY.astype(np.float32), np.ones(DRY.shape, np.uint8))
    (history,) = run([known]).payloads("histories")
    assert history[0].quality is None
    assert np.shares_memory(history[0].rain_rate_mm_h, known.rain_rate_mm_h)


def test_a_negative_time_that_is_enough_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="needs enough_minutes of 0 or more"):
        run([], enough_minutes=-1)


def test_a_window_without_a_length_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="needs window_minutes > 0"):
        run([], window_minutes=0)
