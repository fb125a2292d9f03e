import errno
import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.sinks import SinkError, open_sink
from flowlace.sinks.gif_file import GifSink


def picture(shade: int, height: int = 20, width: int = 31) -> Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2] = (shade, 255 - shade, 7)
    return Image(ImageFormat.SRGB, pixels)


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as opened:
        return [np.asarray(one.to_ndarray(format="rgb24")) for one in opened.decode(video=0)]


def test_every_picture_is_kept_to_the_colour(tmp_path: Path) -> None:
    pictures = [picture(shade) for shade in (0, 50, 100, 250)]
    with open_sink(f"{tmp_path}/out.gif") as sink:
        for one in pictures:
            sink.write(0, one)
    assert sink.counts.written == 4
    found = frames_of(tmp_path / "out.gif")
    np.testing.assert_array_equal(found, [one.pixels for one in pictures])


def test_it_loops_and_pictures_last_as_told(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out.gif?fps=4") as sink:
        sink.write(0, picture(0))
        sink.write(99_000_000, picture(9))
    data = (tmp_path / "out.gif").read_bytes()
    assert b"NETSCAPE2.0\x03\x01\x00\x00\x00" in data
    assert data.count(b"\x21\xf9\x04") == 2
    delays = [data[at + 4] for at in range(len(data)) if data[at : at + 3] == b"\x21\xf9\x04"]
    assert delays == [25, 25]


def test_the_newest_pictures_alone_are_kept_and_can_be_read_at_any_time(tmp_path: Path) -> None:
    sink = open_sink(f"{tmp_path}/out.gif?last=2")
    sink.write(0, picture(0))
    np.testing.assert_array_equal(frames_of(tmp_path / "out.gif"), [picture(0).pixels])
    sink.write(1, picture(1))
    sink.write(2, picture(2))
    np.testing.assert_array_equal(
        frames_of(tmp_path / "out.gif"), [picture(1).pixels, picture(2).pixels]
    )
    assert os.listdir(tmp_path) == ["out.gif"]


def test_what_a_killed_process_wrote_can_be_seen(tmp_path: Path) -> None:
    sink = open_sink(f"{tmp_path}/out.gif")
    for shade in range(5):
        sink.write(0, picture(40 * shade))
    assert len(frames_of(tmp_path / "out.gif")) >= 4  # the last one waits for its duration
    sink.close()


def test_gray_pictures_and_such_with_alpha_are_taken(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out.gif") as sink:
        sink.write(0, Image(ImageFormat.GRAY8, np.full((8, 9), 77, np.uint8)))
        sink.write(0, Image(ImageFormat.SRGBA, np.full((8, 9, 4), 200, np.uint8)))
    first, second = frames_of(tmp_path / "out.gif")
    assert (first == 77).all()
    assert (second == 200).all()


def test_another_size_is_an_error(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out.gif") as sink:
        sink.write(0, picture(0))
        with pytest.raises(SinkError, match="the image is 5×4, the ones before are 31×20"):
            sink.write(1, picture(0, 4, 5))


def test_other_payloads_are_errors(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out.gif") as sink:
        with pytest.raises(SinkError, match="at 3 µs takes images, not str"):
            sink.write(3, "picture")
        deep = Image(ImageFormat.GRAY16, np.zeros((4, 4), np.uint16))
        with pytest.raises(SinkError, match="can't hold images of format GRAY16"):
            sink.write(4, deep)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    class FullDisk(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    sink = GifSink(tmp_path / "out.gif", file=FullDisk())
    with pytest.raises(SinkError, match=r"out\.gif' can't be written: No space left on device"):
        [sink.write(0, picture(shade)) for shade in range(3)]
    with pytest.raises(SinkError, match="No space left"):
        sink.close()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/out.gif", "No such file"),
        ("none/out.gif?last=3", "there is no folder"),
        ("out.gif?fps=0", "within 0.01 and 50"),
        ("out.gif?last=-1", "last=-1 must be 0 or more"),
    ],
)
def test_what_can_not_be_written_is_told_at_once(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SinkError, match=reason):
        open_sink(f"{tmp_path}/{name}")
