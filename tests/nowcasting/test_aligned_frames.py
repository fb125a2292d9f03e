import numpy as np
import pytest

from flowlace.nowcasting.aligned_frames import CHANNELS, UNKNOWN_GREY, align
from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.rain_history import RainHistory
from tests.nowcasting.made_rain import moving_rain, uniform_motion

INNER = np.s_[40:-40, 40:-40]


def history(minutes: list[float], dx: float = 0.5, dy: float = 0.25) -> RainHistory:
    frames = moving_rain(minutes, dx, dy)
    return RainHistory(frames=list(frames), minutes=tuple(minutes), motion=uniform_motion(dx, dy))


def test_rain_that_only_moves_is_the_same_in_every_channel() -> None:
    grey = align(history([-20, -10, -5, 0])).grey.astype(int)
    assert grey.shape == (4, 256, 256)
    off = np.abs(grey[1:] - grey[0])[:, *INNER]
    assert off.mean() < 1.0


@pytest.mark.parametrize(
    ("minutes", "ages"),
    [
        ([-20.0, -10.0, -5.0, 0.0], (5.0, 10.0, 20.0)),
        ([-30.0, -15.0, 0.0], (0.0, 0.0, 15.0)),
        ([-10.0, 0.0], (0.0, 10.0, 0.0)),
        ([-6.0, -4.0, -2.0, 0.0], (6.0, 0.0, 0.0)),
        ([-2.0, 0.0], (0.0, 0.0, 0.0)),
        ([-60.0, 0.0], (0.0, 0.0, 0.0)),
    ],
)
def test_channels_take_the_frames_nearest_to_their_ages(
    minutes: list[float], ages: tuple[float, ...]
) -> None:
    assert align(history(minutes)).ages_minutes == ages


def test_a_channel_without_a_frame_repeats_the_newest_one() -> None:
    grey = align(history([-10, 0])).grey
    assert np.array_equal(grey[1], grey[0])
    assert np.array_equal(grey[3], grey[0])
    assert not np.array_equal(grey[2], grey[0])


def test_ages_count_from_the_newest_frame_not_from_now() -> None:
    made = history([-15, -10, -5])
    assert align(made).ages_minutes == (5.0, 10.0, 0.0)


def test_what_is_unknown_in_an_older_frame_is_taken_from_the_newest() -> None:
    made = history([-5, 0], 0, 0)
    made.frames[0][:100] = np.nan
    grey = align(made).grey
    assert np.array_equal(grey[1, :100], to_grey(made.frames[1][:100]))


def test_what_is_unknown_now_is_zero_and_said_so_in_the_input() -> None:
    made = history([-5, 0], 0, 0)
    made.frames[1][:, :30] = np.nan
    aligned = align(made)
    assert (aligned.grey[0, :, :30] == UNKNOWN_GREY).all()
    given = aligned.network_input(slice(None), slice(None))
    assert given.shape == (256, 256, CHANNELS)
    assert not given[:, :30, :4].any()
    assert (given[:, :30, -2] == 0).all()
    assert (given[:, 30:, -2] == 1).all()


def test_speed_is_in_kilometres_a_minute() -> None:
    made = history([-5, 0], 0.3, 0.4)
    made.pixel_km = 2.0
    assert np.allclose(align(made).speed_km_minute, 1.0)


def test_a_part_of_the_input_is_the_part_of_the_whole() -> None:
    aligned = align(history([-10, -5, 0]))
    whole = aligned.network_input(slice(None), slice(None))
    part = aligned.network_input(slice(10, 50), slice(200, 256))
    assert np.array_equal(part, whole[10:50, 200:])


def test_one_frame_alone_has_no_motion() -> None:
    one = RainHistory(frames=list(moving_rain([0], 0, 0)), minutes=(0.0,))
    with pytest.raises(NowcastError, match="motion needs 2 frames"):
        align(one)
