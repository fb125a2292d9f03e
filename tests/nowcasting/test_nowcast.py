from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

import flowlace
from flowlace.nowcasting import methods
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.nowcast import nowcast
from flowlace.nowcasting.rain_forecast import RainForecast
from flowlace.nowcasting.rain_history import RainHistory
from tests.nowcasting.made_rain import moving_rain

INNER = np.s_[60:-60, 60:-60]


def csi(made: np.ndarray, seen: np.ndarray, threshold: float = 1.0) -> float:
    said, was = made[INNER] >= threshold, seen[INNER] >= threshold
    return float((said & was).sum() / (said | was).sum())


def test_is_a_name_of_the_package() -> None:
    assert flowlace.nowcast is nowcast


@pytest.mark.parametrize("step", [2, 5, 10, 15])
@pytest.mark.parametrize("method", ["extrapolation", "sprog"])
def test_moving_rain_is_forecast_at_every_step(method: str, step: int) -> None:
    minutes = [*range(-30, 1, step), 30]
    frames = moving_rain(minutes, 0.5, 0.25)
    made = nowcast(frames[:-1], step, [30], method)[0]
    assert csi(made, frames[-1]) > 0.8
    assert csi(made, frames[-1]) > csi(frames[-2], frames[-1]) + 0.2


def test_persistence_is_the_last_frame() -> None:
    frames = moving_rain([0], 0, 0)
    made = nowcast(frames, 5, 15, "persistence")
    assert made.shape == (3, 256, 256)
    assert np.array_equal(made[2], frames[0])


def test_one_lead_gives_every_step_up_to_it() -> None:
    frames = np.zeros((3, 16, 16), np.float32)
    assert len(nowcast(frames, 2, 60, "persistence")) == 30
    assert len(nowcast(frames, 10, 25, "persistence")) == 3


def test_leads_shorter_than_a_step_are_given() -> None:
    assert nowcast(np.zeros((3, 16, 16)), 15, [5, 10]).shape == (2, 16, 16)


@pytest.mark.parametrize("method", ["persistence", "extrapolation", "sprog"])
def test_thresholds_give_probabilities(method: str) -> None:
    chance = nowcast(moving_rain([0, 5, 10], 0.5, 0), 5, [10, 30], method, [0.2, 1, 5])
    assert chance.shape == (2, 3, 256, 256)
    assert chance.dtype == np.float32
    assert np.nanmin(chance) >= 0
    assert np.nanmax(chance) <= 1
    assert (np.diff(np.nan_to_num(chance), axis=1) <= 1e-6).all()


def test_missing_frames_in_between_cost_little() -> None:
    frames = moving_rain([-20, -15, -10, -5, 0, 30], 0.5, 0)
    frames[3] = np.nan
    made = nowcast(frames[:-1], 5, [30])[0]
    assert csi(made, frames[-1]) > 0.85


def test_where_the_newest_frame_is_missing_the_nowcast_starts_from_an_older_one() -> None:
    frames = moving_rain([-20, -15, -10, -5, 0, 30], 0.5, 0)
    frames[4] = np.nan
    made = nowcast(frames[:-1], 5, [30])[0]
    assert csi(made, frames[-1]) > 0.85


def test_sprog_chooses_frames_evenly_apart() -> None:
    frames = moving_rain([-30, -20, -10, -5, 0, 30], 0.5, 0)
    history = RainHistory(frames=list(frames[:-1]), minutes=(-30, -20, -10, -5, 0))
    assert history.evenly(5) == ((2, 3, 4), 5)
    assert history.evenly(10) == ((1, 2, 4), 10)


def test_sprog_without_three_such_frames_tells_what_to_do() -> None:
    frames = moving_rain([-20, -15, -10, -5, 0], 0.5, 0)
    frames[1:3] = np.nan
    with pytest.raises(NowcastError, match=r"3 frames evenly apart.*method='extrapolation'"):
        nowcast(frames, 5, 30, "sprog")


def test_frames_are_not_changed() -> None:
    frames = moving_rain([0, 5, 10], 0.5, 0)
    before = frames.copy()
    nowcast(frames, 5, 10, "sprog")
    assert np.array_equal(frames, before)


def test_dry_frames_stay_dry() -> None:
    assert not nowcast(np.zeros((3, 64, 64)), 5, 60).any()


def test_a_method_of_another_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EntryPoints([EntryPoint("calm", f"{__name__}:calm", methods.GROUP)])
    monkeypatch.setattr(methods, "entry_points", lambda **wanted: found.select(**wanted))
    assert nowcast(np.zeros((1, 16, 16)), 5, [10], "calm").item() == 10
    assert methods.known_methods() == ["calm", "extrapolation", "persistence", "sprog", "unet"]


def calm(history: RainHistory, leads: list[float], thresholds: object) -> RainForecast:
    return RainForecast(np.asarray(leads, np.float32)[:, None, None], None)


def test_an_unknown_method_is_named_with_the_nearest() -> None:
    with pytest.raises(NowcastError, match="did you mean 'extrapolation'"):
        nowcast(np.zeros((3, 16, 16)), 5, 60, "extrapolate")


@pytest.mark.parametrize(
    ("frames", "step", "lead", "thresholds", "message"),
    [
        (np.zeros((16, 16)), 5, 60, None, r"must be \[time, y, x\], not of shape \(16, 16\)"),
        (np.zeros((0, 16, 16)), 5, 60, None, r"not of shape \(0, 16, 16\)"),
        (np.full((3, 16, 16), -9.0), 5, 60, None, "0 or more"),
        (np.full((3, 16, 16), np.inf), 5, 60, None, "infinite"),
        (np.full((3, 16, 16), np.nan), 5, 60, None, "all frames are NaN throughout"),
        (np.zeros((1, 16, 16)), 5, 60, None, "motion needs 2 frames"),
        (np.zeros((3, 16, 16)), 0, 60, None, "step_minutes=0 must be positive"),
        (np.zeros((3, 16, 16)), 5, -5, None, "must be positive and rising"),
        (np.zeros((3, 16, 16)), 5, [60, 30], None, "must be positive and rising"),
        (np.zeros((3, 16, 16)), 5, [], None, "must be positive and rising"),
        (np.zeros((3, 16, 16)), 5, 60, [1, 0.2], r"thresholds=\[1, 0.2\] must be positive"),
        ([["a"]], 5, 60, None, "must be numbers"),
    ],
)
def test_what_no_nowcast_can_be_made_from_is_told(
    frames: object, step: float, lead: object, thresholds: object, message: str
) -> None:
    with pytest.raises(NowcastError, match=message):
        nowcast(frames, step, lead, thresholds=thresholds)  # type: ignore[arg-type]
