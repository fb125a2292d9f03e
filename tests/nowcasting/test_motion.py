import numpy as np
import pytest

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.motion import MotionMethod, MotionOptions, choose_pairs, find_motion
from flowlace.nowcasting.motion_memory import MotionMemory
from tests.nowcasting.made_rain import moving_rain, turning_motion, turning_rain


@pytest.mark.parametrize("method", ["dis", "lk"])
@pytest.mark.parametrize("step", [2, 5, 10])
def test_uniform_motion_is_found_at_every_step(method: MotionMethod, step: int) -> None:
    minutes = list(range(0, 21, step))
    frames = moving_rain(minutes, 0.6, -0.3)
    motion = find_motion(frames, minutes, MotionOptions(method=method))
    inner = motion[:, 40:-40, 40:-40]
    assert np.abs(inner[0] - 0.6).mean() < 0.06
    assert np.abs(inner[1] + 0.3).mean() < 0.06


@pytest.mark.parametrize("reduction", [1, 2, 4])
def test_motion_is_in_pixels_of_the_picture_at_every_reduction(reduction: int) -> None:
    frames = moving_rain([0, 5, 10], 0.8, 0.2)
    motion = find_motion(frames, [0, 5, 10], MotionOptions(reduction=reduction))
    assert motion.shape == (2, 256, 256)
    assert np.median(motion[0]) == pytest.approx(0.8, abs=0.08)
    assert np.median(motion[1]) == pytest.approx(0.2, abs=0.08)


def test_a_rotation_is_found() -> None:
    frames = turning_rain([0, 5, 10], 0.005)
    motion = find_motion(frames, [0, 5, 10])
    y, x = np.mgrid[:256, :256]
    is_inside = np.hypot(x - 127.5, y - 127.5) < 90
    off = np.hypot(*(motion - turning_motion(0.005)))[is_inside]
    assert off.mean() < 0.15


def test_dry_pictures_do_not_move() -> None:
    assert not find_motion(np.zeros((3, 64, 64), np.float32), [0, 5, 10]).any()


def test_one_picture_does_not_move() -> None:
    assert not find_motion(moving_rain([0], 0, 0), [0]).any()


def test_gaps_are_filled_with_the_motion_around_them() -> None:
    frames = moving_rain([0, 5, 10], 0.8, 0)
    frames[:, :, 100:] = 0
    motion = find_motion(frames, [0, 5, 10])
    assert motion[0, :, 200:] == pytest.approx(0.8, abs=0.15)


def test_unequal_steps_give_the_same_speed() -> None:
    minutes = [0, 7, 10, 19]
    motion = find_motion(moving_rain(minutes, 0.5, 0), minutes)
    assert np.median(motion[0]) == pytest.approx(0.5, abs=0.06)


def test_pairs_end_with_the_newest_pictures() -> None:
    assert choose_pairs([0, 10, 20, 30], 2, 10) == [(1, 2), (2, 3)]


def test_a_pair_across_a_gap_is_the_nearest_there_is() -> None:
    assert choose_pairs([0, 2, 30, 32], 1, 10) == [(2, 3)]


def test_every_picture_needs_a_time() -> None:
    with pytest.raises(NowcastError, match="a time each"):
        find_motion(np.zeros((3, 64, 64), np.float32), [0, 5])


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(NowcastError, match="method='fast' is not known; known are: dis, lk"):
        MotionOptions(method="fast")  # type: ignore[arg-type]


def test_motion_is_the_same_with_a_memory_of_earlier_pictures() -> None:
    minutes = [0, 5, 10, 15, 20, 25]
    frames = list(moving_rain(minutes, 0.6, -0.3))
    memory = MotionMemory()
    for end in (3, 4, 5):
        find_motion(frames[:end], minutes[:end], memory=memory)
    recalled = find_motion(frames, minutes, memory=memory)
    np.testing.assert_array_equal(recalled, find_motion(frames, minutes))
