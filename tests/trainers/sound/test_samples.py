from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.sound.augmentation import SoundAugmentOptions
from flowlace_trainers.sound.clips import Clip, active_frames, read_clips
from flowlace_trainers.sound.front_end import WINDOW_SAMPLES, Floats
from flowlace_trainers.sound.samples import TrainingWindows, clip_windows, cut

from tests.trainers.sound.toys import LABELS, write_clips

PLAIN = SoundAugmentOptions(plain=1.0)


def clip(values: Floats) -> Clip:
    return Clip("a.wav", "low", "1", "CC0", values, active_frames(values))


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    write_clips(tmp_path)
    return read_clips(tmp_path, wanted=bool)


def test_a_batch_is_the_same_whenever_it_is_asked_for(clips: list[Clip]) -> None:
    first, second = (
        TrainingWindows(clips, LABELS, SoundAugmentOptions(), 7).batch(range(3, 9))
        for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_window_does_not_depend_on_the_batch_it_comes_in(clips: list[Clip]) -> None:
    windows = TrainingWindows(clips, LABELS, SoundAugmentOptions(), 7)
    assert np.allclose(windows.batch(range(3, 9))[0][2], windows.batch(range(5, 6))[0][0])


def test_plain_windows_hold_at_most_one_sound(clips: list[Clip]) -> None:
    _, truth, weight = TrainingWindows(clips, LABELS, PLAIN, 7).batch(range(200))
    assert truth.sum(1).max() == 1
    assert weight.min() == 1


def test_every_class_comes_about_as_often(clips: list[Clip]) -> None:
    _, truth, _ = TrainingWindows(clips, LABELS, PLAIN, 7).batch(range(900))
    assert truth.sum(0) == pytest.approx(270, abs=60)


def test_mixed_windows_hold_two(clips: list[Clip]) -> None:
    options = SoundAugmentOptions(plain=0.0, mix=1.0)
    _, truth, _ = TrainingWindows(clips, LABELS, options, 7).batch(range(200))
    assert truth.sum(1).max() == 2


def test_a_window_beside_the_sound_does_not_hold_it() -> None:
    values = np.zeros(3 * WINDOW_SAMPLES, np.float32)
    values[:1600] = 0.5
    cuts = [cut(clip(values), np.random.default_rng(seed)) for seed in range(60)]
    assert all((active == 0) == (np.abs(sound).max() == 0) for sound, active in cuts)
    assert {active > 0 for _, active in cuts} == {True, False}


def test_a_short_clip_lies_somewhere_in_silence() -> None:
    values = np.full(1600, 0.5, np.float32)
    starts = {
        int(np.flatnonzero(cut(clip(values), np.random.default_rng(seed))[0])[0])
        for seed in range(10)
    }
    assert len(starts) == 10


def test_the_windows_of_a_clip_reach_to_its_end() -> None:
    assert clip_windows(np.zeros(WINDOW_SAMPLES + 7680, np.float32)).shape == (2, 96, 64)
    assert clip_windows(np.zeros(100, np.float32)).shape == (1, 96, 64)
