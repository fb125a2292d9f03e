import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from flowlace.inference.find_model import find_model
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.methods import find_method
from flowlace.nowcasting.nowcast import nowcast
from flowlace.nowcasting.rain_history import RainHistory
from flowlace.nowcasting.unet import MODEL, load_unet
from tests.nowcasting.made_rain import moving_rain

INNER = np.s_[60:-60, 60:-60]
STEPS = [-20, -15, -10, -5, 0]


def best_csi(chance: np.ndarray, seen: np.ndarray, threshold: float = 1.0) -> float:
    is_wet = seen[INNER] >= threshold
    scores = []
    for cut in np.linspace(0.05, 0.95, 19):
        said = chance[INNER] >= cut
        scores.append((said & is_wet).sum() / (said | is_wet).sum())
    return float(max(scores))


@pytest.mark.parametrize("step", [2, 5, 10, 15])
def test_rain_that_only_moves_is_forecast_at_every_step(step: int) -> None:
    minutes = [*range(-30, 1, step), 30]
    frames = moving_rain(minutes, 0.5, 0.25)
    chance = nowcast(frames[:-1], step, [30], "unet", [1.0])[0, 0]
    stays = (frames[-2] >= 1).astype(np.float32)
    assert best_csi(chance, frames[-1]) > 0.6
    assert best_csi(chance, frames[-1]) > best_csi(stays, frames[-1]) + 0.15


def test_probabilities_fall_with_the_threshold_and_lie_between_0_and_1() -> None:
    limits = [0.1, 0.15, 0.3, 1, 3, 7, 20]
    chance = nowcast(moving_rain(STEPS, 0.5, 0), 5, [10, 55], "unet", limits)
    known = chance[:, :, *INNER]
    assert chance.dtype == np.float32
    assert np.nanmin(chance) >= 0
    assert np.nanmax(chance) <= 1
    assert (np.diff(known, axis=1) <= 1e-6).all()


def test_a_nowcast_is_less_sure_of_what_is_farther_ahead() -> None:
    chance = nowcast(moving_rain(STEPS, 0.2, 0), 5, [10, 60], "unet", [1.0])[:, 0, *INNER]
    unsure = (chance * (1 - chance)).mean(axis=(1, 2))
    assert unsure[1] > 1.3 * unsure[0]


def test_leads_between_those_that_were_learnt_lie_between_them() -> None:
    frames = moving_rain(STEPS, 0, 0)
    still = RainHistory.regular(frames, 5)
    still.motion = np.zeros((2, 256, 256), np.float32)
    chance = load_unet()(still, [20, 25, 30], [1.0]).probability
    assert chance is not None
    low, high = np.minimum(chance[0], chance[2]), np.maximum(chance[0], chance[2])
    assert (chance[1] >= low - 0.02).all()
    assert (chance[1] <= high + 0.02).all()


def test_rate_and_probabilities_come_together() -> None:
    made = find_method("unet")(RainHistory.regular(moving_rain(STEPS, 0, 0), 5), [30], [1.0])
    assert made.probability is not None
    wet = made.rain_mm_h[0, *INNER] >= 1
    assert made.probability[0, 0, *INNER][wet].mean() > 0.5
    assert made.probability[0, 0, *INNER][~wet].mean() < 0.3


def test_a_grid_larger_than_a_tile_is_the_same_as_in_one_piece_where_tiles_meet() -> None:
    frames = np.tile(moving_rain(STEPS, 0, 0), (1, 1, 3))
    frames[:, :, 700:] = 0
    motion = np.zeros((2, *frames.shape[1:]), np.float32)
    whole = RainHistory.regular(frames, 5)
    whole.motion = motion
    part = RainHistory.regular(frames[:, :, 128:640], 5)
    part.motion = motion[:, :, 128:640]
    chances = [load_unet()(one, [30], [1.0]).probability for one in (whole, part)]
    both = [chances[0][0, 0, :, 228:540], chances[1][0, 0, :, 100:412]]  # type: ignore[index]
    off = np.abs(both[0] - both[1])
    assert off.max() < 0.03


def test_where_there_is_no_rain_anywhere_none_is_forecast() -> None:
    frames = np.zeros((3, 100, 700), np.float32)
    chance = nowcast(frames, 5, [30], "unet", [0.2])
    assert not chance.any()
    assert not nowcast(frames, 5, [30], "unet").any()


def test_what_comes_from_outside_is_unknown() -> None:
    frames = moving_rain(STEPS, 1.0, 0)
    rain = nowcast(frames, 5, [30], "unet")[0]
    assert np.isnan(rain[:, :20]).mean() > 0.9
    assert not np.isnan(rain[60:-60, 60:]).any()


def test_unknown_pixels_stay_unknown() -> None:
    frames = moving_rain(STEPS, 0, 0)
    frames[:, 50:90, 50:90] = np.nan
    rain = nowcast(frames, 5, [20], "unet")[0]
    assert np.isnan(rain[60:80, 60:80]).all()
    assert not np.isnan(rain[120:, 120:]).any()


@pytest.mark.parametrize("pixel_km", [0.5, 2.0])
def test_pixels_of_another_size_are_forecast_as_well(pixel_km: float) -> None:
    minutes = [-10, -5, 0, 20]
    frames = moving_rain(minutes, 1.0, 0.0)
    chance = nowcast(frames[:-1], 5, [20], "unet", [1.0], pixel_km=pixel_km)[0, 0]
    assert chance.shape == (256, 256)
    assert best_csi(np.nan_to_num(chance), frames[-1]) > 0.5


def test_a_frame_that_is_missing_makes_the_leads_longer() -> None:
    frames = moving_rain([-20, -15, -10, -5, 0], 0.2, 0)
    late = frames.copy()
    late[-1] = np.nan
    earlier = nowcast(frames[:-1], 5, [35], "unet")
    assert np.array_equal(nowcast(late, 5, [30], "unet"), earlier, equal_nan=True)


def test_leads_beyond_what_was_learnt_are_refused() -> None:
    with pytest.raises(NowcastError, match=r"leads up to 90 minutes.* not 120"):
        nowcast(moving_rain(STEPS, 0, 0), 5, [120], "unet")


def test_thresholds_beyond_what_was_learnt_are_refused() -> None:
    with pytest.raises(NowcastError, match=r"thresholds from 0\.1 to 20 mm/h"):
        nowcast(moving_rain(STEPS, 0, 0), 5, [30], "unet", [50.0])


def test_one_frame_is_too_few() -> None:
    with pytest.raises(NowcastError, match="needs 2 frames"):
        nowcast(moving_rain([0], 0, 0), 5, [30], "unet")


def test_a_model_of_ones_own_is_given_by_its_file(tmp_path: Path) -> None:
    packaged = find_model(MODEL)
    for one in (packaged, packaged.with_name(f"{MODEL}.json")):
        shutil.copy(one, tmp_path)
    frames = moving_rain(STEPS, 0.2, 0)
    own = nowcast(frames, 5, [30], f"unet:{tmp_path / packaged.name}")
    assert np.array_equal(own, nowcast(frames, 5, [30], "unet"), equal_nan=True)


def test_a_model_without_a_spec_is_refused(tmp_path: Path) -> None:
    shutil.copy(find_model(MODEL), tmp_path / "rain.tflite")
    with pytest.raises(NowcastError, match=r"rain\.tflite.*no nowcasting model.*lead_minutes"):
        find_method(f"unet:{tmp_path / 'rain.tflite'}")


def test_a_model_whose_spec_does_not_fit_is_refused(tmp_path: Path) -> None:
    packaged = find_model(MODEL)
    shutil.copy(packaged, tmp_path)
    spec = json.loads(packaged.with_name(f"{MODEL}.json").read_text())
    spec["nodes"]["UnetNowcast"]["threshold_mm_h"] = [1.0]
    (tmp_path / f"{MODEL}.json").write_text(json.dumps(spec))
    with pytest.raises(NowcastError, match=r"expected .* out, found"):
        find_method(f"unet:{tmp_path / packaged.name}")


def test_a_model_for_something_else_is_refused() -> None:
    with pytest.raises(NowcastError, match="no nowcasting model"):
        find_method("unet:sound_classifier")


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(NowcastError, match=r"nothing\.tflite"):
        find_method("unet:nothing.tflite")


def test_threads_may_share_the_model() -> None:
    frames = moving_rain(STEPS, 0.2, 0)
    alone = nowcast(frames, 5, [30], "unet")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: nowcast(frames, 5, [30], "unet"), range(4)))
    assert all(np.array_equal(one, alone, equal_nan=True) for one in made)
