"""Motions go where their labels say, and a pair's two can't be told without the order of frames."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from flowlace.sources.testsrc.motion_frames import MOTIONS, MotionOptions, motion_frames

SMALL = MotionOptions(side_px=48, frames=8)


def mean_flow(label: str, seed: int) -> tuple[float, float, float, float]:
    """Flow to the right, flow downwards, turning clockwise, and spreading, by Farneback."""
    frames = motion_frames((seed,), label, is_noisy=False)
    gray = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in frames[8:16]]
    flows = [
        cv2.calcOpticalFlowFarneback(a, b, np.zeros((96, 96, 2)), 0.5, 3, 15, 3, 5, 1.2, 0)
        for a, b in pairwise(gray)
    ]
    flow = np.mean(flows, 0)
    flow -= np.median(flow, (0, 1))  # the camera's
    weight = np.hypot(*np.moveaxis(flow, -1, 0))[..., None]
    y, x = np.mgrid[:96, :96]
    place = np.stack([x, y], -1)
    arm = place - (place * weight).sum((0, 1)) / weight.sum()
    turning = (arm[..., 0] * flow[..., 1] - arm[..., 1] * flow[..., 0]).mean()
    return flow[..., 0].mean(), flow[..., 1].mean(), turning, (arm * flow).sum(-1).mean()


@pytest.mark.parametrize(
    ("label", "number", "sign"),
    [
        ("left", 0, -1), ("right", 0, 1), ("up", 1, -1), ("down", 1, 1),
        ("cw", 2, 1), ("ccw", 2, -1), ("grow", 3, 1), ("shrink", 3, -1),
    ],
)  # fmt: skip
def test_a_motion_goes_where_its_label_says(label: str, number: int, sign: int) -> None:
    measured = [sign * mean_flow(label, seed)[number] for seed in range(5)]
    assert np.median(measured) > 0


@pytest.mark.parametrize("pair", range(4))
def test_motions_of_a_pair_are_each_others_reversal(pair: int) -> None:
    first, second = (
        motion_frames((7, pair), label, SMALL, is_noisy=False)
        for label in MOTIONS[2 * pair : 2 * pair + 2]
    )
    np.testing.assert_array_equal(first, second[::-1])


def test_a_seed_gives_the_same_clip_and_another_seed_another() -> None:
    frames = motion_frames((1, 2), "up", SMALL)
    np.testing.assert_array_equal(frames, motion_frames((1, 2), "up", SMALL))
    assert (frames != motion_frames((1, 3), "up", SMALL)).mean() > 0.5


def test_noise_is_on_every_pixel_and_keeps_the_mean() -> None:
    clean = motion_frames((1,), "grow", is_noisy=False).astype(float)
    difference = motion_frames((1,), "grow") - clean
    gain_and_noise = np.hypot(5, clean.std() * 0.03)
    assert 4 < difference.std() < 5 + gain_and_noise
    assert abs(difference.mean()) < 2
