import numpy as np
import pytest

from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.lagrangian_logits import lagrangian_logits
from flowlace.nowcasting.lagrangian_probability import lagrangian_probability
from tests.nowcasting.made_rain import moving_rain


@pytest.mark.parametrize("lead", [5.0, 30.0, 60.0])
@pytest.mark.parametrize("pixel_km", [1.0, 2.0])
def test_they_are_the_lagrangian_probability_of_rain_that_stays(
    lead: float, pixel_km: float
) -> None:
    rain = moving_rain([0], 0, 0)[0]
    limits = [0.1, 1.0, 10.0]  # whole grey values
    logits = lagrangian_logits(to_grey(rain), lead, limits, pixel_km)
    still = np.zeros((2, *rain.shape), np.float32)
    wanted = lagrangian_probability(rain, still, [lead], limits, pixel_km)[0]
    made = 1 / (1 + np.exp(-logits))
    off = np.abs(made - wanted)[:, 40:-40, 40:-40]
    assert off.mean() < 0.005
    assert off.max() < 0.1


def test_they_fall_with_the_threshold_and_are_finite() -> None:
    logits = lagrangian_logits(to_grey(moving_rain([0], 0, 0)[0]), 60, [0.1, 0.5, 2, 20], 1.0)
    assert np.isfinite(logits).all()
    assert (np.diff(logits, axis=0) <= 0).all()


def test_what_is_unknown_counts_as_dry() -> None:
    grey = np.full((20, 20), 255, np.uint8)
    assert (lagrangian_logits(grey, 30, [0.1], 1.0) < -6).all()
