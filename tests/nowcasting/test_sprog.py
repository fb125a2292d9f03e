import numpy as np
import pytest

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.sprog import ar2, band_filters, fading_after, sprog
from tests.nowcasting.made_rain import moving_rain, uniform_motion


def test_shares_of_the_bands_sum_to_one() -> None:
    assert band_filters(256, 6).sum(axis=0) == pytest.approx(1)


def test_ar2_has_the_correlations_it_was_made_from() -> None:
    phi_1, phi_2 = ar2(0.8, 0.55)
    lag_1 = phi_1 / (1 - phi_2)
    assert lag_1 == pytest.approx(0.8)
    assert phi_1 * lag_1 + phi_2 == pytest.approx(0.55)


@pytest.mark.parametrize("lags", [(0.99, 0.2), (1.0, 1.0), (-0.5, 0.9), (0.0, 0.0)])
def test_ar2_always_fades(lags: tuple[float, float]) -> None:
    of_last, of_before = fading_after(ar2(*lags), 20_000)
    assert abs(of_last) < 0.9
    assert abs(of_before) < 0.9


def test_shares_between_whole_steps_lie_between_them() -> None:
    first, middle, second = (fading_after((0.7, 0.1), one)[0] for one in (2, 2.5, 3))
    assert middle == pytest.approx((first + second) / 2)


def test_rain_that_only_moves_is_carried_along_unchanged() -> None:
    frames = moving_rain([0, 1, 2, 3], 4, 2)
    made = sprog(frames[:3], uniform_motion(4, 2), [1])[0]
    inner = np.s_[30:-30, 30:-30]
    assert np.abs(made - frames[3])[inner].mean() < 0.1 * frames[3][inner].mean()


def test_noise_fades_and_large_areas_stay() -> None:
    """Rain that is new in every picture is smooth after an hour; its area is kept."""
    random = np.random.default_rng(0)
    large = moving_rain([0], 0, 0)[0] + 0.2
    frames = np.stack(
        [large * np.exp(random.normal(0, 0.5, large.shape)) for _ in range(3)]
    ).astype(np.float32)
    made = sprog(frames, uniform_motion(0, 0), [1])[0]
    assert roughness(made) < 0.3 * roughness(frames[2])
    assert (
        np.corrcoef(made.ravel(), large.ravel())[0, 1]
        > np.corrcoef(frames[2].ravel(), large.ravel())[0, 1]
    )


def roughness(rain: np.ndarray) -> float:
    return float(np.abs(np.diff(np.log(rain + 0.1), axis=1)).mean())


def test_area_and_amounts_stay_those_of_the_last_picture() -> None:
    frames = moving_rain([0, 1, 2], 0, 0)
    frames[2] *= np.float32(1.1)
    frames[2][frames[2] < 0.1] = 0
    made = sprog(frames, uniform_motion(0, 0), [6])[0]
    assert (made > 0).sum() == pytest.approx((frames[2] > 0).sum(), rel=0.01)
    assert made.mean() == pytest.approx(frames[2].mean(), rel=0.01)
    assert made.max() == pytest.approx(frames[2].max(), rel=0.01)


def test_dry_pictures_stay_dry() -> None:
    made = sprog(np.zeros((3, 32, 48), np.float32), uniform_motion(0, 0, (32, 48)), [1, 6])
    assert not made.any()


def test_rain_that_has_only_just_appeared_does_not_wet_the_whole_map() -> None:
    frames = np.zeros((3, 64, 64), np.float32)
    frames[2, 20:22, 30:32] = 0.3
    rain = sprog(frames, uniform_motion(0, 0, (64, 64)), [1, 3])
    assert (rain > 0).sum(axis=(1, 2)).max() <= 4


def test_odd_sizes_and_unknown_pixels_work() -> None:
    frames = moving_rain([0, 1, 2], 1, 0, (63, 81))
    frames[:, 20:30, 20:30] = np.nan
    made = sprog(frames, uniform_motion(1, 0, (63, 81)), [2])[0]
    assert np.isnan(made[20:30, 22:32]).all()
    assert np.isfinite(made[35:, 5:]).all()


def test_two_frames_are_too_few() -> None:
    with pytest.raises(NowcastError, match="S-PROG needs 3 frames, not 2"):
        sprog(np.zeros((2, 32, 32), np.float32), uniform_motion(0, 0, (32, 32)), [1])
