"""From a clip to the frames of a window: evenly spaced in time, whatever the clip's frame rate.

In use a window ends with the newest frame; so it does here. Frames that would lie before the
clip's first one haven't come yet: they repeat it, and their steps count as not filled.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.video.clips import Clip
from flowlace_trainers.video.networks import NetworkInput


class Window(NamedTuple):
    """Frames of a clip, evenly spaced."""

    frames: NDArray[np.uint8]
    """`[frame, y, x, 3]`, the newest last."""
    filled: int
    """How many of the newest steps have come; 1 or more."""


def last_window(clip: Clip, takes: NetworkInput, period_us: int) -> Window:
    """Returns the window that ends with the clip.

    Args:
        clip: to take it from.
        takes: how many frames and steps.
        period_us: from frame to frame.
    """
    return window_at(clip, takes, period_us, int(clip.times_us[-1]))


def windows_over(clip: Clip, takes: NetworkInput, period_us: int, views: int) -> list[Window]:
    """Returns windows evenly spaced over a clip, the last one ending with it.

    A clip that is no longer than a window gives the same window each time.
    """
    end_us = int(clip.times_us[-1])
    first_us = min(end_us, period_us * (takes.frames - 1))
    ends = np.linspace(end_us, first_us, views)[::-1]
    return [window_at(clip, takes, period_us, round(one)) for one in ends]


def random_window(
    clip: Clip,
    takes: NetworkInput,
    period_us: int,
    rates: tuple[float, float],
    rng: np.random.Generator,
) -> Window:
    """Returns a window anywhere in the clip, slower or faster by chance.

    Args:
        clip: to take it from.
        takes: how many frames and steps.
        period_us: from frame to frame at rate 1.
        rates: slowest and fastest; 2 takes frames twice as far apart.
        rng: decides.
    """
    period = period_us * float(np.exp(rng.uniform(*np.log(rates))))
    end_us = int(clip.times_us[-1])
    span_us = min(end_us, round(period * (takes.frames - 1)))
    return window_at(clip, takes, period, int(rng.integers(span_us, end_us + 1)))


def window_at(clip: Clip, takes: NetworkInput, period_us: float, newest_us: int) -> Window:
    """Returns the window whose newest frame is the one nearest to a time."""
    wanted = newest_us - period_us * np.arange(takes.frames - 1, -1, -1)
    middles = (clip.times_us[1:] + clip.times_us[:-1]) / 2
    frames = clip.frames[np.searchsorted(middles, wanted, side="right")]
    has_come = wanted.reshape(takes.steps, -1).min(1) >= -period_us / 2
    return Window(frames, max(1, int(has_come.sum())))


def sized(frames: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Returns frames `[frame, y, x, 3]` made smaller; those of the size already as they are."""
    if frames.shape[1:3] == (height_px, width_px):
        return frames
    size = width_px, height_px
    made = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in frames]
    return np.stack(made).astype(np.uint8, copy=False)


def stacked(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns `[frame · 3, y, x]`, values from −1 to 1, as networks take them."""
    channels = frames.transpose(0, 3, 1, 2).reshape(-1, *frames.shape[1:3])
    return channels.astype(np.float32) / np.float32(127.5) - np.float32(1)
