import numpy as np
from flowlace_trainers.video.motions import MotionClips, motion_clip

from flowlace.sources.testsrc.motion_frames import MOTIONS, MotionOptions, motion_frames

SMALL = MotionOptions(side_px=48, frames=8)


def test_a_clip_is_what_the_test_source_draws() -> None:
    clip = motion_clip((1, 2), "up", SMALL)
    np.testing.assert_array_equal(clip.frames, motion_frames((1, 2), "up", SMALL))
    assert clip.label == "up"


def test_clips_have_the_size_and_the_rate_they_were_asked_for() -> None:
    clip = motion_clip((1,), "left", SMALL)
    assert (clip.frames.shape, clip.frames.dtype) == ((8, 48, 48, 3), np.uint8)
    assert clip.times_us.tolist() == [number * 66_667 for number in range(8)]


def test_a_set_shows_every_scene_with_each_motion() -> None:
    clips = MotionClips(24, 5, SMALL)
    assert [clips[number].label for number in range(8)] == list(MOTIONS)
    np.testing.assert_array_equal(clips[8].frames, motion_clip((5, 1), "left", SMALL).frames)
    assert len(clips) == 24
    assert clips.digest != MotionClips(24, 6, SMALL).digest
