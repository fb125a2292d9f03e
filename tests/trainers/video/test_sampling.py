import numpy as np
import pytest
from flowlace_trainers.video.clips import Clip
from flowlace_trainers.video.networks import NetworkInput
from flowlace_trainers.video.sampling import (
    last_window,
    random_window,
    sized,
    stacked,
    window_at,
    windows_over,
)

TAKES = NetworkInput(width_px=2, height_px=1, steps=3, frames_a_step=2)


def clip(times_us: list[int]) -> Clip:
    """Frames that show their number."""
    frames = np.empty((len(times_us), 1, 2, 3), np.uint8)
    frames[:] = np.arange(len(times_us))[:, None, None, None]
    return Clip(frames, np.array(times_us, np.int64), "x")


def numbers(frames: np.ndarray) -> list[int]:
    return frames[:, 0, 0, 0].tolist()


def test_the_last_window_ends_with_the_clip() -> None:
    window = last_window(clip([number * 100 for number in range(20)]), TAKES, 200)
    assert numbers(window.frames) == [9, 11, 13, 15, 17, 19]
    assert window.filled == 3


def test_frames_are_the_nearest_in_time_whatever_the_rate() -> None:
    uneven = clip([0, 90, 210, 280, 430, 500, 610])
    assert numbers(window_at(uneven, TAKES, 100, 500).frames) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("length", "filled", "shown"),
    [
        (6, 3, [0, 1, 2, 3, 4, 5]),
        (5, 2, [0, 0, 1, 2, 3, 4]),
        (4, 2, [0, 0, 0, 1, 2, 3]),
        (2, 1, [0, 0, 0, 0, 0, 1]),
        (1, 1, [0] * 6),
    ],
)
def test_steps_before_the_clip_have_not_come(length: int, filled: int, shown: list[int]) -> None:
    window = last_window(clip([number * 100 for number in range(length)]), TAKES, 100)
    assert (window.filled, numbers(window.frames)) == (filled, shown)


def test_random_windows_lie_anywhere_in_a_long_clip_and_are_full() -> None:
    long = clip([number * 100 for number in range(100)])
    rng = np.random.default_rng(0)
    windows = [random_window(long, TAKES, 200, (0.5, 2.0), rng) for _ in range(300)]
    newest = [numbers(one.frames)[-1] for one in windows]
    spans = [numbers(one.frames)[-1] - numbers(one.frames)[0] for one in windows]
    assert {one.filled for one in windows} == {3}
    assert min(newest) < 15
    assert max(newest) > 95
    assert (min(spans), max(spans)) == (5, 20)
    assert np.median(spans) == pytest.approx(10, abs=1)


def test_frames_are_stacked_oldest_first_red_first() -> None:
    frames = np.zeros((2, 1, 2, 3), np.uint8)
    frames[0, :, :, 0] = 255
    frames[1, :, :, 2] = 255
    assert stacked(frames)[:, 0, 0].tolist() == [1, -1, -1, -1, -1, 1]


def test_views_are_spread_over_a_clip_and_the_last_one_ends_with_it() -> None:
    long = clip([number * 100 for number in range(16)])
    views = [numbers(one.frames) for one in windows_over(long, TAKES, 100, 3)]
    assert [(one[0], one[-1]) for one in views] == [(0, 5), (5, 10), (10, 15)]
    assert [one.filled for one in windows_over(long, TAKES, 100, 3)] == [3, 3, 3]


def test_one_view_is_the_last_window() -> None:
    long = clip([number * 100 for number in range(16)])
    (view,) = windows_over(long, TAKES, 100, 1)
    assert numbers(view.frames) == [10, 11, 12, 13, 14, 15]


def test_views_of_a_short_clip_are_all_the_same() -> None:
    views = windows_over(clip([0, 100, 200]), TAKES, 100, 2)
    assert [numbers(one.frames) for one in views] == [[0, 0, 0, 0, 1, 2]] * 2


def test_frames_are_made_smaller_only_where_they_have_to_be() -> None:
    frames = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    assert sized(frames, 6, 4) is frames
    assert sized(frames, 3, 2).shape == (2, 2, 3, 3)
