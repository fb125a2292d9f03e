from collections.abc import Iterator

import numpy as np
import pytest

from flowlace.calculators.radar.clutter_map import ClutterMap
from flowlace.formats.radar_grid import RadarGrid
from tests.calculators.radar.made_grids import grid

SHAPE = (80, 80)
MAST = (slice(38, 42), slice(38, 42))


def with_mast(rain: np.ndarray | None = None) -> np.ndarray:
    seen = np.zeros(SHAPE, np.float32) if rain is None else rain.astype(np.float32)
    seen[MAST] = 5
    return seen


def feed(clutter: ClutterMap, rain: np.ndarray, minutes: range) -> np.ndarray | None:
    found = None
    for minute in minutes:
        found = clutter.find(grid(rain, minute))
    return found


def shower(seed: int) -> Iterator[np.ndarray]:
    """Yields rain on a tenth of the area, elsewhere each time."""
    random = np.random.default_rng(seed)
    while True:
        yield np.where(random.uniform(size=(8, 8)) < 0.1, 4.0, 0.0).repeat(10, 0).repeat(10, 1)


def test_nothing_is_clutter_before_the_time_to_learn_is_over() -> None:
    clutter = ClutterMap(60)
    assert feed(clutter, with_mast(), range(0, 60, 5)) is None
    found = clutter.find(grid(with_mast(), 60))
    assert found is not None
    assert np.array_equal(found, with_mast() > 0)


def test_rain_that_comes_and_goes_is_no_clutter() -> None:
    clutter, showers = ClutterMap(60), shower(1)
    found = [clutter.find(grid(with_mast(next(showers)), minute)) for minute in range(0, 300, 5)]
    marks = np.stack([one for one in found if one is not None])
    assert marks[:, MAST[0], MAST[1]].mean() > 0.95
    assert marks.sum() == marks[:, MAST[0], MAST[1]].sum()


def test_rain_of_many_hours_over_everything_is_no_clutter() -> None:
    assert feed(ClutterMap(60), np.full(SHAPE, 2.0), range(0, 300, 5)) is None


def test_clutter_is_left_in_place_while_it_rains_around_it() -> None:
    clutter = ClutterMap(60)
    assert feed(clutter, with_mast(), range(0, 120, 5)) is not None
    assert clutter.find(grid(np.full(SHAPE, 3.0), 120)) is None


def test_clutter_that_is_gone_is_forgotten() -> None:
    clutter = ClutterMap(60)
    feed(clutter, with_mast(), range(0, 180, 5))
    assert feed(clutter, np.zeros(SHAPE), range(180, 200, 5)) is None


def test_what_was_not_seen_changes_nothing() -> None:
    clutter = ClutterMap(60)
    feed(clutter, with_mast(), range(0, 120, 5))
    feed(clutter, np.full(SHAPE, np.nan), range(120, 240, 5))
    found = clutter.find(grid(with_mast(), 240))
    assert found is not None
    assert found[MAST].all()


def test_the_share_is_an_exponential_mean_over_time() -> None:
    clutter = ClutterMap(100)
    feed(clutter, np.zeros(SHAPE), range(0, 41, 10))
    feed(clutter, with_mast(), range(50, 101, 10))
    wanted = 1 - np.exp(-60 / 100)  # wet for the last 60 minutes
    assert clutter._share[40, 40] == pytest.approx(wanted, rel=1e-5)
    assert clutter._share[0, 0] == 0


def test_another_grid_is_learned_anew() -> None:
    clutter = ClutterMap(60)
    feed(clutter, with_mast(), range(0, 120, 5))
    moved: RadarGrid = grid(np.zeros((80, 81)), 120)
    assert clutter.find(moved) is None
    assert clutter.find(grid(with_mast(), 125)) is None
