"""`testsrc:motions` as a source: its frames, its truth, its options."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats import ImageFormat
from flowlace.sources import SourceError, open_source
from flowlace.sources.testsrc.motion_frames import MOTIONS, MotionOptions, motion_frames
from flowlace.sources.testsrc.motions import MotionsOptions, MotionsSource


def test_gives_frames_of_the_size_rate_and_length_asked_for() -> None:
    with open_source("testsrc:motions?size=40&fps=25&clip_s=0.08&seconds=0.2") as source:
        frames = list(source)
        info = source.info
    assert [frame.timestamp_us for frame in frames] == [0, 40_000, 80_000, 120_000, 160_000]
    assert {frame.payload.pixels.shape for frame in frames} == {(40, 40, 3)}
    assert frames[0].payload.format is ImageFormat.SRGB
    assert (info.frame_count, info.duration_us, info.frame_rate) == (5, 200_000, 25.0)


def test_a_clip_is_one_motion_in_a_scene_of_its_own() -> None:
    source = MotionsSource(MotionsOptions(motion="up,shrink", size=48, clip_s=0.4, seed=3))
    shown = np.stack([source.image(index).pixels for index in range(12)])
    size = MotionOptions(side_px=48, frames=6)
    np.testing.assert_array_equal(shown[:6], motion_frames((3, 0, 8), "up", size))
    np.testing.assert_array_equal(shown[6:], motion_frames((3, 1, 8), "shrink", size))


def test_is_the_same_in_any_reading_order() -> None:
    options = MotionsOptions(size=32, clip_s=0.2)
    source, fresh = MotionsSource(options), MotionsSource(options)
    later_first = [source.image(n) for n in (7, 1)]
    assert [fresh.image(n) for n in (1, 7)] == later_first[::-1]


def test_all_motions_come_by_when_none_is_asked_for() -> None:
    source = MotionsSource(MotionsOptions(seconds=80))
    assert {one.label for one in source.truth()} == set(MOTIONS)


def test_truth_covers_the_whole_stream_without_gaps() -> None:
    source = MotionsSource(MotionsOptions(motion="left,cw", seconds=4))
    truth = source.truth()
    assert [one.label for one in truth] == ["left", "cw", "left"]
    assert [one.onset_us for one in truth] == [0, 1_600_000, 3_200_000]
    assert [one.offset_us for one in truth] == [1_600_000, 3_200_000, 4_000_000]
    assert (source.ground_truth(23), source.ground_truth(24)) == ("left", "cw")


def test_an_endless_source_needs_an_end_for_its_truth() -> None:
    source = MotionsSource(MotionsOptions(seconds=0))
    assert len(source.truth(1_700_000)) == 2
    with pytest.raises(ValueError, match="has no end; give until_us"):
        source.truth()


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_truth_is_written_where_it_is_asked_for(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"truth.{ending}"
    open_source(f"testsrc:motions?motion=left&seconds=1.6&truth={path}").close()
    text = path.read_text()
    rows = list(csv.DictReader(text.splitlines())) if ending == "csv" else [json.loads(text)]
    assert [{name: str(value) for name, value in row.items()} for row in rows] == [
        {"onset_us": "0", "offset_us": "1600000", "label": "left"}
    ]


def test_a_truth_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="truth can't be written: No such file"):
        open_source(f"testsrc:motions?truth={tmp_path}/no/folder.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("motion=left,jump", "motion 'jump' is not known; known are: left, right"),
        ("size=8", "size=8 must be 32 to 1080"),
        ("fps=0", "fps must be above 0"),
        ("clip_s=0.05", "clip_s=0.05 must be 2 to 1000 frames, but is 1"),
        ("seconds=0&truth=a.csv", "truth needs a file"),
        ("truth=a.txt", "truth needs a file"),
    ],
)
def test_says_what_is_wrong_with_options(options: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(f"testsrc:motions?{options}")


def test_a_live_one_comes_by_the_clock_and_counts_what_was_missed(clock: Any) -> None:
    options = MotionsOptions(size=32, fps=10, clip_s=0.4, seconds=2, live=True)
    source = MotionsSource(options, clock)
    source.read()
    clock.advance_us(450_000)
    frame = source.read()
    assert frame is not None
    assert (frame.timestamp_us, source.counts.dropped) == (400_000, 3)
