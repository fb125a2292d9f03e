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

    Every scene comes once with each motion, so that nothing but the motion tells the label; or with
    one only, which shows more scenes in as many clips.

    Args:
        count: of clips.
        seed: of all of them; other seeds give other clips.
        options: size of the clips.
        motions_a_scene: 8 for all of them, 1 for another scene each time.
    """

    labels = MOTIONS

    def __init__(
        self,
        count: int,
        seed: int,
        options: MotionOptions = MOTION,
        *,
        motions_a_scene: int = len(MOTIONS),
    ) -> None:
        self._count = count
        self._seed = seed
        self._options = options
        self._motions_a_scene = motions_a_scene
        told = f"{count} {seed} {options}"
        if motions_a_scene != len(MOTIONS):
            told += f" {motions_a_scene}"
        self.digest = hashlib.sha256(told.encode()).hexdigest()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Clip:
        label = MOTIONS[index % len(MOTIONS)]
        scene = self._seed, index // self._motions_a_scene
        return motion_clip(scene, label, self._options)
