import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat
from flowlace.sinks import SinkError, open_sink
from flowlace.sources import open_source

RED = Image(ImageFormat.SRGB, np.full((4, 6, 3), (250, 10, 20), np.uint8))


def test_pictures_are_named_by_their_timestamp(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out/frame_%06d.png") as sink:
        sink.write(0, RED)
        sink.write(33_333, RED)
        assert sink.counts.written == 2
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert names == ["frame_000000.png", "frame_033333.png"]


@pytest.mark.parametrize("url", ["out/", "folder:out"])
def test_a_folder_takes_png(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_sink(url) as sink:
        sink.write(7, RED)
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["000000000007.png"]


def test_what_was_written_is_read_back_with_the_same_timestamps(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/") as sink:
        sink.write(99_999, RED)
        sink.write(1_000_001, RED)
    with open_source(f"{tmp_path}/*.png?timestamps=name") as source:
        assert list(source) == [(RED, 99_999), (RED, 1_000_001)]


@pytest.mark.parametrize(
    ("image", "stored"),
    [
        (Image(ImageFormat.GRAY8, np.full((2, 2), 9, np.uint8)), 9),
        (Image(ImageFormat.GRAY16, np.full((2, 2), 999, np.uint16)), 999),
        (Image(ImageFormat.SRGBA, np.full((2, 2, 4), (1, 2, 3, 4), np.uint8)), [3, 2, 1, 4]),
        (Image(ImageFormat.SBGRA, np.full((2, 2, 4), (1, 2, 3, 4), np.uint8)), [1, 2, 3, 4]),
        (Image(ImageFormat.SRGB48, np.full((2, 2, 3), (1, 2, 999), np.uint16)), [999, 2, 1]),
    ],
)
def test_png_keeps_depth_and_alpha(image: Image, stored: Any, tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/%d.png") as sink:
        sink.write(0, image)
    assert cv2.imread(str(tmp_path / "0.png"), cv2.IMREAD_UNCHANGED)[0, 0].tolist() == stored


def test_jpeg_has_the_quality_asked_for(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    sizes = []
    for quality in (20, 95):
        with open_sink(f"{tmp_path}/%d.jpg?quality={quality}") as sink:
            sink.write(quality, Image(ImageFormat.SRGB, noise))
        sizes.append((tmp_path / f"{quality}.jpg").stat().st_size)
    assert sizes[0] * 2 < sizes[1]


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        ("%d.png", {"a": 1}, r"0.png' takes images, not dict"),
        (
            "%d.jpg",
            Image(ImageFormat.GRAY16, np.zeros((2, 2), np.uint16)),
            r"0.jpg': JPEG can't hold GRAY16; use .png",
        ),
        (
            "%d.png",
            Image(ImageFormat.VEC32F1, np.zeros((2, 2), np.float32)),
            r"0.png' can't hold images of format VEC32F1",
        ),
    ],
)
def test_what_a_file_can_not_hold_is_an_error(
    name: str, payload: object, message: str, tmp_path: Path
) -> None:
    with open_sink(f"{tmp_path}/{name}") as sink, pytest.raises(SinkError, match=message):
        sink.write(0, payload)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("out.png", "needs one %d"),
        ("%d_%d.png", "needs one %d"),
        ("%d.jpg?quality=0", "quality=0 must lie within 1 and 100"),
    ],
)
def test_mistakes_are_named_before_the_first_picture(
    url: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SinkError, match=message):
        open_sink(f"{tmp_path}/{url}")


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"file/out' can't be written: "):
        open_sink(f"{tmp_path}/file/out/%d.png")


def test_a_full_disk_is_an_error_and_leaves_no_half_picture(tmp_path: Path) -> None:
    os.symlink("/dev/full", tmp_path / ".0.png.part")
    with (
        open_sink(f"{tmp_path}/%d.png") as sink,
        pytest.raises(SinkError, match=r"0.png' can't be written: No space left on device"),
    ):
        sink.write(0, RED)
    assert list(tmp_path.iterdir()) == []
