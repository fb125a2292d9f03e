"""Clips of `testsrc:motions` to learn and test on: eight motions in four pairs."""

import hashlib

import numpy as np

from flowlace.sources.testsrc.motion_frames import MOTION, MOTIONS, MotionOptions, motion_frames
from flowlace_trainers.video.clips import Clip

PERIOD_US = 66_667
"""Between frames: 15 a second."""


def motion_clip(
    seed: tuple[int, ...], label: str, options: MotionOptions = MOTION, *, is_noisy: bool = True
) -> Clip:
    """Returns the clip of a seed and a motion; see `motion_frames`."""
    frames = motion_frames(seed, label, options, is_noisy=is_noisy)
    return Clip(frames, np.arange(len(frames), dtype=np.int64) * PERIOD_US, label)


class MotionClips:
    """As many clips as wanted, each drawn when it is asked for.

    Every scene comes once with each motion, so that nothing but the motion tells the label.

    Args:
        count: of clips.
        seed: of all of them; other seeds give other clips.
        options: size of the clips.
    """

    labels = MOTIONS

    def __init__(self, count: int, seed: int, options: MotionOptions = MOTION) -> None:
        self._count = count
        self._seed = seed
        self._options = options
        self.digest = hashlib.sha256(f"{count} {seed} {options}".encode()).hexdigest()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Clip:
        label = MOTIONS[index % len(MOTIONS)]
        return motion_clip((self._seed, index // len(MOTIONS)), label, self._options)
