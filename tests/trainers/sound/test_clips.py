from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.clips import (
    active_frames,
    digest,
    folds_of,
    read_clips,
    read_sound,
    without_fold,
)

from tests.trainers.sound.toys import sound, write_clips, write_wave


def everything(row: dict[str, str]) -> bool:
    return bool(row)


def test_clips_come_with_label_fold_licence_and_sound(tmp_path: Path) -> None:
    write_clips(tmp_path, per_fold=1)
    clips = read_clips(tmp_path, wanted=lambda row: row["label"] == "low")
    assert [(one.label, one.fold, one.licence) for one in clips] == [
        ("low", "1", "CC0"),
        ("low", "2", "CC0"),
    ]
    assert np.allclose(clips[0].sound, sound("low", 1.5, 0), atol=1e-4)


def test_leaving_out_a_fold_leaves_the_others(tmp_path: Path) -> None:
    write_clips(tmp_path, per_fold=1)
    clips = read_clips(tmp_path, wanted=everything)
    assert folds_of(without_fold(clips, "1")) == ("2",)


def test_other_rates_are_brought_to_sixteen_kilohertz(tmp_path: Path) -> None:
    time_s = np.arange(44_100) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    write_wave(tmp_path / "tone.wav", tone, rate=44_100)
    made = read_sound(tmp_path / "tone.wav")
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert len(made) == 16_000
    assert np.abs(made - wanted)[100:-100].max() < 2e-3


def test_frames_far_below_the_loudest_are_not_the_sound() -> None:
    loud, faint = np.full(1600, 0.5, np.float32), np.full(1600, 0.005, np.float32)
    assert active_frames(np.concatenate((loud, faint))).tolist() == [True] * 10 + [False] * 10


def test_silence_is_never_the_sound() -> None:
    assert not active_frames(np.zeros(1600, np.float32)).any()


def test_the_digest_changes_with_the_sound_and_with_the_label(tmp_path: Path) -> None:
    write_clips(tmp_path, per_fold=1)
    clips = read_clips(tmp_path, wanted=everything)
    assert digest(clips) != digest(clips[1:])
    assert digest(clips) == digest(read_clips(tmp_path, wanted=everything))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"labels\.csv.*No such file"):
        read_clips(tmp_path, wanted=everything)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(TrainerError, match="lacks the columns: fold, licence"):
        read_clips(tmp_path, wanted=everything)


def test_a_clip_that_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label,fold,licence\na.wav,low,1,CC0\n")
    (tmp_path / "a.wav").write_bytes(b"nothing")
    with pytest.raises(TrainerError, match=r"a\.wav' can't be read"):
        read_clips(tmp_path, wanted=everything)
