import weakref
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from flowlace.formats.radar_grid import RadarGrid
from flowlace.nowcast_verification.start_times import NO_OBSERVATION, NO_TARGET, StartTimes
from tests.nowcast_verification.made_archive import START_US, grid


def starts_of(
    minutes: Iterable[float], leads: tuple[float, ...] = (10, 20), every: float = 10
) -> StartTimes:
    return StartTimes(
        [grid(one) for one in minutes],
        step_us=5 * 60_000_000,
        leads_minutes=leads,
        every_minutes=every,
        history_minutes=10,
    )


def minute(time_us: int) -> float:
    return (time_us - START_US) / 60e6


def minutes(grids: list[RadarGrid]) -> list[float]:
    return [minute(one.observed_us) for one in grids]


def test_starts_have_a_whole_history_and_all_leads() -> None:
    starts = list(starts_of(range(0, 61, 5)))
    assert [minute(one.start_us) for one in starts] == [10, 20, 30, 40]
    assert [minutes(one.history) for one in starts][1] == [10, 15, 20]
    assert [minute(one.targets[1].observed_us) for one in starts if one.targets[1]] == [
        30, 40, 50, 60
    ]  # fmt: skip
    assert all(one.is_history_full for one in starts)


def test_a_target_is_the_nearest_within_half_a_step() -> None:
    (start, *_) = starts_of([0, 5, 10, 15, 18, 22.4, 26, 30, 35])
    assert [minute(one.observed_us) for one in start.targets if one] == [18, 30]


def test_a_target_that_is_missing_is_none() -> None:
    (start, *_) = starts_of([0, 5, 10, 15, 25, 30, 35])
    assert start.targets[0] is None
    assert start.targets[1] is not None


def test_a_start_without_an_observation_is_counted() -> None:
    starts = starts_of([0, 5, 10, 15, 25, 30, 35, 40, 45, 50])
    assert [minute(one.start_us) for one in starts] == [10, 30]
    assert starts.skipped == {NO_OBSERVATION: 1}


def test_a_history_with_a_hole_is_told() -> None:
    starts = list(starts_of([0, 5, 10, 20, 25, 30, 35, 40]))
    assert [one.is_history_full for one in starts] == [True, False]


def test_a_long_gap_ends_nothing() -> None:
    day = 24 * 60
    starts = starts_of([*range(0, 31, 5), *range(day, day + 41, 5)])
    found = [minute(one.start_us) for one in starts]
    assert found == [10, 20, day, day + 10, day + 20]
    assert starts.skipped == {NO_TARGET: 1, NO_OBSERVATION: 140}


@pytest.mark.parametrize("count", [0, 1, 6])
def test_an_archive_that_is_too_short_has_no_start(count: int) -> None:
    assert list(starts_of(range(0, 5 * count, 5))) == []


def test_starts_farther_apart_than_the_window_are_found() -> None:
    starts = starts_of(range(0, 301, 5), every=100)
    assert [minute(one.start_us) for one in starts] == [10, 110, 210]


def test_only_one_window_is_held() -> None:
    seen: list[weakref.ref[np.ndarray]] = []

    def observations() -> Iterator[RadarGrid]:
        for one in range(0, 2000, 5):
            made = grid(one)
            seen.append(weakref.ref(made.rain_rate_mm_h))
            yield made

    starts = StartTimes(
        observations(), step_us=300_000_000, leads_minutes=(10, 20), every_minutes=10,
        history_minutes=10,
    )  # fmt: skip
    held = [sum(one() is not None for one in seen) for _ in starts]
    assert len(held) > 150
    assert max(held) <= 12
