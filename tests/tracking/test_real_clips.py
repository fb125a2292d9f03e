"""A short stretch of real video is followed; skips without the data folder."""

from pathlib import Path

import pytest
from benchmarks.tracking_clips import analyse, load_clip, track

from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.evaluation import success_auc
from flowlace.tracking.step_options import TrackStepOptions

DATA = Path(__file__).parents[2].parent / "shared/data/video"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.exists(), reason=f"needs the evaluation clips in {DATA}"),
]


def test_couple_is_followed_by_motion_and_by_its_look() -> None:
    clip = load_clip(DATA, "couple")
    analyse(clip)
    by_motion = track(clip, clip.tracks[1], TrackStepOptions())
    by_look = track(clip, clip.tracks[1], TrackStepOptions(), appearance=AppearanceModel())
    assert success_auc(by_motion.overlaps()) > 0.4
    assert success_auc(by_look.overlaps()) > 0.5
