from pathlib import Path

import av
import numpy as np

from flowlace.recorder.flac_length import finish_flac
from tests.sources.sounds import write_sound


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (1, samples)).astype(np.float32)


def without_length(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    return path


def stated_us(path: Path) -> int | None:
    with av.open(str(path)) as container:
        return container.duration


def test_the_length_is_written_into_the_head(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", noise(48_000), 16_000, "flac")
    whole = path.read_bytes()
    without_length(path)
    assert stated_us(path) is None
    assert finish_flac(path) == 3_000_000
    assert stated_us(path) == 3_000_000
    assert path.read_bytes() == whole


def test_a_frame_that_was_being_written_does_not_count(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", noise(48_000), 16_000, "flac")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    length_us = finish_flac(without_length(path))
    assert 1_500_000 < length_us < 2_100_000
    assert stated_us(path) == length_us


def test_what_holds_no_sound_has_no_length(tmp_path: Path) -> None:
    for content in (b"", b"fLaC", b"not sound" * 100):
        (tmp_path / "a.flac").write_bytes(content)
        assert finish_flac(tmp_path / "a.flac") == 0
        assert (tmp_path / "a.flac").read_bytes() == content
    assert finish_flac(tmp_path / "gone.flac") == 0
