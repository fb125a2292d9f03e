import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.lagrangian_logits import LagrangianLogits
from flowlace.nowcasting.lagrangian_probability import lagrangian_probability
from tests.nowcasting.made_rain import moving_rain

RAIN = moving_rain([0], 0, 0)[0]
GREY = to_grey(RAIN)


def everywhere(logits: LagrangianLogits, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return logits.part(slice(0, shape[0]), slice(0, shape[1]))


@pytest.mark.parametrize("lead", [5.0, 30.0, 60.0, 90.0])
@pytest.mark.parametrize("pixel_km", [1.0, 2.0])
@pytest.mark.parametrize("limit", [0.1, 1.0, 10.0])  # whole grey values
def test_they_are_the_lagrangian_probability_of_rain_that_stays(
    lead: float, pixel_km: float, limit: float
) -> None:
    logits = everywhere(LagrangianLogits(GREY, lead, limit, pixel_km), GREY.shape)
    still = np.zeros((2, *RAIN.shape), np.float32)
    wanted = lagrangian_probability(RAIN, still, [lead], [limit], pixel_km)[0, 0]
    off = np.abs(1 / (1 + np.exp(-logits)) - wanted)[40:-40, 40:-40]
    assert off.mean() < 0.005
    assert off.max() < 0.1


def test_they_fall_with_the_threshold_and_are_finite() -> None:
    logits = np.stack(
        [everywhere(LagrangianLogits(GREY, 60, one, 1.0), GREY.shape) for one in (0.1, 0.5, 2, 20)]
    )
    assert np.isfinite(logits).all()
    assert (np.diff(logits, axis=0) <= 0).all()


def test_what_is_unknown_counts_as_dry() -> None:
    grey = np.full((20, 20), 255, np.uint8)
    assert (everywhere(LagrangianLogits(grey, 30, 0.1, 1.0), grey.shape) < -6).all()


@pytest.mark.parametrize("lead", [5.0, 60.0, 90.0])
@pytest.mark.parametrize("size", [(101, 131), (96, 128)])
def test_parts_are_those_of_the_whole(lead: float, size: tuple[int, int]) -> None:
    logits = LagrangianLogits(GREY[: size[0], : size[1]], lead, 1.0, 1.0)
    whole = everywhere(logits, size)
    assert whole.shape == size
    rows, columns = slice(13, 71), slice(29, size[1])
    np.testing.assert_array_equal(logits.part(rows, columns), whole[rows, columns])
