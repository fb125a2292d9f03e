import numpy as np
import pytest

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.extrapolation import extrapolate
from tests.nowcasting.made_rain import moving_rain, turning_motion, turning_rain, uniform_motion


def test_uniform_motion_by_whole_pixels_is_a_shift() -> None:
    rain = np.random.default_rng(0).uniform(0, 5, (32, 40)).astype(np.float32)
    moved = extrapolate(rain, uniform_motion(3, -2, (32, 40)), [1, 4])
    assert moved[0, :30, 3:] == pytest.approx(rain[2:, :-3], abs=1e-4)
    assert moved[1, :24, 12:] == pytest.approx(rain[8:, :-12], abs=1e-4)


def test_what_comes_from_outside_is_unknown() -> None:
    moved = extrapolate(np.ones((32, 40), np.float32), uniform_motion(3, 0, (32, 40)), [1])[0]
    assert np.isnan(moved[:, :3]).all()
    assert np.isfinite(moved[:, 3:]).all()


def test_unknown_pixels_move_with_the_rain() -> None:
    rain = np.ones((32, 40), np.float32)
    rain[10:20, 10:20] = np.nan
    moved = extrapolate(rain, uniform_motion(5, 0, (32, 40)), [1])[0]
    assert np.isnan(moved[10:20, 15:25]).all()
    assert moved[:10, 5:] == pytest.approx(1)


def test_paths_follow_a_rotation_for_a_quarter_turn() -> None:
    """A forecast along straight lines would be off by more than half the radius."""
    quarter = np.pi / 2
    start, end = turning_rain([0, 1], quarter)
    moved = extrapolate(start, turning_motion(quarter / 10), [10])[0]
    y, x = np.mgrid[:256, :256]
    is_inside = np.hypot(x - 127.5, y - 127.5) < 100
    assert np.abs(moved - end)[is_inside].mean() < 0.03 * end[is_inside].mean()


def test_leads_do_not_depend_on_those_asked_for_before() -> None:
    rain = moving_rain([0], 0, 0)[0]
    motion = turning_motion(0.03)
    alone = extrapolate(rain, motion, [6])[0]
    last = extrapolate(rain, motion, [1, 2, 3, 4, 5, 6])[-1]
    assert np.nanmean(np.abs(alone - last)) < 0.005 * np.nanmean(rain)


def test_a_lead_of_nothing_is_the_start() -> None:
    rain = moving_rain([0], 0, 0)[0]
    assert np.array_equal(extrapolate(rain, uniform_motion(3, 1), [0])[0], rain)


def test_falling_leads_are_an_error() -> None:
    with pytest.raises(NowcastError, match="leads must rise; 1 comes after 2"):
        extrapolate(np.zeros((8, 8), np.float32), uniform_motion(1, 0, (8, 8)), [2, 1])


def test_motion_of_another_shape_is_an_error() -> None:
    with pytest.raises(NowcastError, match=r"motion of shape \(2, 8, 9\) does not fit rain"):
        extrapolate(np.zeros((8, 8), np.float32), uniform_motion(1, 0, (8, 9)), [1])
