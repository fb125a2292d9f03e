import numpy as np
import pytest

from flowlace.nowcasting.extrapolation import extrapolate
from flowlace.nowcasting.nowcast import nowcast
from flowlace.sources.registry import open_source
from flowlace.sources.source import SourceError
from flowlace.sources.testsrc.storm import StormOptions, StormScene, StormSource
from tests.nowcasting.made_rain import uniform_motion


def test_observations_come_step_by_step() -> None:
    with open_source("testsrc:storm?minutes=20&step_minutes=10&seed=4") as source:
        frames = list(source)
    steps = np.diff([one.timestamp_us for one in frames])
    assert steps.tolist() == [600_000_000, 600_000_000]
    assert frames[0].payload.observed_us == frames[0].timestamp_us
    assert source.info.frame_count == 3


def test_the_same_seed_is_the_same_day_and_another_is_not() -> None:
    days = [StormScene(StormOptions(seed=seed)).rain_at(10) for seed in (1, 1, 2)]
    assert np.array_equal(days[0], days[1])
    assert not np.array_equal(days[0], days[2])


def test_what_is_seen_is_the_truth_but_for_the_hole() -> None:
    source = StormSource(StormOptions(minutes=10))
    frames = list(source)
    seen = frames[2].payload.rain_rate_mm_h
    truth = source.scene.rain_at(10)
    is_seen = np.isfinite(seen)
    assert np.array_equal(seen[is_seen], truth[is_seen])
    assert 0.9 < is_seen.mean() < 1


def test_rain_moves_with_the_wind() -> None:
    scene = StormScene(StormOptions(life_minutes=0, turn_degrees_h=0, density=0.3, hole=False))
    dx, dy = scene.motion_km_a_minute(0)
    assert np.hypot(dx, dy) == pytest.approx(0.75)
    start, end = scene.rain_at(0), scene.rain_at(20)
    moved = extrapolate(start, uniform_motion(dx, dy), [20])[0]
    is_known = np.isfinite(moved)
    assert np.corrcoef(moved[is_known], end[is_known])[0, 1] > 0.9
    assert np.corrcoef(start.ravel(), end.ravel())[0, 1] < 0.5


def test_cells_grow_and_decay() -> None:
    scene = StormScene(StormOptions(speed_km_h=0, life_minutes=60))
    rain = np.stack([scene.rain_at(one) for one in range(0, 60, 10)])
    largest = rain.max(axis=0)
    assert (rain.min(axis=0) < 0.3 * largest)[largest > 5].mean() > 0.5


def test_extrapolation_beats_persistence_on_the_exact_truth() -> None:
    scene = StormScene(StormOptions(hole=False))
    frames = np.stack([scene.rain_at(one) for one in (0, 5, 10, 15)])
    truth = scene.rain_at(45)
    made, still = (nowcast(frames, 5, [30], one)[0] for one in ("extrapolation", "persistence"))
    is_known = np.isfinite(made)
    assert np.abs(made - truth)[is_known].mean() < 0.6 * np.abs(still - truth)[is_known].mean()


def test_it_never_dries_out() -> None:
    scene = StormScene(StormOptions())
    assert all((scene.rain_at(one) >= 0.1).mean() > 0.05 for one in range(0, 3000, 250))


def test_without_an_end_it_goes_on() -> None:
    source = StormSource(StormOptions(minutes=0, width=32, height=32))
    assert source.info.frame_count is None
    assert all(source.read() is not None for _ in range(50))


@pytest.mark.parametrize("options", ["width=8", "step_minutes=0", "minutes=-1"])
def test_options_that_make_no_sense_are_told(options: str) -> None:
    with pytest.raises(SourceError, match=r"must be"):
        open_source(f"testsrc:storm?{options}")
