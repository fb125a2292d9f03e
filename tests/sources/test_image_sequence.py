from pathlib import Path

import cv2
import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat
from flowlace.sources import SourceError, open_source
from flowlace.sources.image_sequence import natural_key


def save(path: Path, value: int = 9, size: tuple[int, int] = (8, 6)) -> Path:
    width, height = size
    cv2.imwrite(str(path), np.full((height, width, 3), (1, 2, value), np.uint8))  # BGR
    return path


def reds(url: str) -> list[int]:
    with open_source(url) as source:
        return [int(frame.payload.pixels[0, 0, 0]) for frame in source]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (10, 9, 1):
        save(tmp_path / f"frame{number}.png", number)
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_names_sort_as_a_person_would() -> None:
    names = ["f10.png", "f9.png", "f1.png", "a/2.png", "1.png"]
    assert [str(p) for p in sorted(map(Path, names), key=natural_key)] == [
        "1.png", "a/2.png", "f1.png", "f9.png", "f10.png",
    ]  # fmt: skip


@pytest.mark.parametrize("pattern", ["", "/", "/*.png", "/frame*"])
def test_a_folder_and_a_glob_give_pictures_in_natural_order(folder: Path, pattern: str) -> None:
    assert reds(f"{folder}{pattern}") == [1, 9, 10]


def test_one_picture_is_a_stream_of_one(folder: Path) -> None:
    with open_source(str(folder / "frame9.png")) as source:
        frames = list(source)
    expected = Image(ImageFormat.SRGB, np.full((6, 8, 3), (9, 2, 1), np.uint8))
    assert frames == [(expected, 0)]


def test_timestamps_follow_the_rate(folder: Path) -> None:
    with open_source(f"{folder}?fps=7") as source:
        assert [frame.timestamp_us for frame in source] == [0, 142857, 285714]


def test_the_rate_is_30_unless_told(folder: Path) -> None:
    with open_source(str(folder)) as source:
        assert [frame.timestamp_us for frame in source] == [0, 33333, 66667]


def test_timestamps_can_come_from_the_names(folder: Path) -> None:
    with open_source(f"{folder}/*.png?timestamps=name") as source:
        assert [frame.timestamp_us for frame in source] == [1, 9, 10]


def test_knows_how_many_there_are(folder: Path) -> None:
    with open_source(f"{folder}?fps=10") as source:
        assert (source.info.frame_count, source.info.duration_us) == (3, 300_000)


def test_a_picture_that_can_not_be_read_is_skipped_and_leaves_a_gap(folder: Path) -> None:
    (folder / "frame9.png").write_bytes(b"\x89PNG nonsense")
    with open_source(f"{folder}?fps=10") as source:
        assert [frame.timestamp_us for frame in source] == [0, 200_000]
        assert dict(source.counts.skipped) == {"unreadable": 1}


def test_an_empty_picture_file_is_skipped(folder: Path) -> None:
    (folder / "frame1.png").write_bytes(b"")
    assert reds(str(folder)) == [9, 10]


def test_a_picture_of_another_size_is_an_error_that_names_the_file(folder: Path) -> None:
    save(folder / "frame9.png", 9, size=(9, 6))
    with pytest.raises(
        SourceError, match=r"file '.*frame9.png': the size changes from 8×6 to 9×6$"
    ):
        reds(str(folder))


def test_only_unreadable_pictures_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="not one picture can be read"):
        reds(str(tmp_path))


@pytest.mark.parametrize("pattern", ["", "/*.png"])
def test_a_place_without_pictures_is_an_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(SourceError, match="no pictures"):
        open_source(f"{tmp_path}{pattern}")


@pytest.mark.parametrize("options", ["fps=0", "timestamps=exif"])
def test_says_which_options_there_are(folder: Path, options: str) -> None:
    with pytest.raises(SourceError, match="need fps > 0 and timestamps=fps or timestamps=name"):
        open_source(f"{folder}?{options}")


def test_gray_and_deep_pictures_become_srgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((4, 4), 0x8000, np.uint16))
    with open_source(str(tmp_path)) as source:
        frame = source.read()
    assert frame is not None
    assert frame.payload == Image(ImageFormat.SRGB, np.full((4, 4, 3), 128, np.uint8))


def test_closing_ends_the_reading(folder: Path) -> None:
    source = open_source(str(folder))
    source.close()
    assert source.read() is None
