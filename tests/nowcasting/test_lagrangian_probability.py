import numpy as np
import pytest

from flowlace.nowcasting.lagrangian_probability import blur_known, lagrangian_probability
from tests.nowcasting.made_rain import moving_rain, uniform_motion


def edge() -> np.ndarray:
    rain = np.zeros((64, 128), np.float32)
    rain[:, 64:] = 3
    return rain


def test_the_chance_across_an_edge_is_that_of_a_gaussian_that_grows_with_the_lead() -> None:
    chance = lagrangian_probability(edge(), uniform_motion(0, 0, (64, 128)), [20, 60], [1.0])
    assert chance[0, 0, 32, 64 + 3] == pytest.approx(0.878, abs=0.02)  # 3.5 px of σ = 3
    assert chance[1, 0, 32, 64 + 9] == pytest.approx(0.855, abs=0.02)  # 9.5 px of σ = 9


def test_large_pixels_blur_less() -> None:
    fine = lagrangian_probability(edge(), uniform_motion(0, 0, (64, 128)), [40], [1.0], 1.0)
    coarse = lagrangian_probability(edge(), uniform_motion(0, 0, (64, 128)), [40], [1.0], 2.0)
    assert coarse[0, 0, 32, 70] > fine[0, 0, 32, 70]


def test_a_higher_threshold_is_never_more_likely() -> None:
    rain = moving_rain([0], 0, 0)[0]
    chance = lagrangian_probability(rain, uniform_motion(0.5, 0.5), [10, 30], [0.2, 1, 5])
    known = np.nan_to_num(chance)
    assert (np.diff(known, axis=1) <= 1e-6).all()
    assert known.min() >= 0
    assert known.max() <= 1


def test_the_chance_moves_with_the_rain() -> None:
    rain = np.zeros((64, 64), np.float32)
    rain[28:36, 8:16] = 5
    chance = lagrangian_probability(rain, uniform_motion(1, 0, (64, 64)), [20], [1.0])[0, 0]
    assert np.unravel_index(np.nanargmax(chance), chance.shape)[1] == pytest.approx(32, abs=1)


def test_unknown_pixels_stay_unknown_and_do_not_count_as_dry() -> None:
    values = np.ones((32, 32), np.float32)
    values[:, 16:] = np.nan
    soft = blur_known(values, 3.0)
    assert soft[:, :16] == pytest.approx(1)
    assert np.isnan(soft[:, 16:]).all()
