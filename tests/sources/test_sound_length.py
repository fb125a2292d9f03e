from pathlib import Path

import pytest

from flowlace.sources.sound_length import missing_end
from tests.sources.sounds import tone, write_sound


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.opus", "libopus")])
def test_a_whole_file_lacks_nothing(name: str, codec: str, tmp_path: Path) -> None:
    assert missing_end(write_sound(tmp_path / name, tone(48_000, 48_000), 48_000, codec)) == ""


def test_a_cut_wav_tells_how_much_is_there(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1000, 8000), 8000, "pcm_s16le")
    path.write_bytes(path.read_bytes()[:-500])
    assert missing_end(path) == "1500 of 2000 bytes of sound are there"


def test_a_wav_from_a_pipe_does_not_know_its_length(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1000, 8000), 8000, "pcm_s16le")
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert missing_end(path) == ""


def test_a_cut_ogg_lacks_its_last_page(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.opus", tone(144_000, 48_000), 48_000, "libopus")
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_end(path) == "its last page is missing"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF0000WAVE", b"fLaC1234567890", b"\0" * 99])
def test_other_and_broken_files_are_not_judged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert missing_end(tmp_path / "a.wav") == ""
