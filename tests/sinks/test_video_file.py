import errno
import io
import logging
import os
from pathlib import Path

import av
import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat
from flowlace.sinks import SinkError, open_sink
from flowlace.sinks.video_file import VideoFileOptions, VideoFileSink
from flowlace.sources import open_source

IRREGULAR_US = [1_000_003, 1_033_337, 1_033_338, 1_400_000, 2_000_000, 2_900_001, 2_940_000]


def image(value: int = 90, width: int = 64, height: int = 48) -> Image:
    pixels = np.full((height, width, 3), (value, 60, 30), np.uint8)
    return Image(ImageFormat.SRGB, pixels)


def noise(seed: int) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (180, 320, 3), np.uint8)
    return Image(ImageFormat.SRGB, pixels)


def stamps(path: Path) -> list[int]:
    with open_source(str(path)) as source:
        return [frame.timestamp_us for frame in source]


@pytest.mark.parametrize("url", ["out.mp4", "out.mov", "out.mp4?codec=mpeg4"])
def test_timestamps_are_kept_to_the_microsecond(url: str, tmp_path: Path) -> None:
    with open_sink(str(tmp_path / url)) as sink:
        for timestamp_us in IRREGULAR_US:
            sink.write(timestamp_us, image())
        assert sink.counts.written == len(IRREGULAR_US)
    assert stamps(tmp_path / url.partition("?")[0]) == IRREGULAR_US


@pytest.mark.parametrize(("ending", "gap_us"), [("mp4", 2_147_000_000), ("mkv", 90_000_000_000)])
def test_a_long_gap_and_a_late_start_are_kept(ending: str, gap_us: int, tmp_path: Path) -> None:
    times = [3_600_000_000, 3_600_040_000, 3_600_040_000 + gap_us]
    with open_sink(str(tmp_path / f"out.{ending}")) as sink:
        for timestamp_us in times:
            sink.write(timestamp_us, image())
    assert stamps(tmp_path / f"out.{ending}") == times


def test_a_gap_that_mp4_can_not_hold_is_an_error(tmp_path: Path) -> None:
    with open_sink(str(tmp_path / "out.mp4")) as sink:
        sink.write(0, image())
        with pytest.raises(SinkError, match=r"no gap of more than 35 minutes; use \.mkv"):
            sink.write(2_200_000_000, image())


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_time_lapse_has_even_steps_whatever_the_times(ending: str, tmp_path: Path) -> None:
    with open_sink(str(tmp_path / f"out.{ending}?even_fps=4")) as sink:
        for timestamp_us in (0, 1000, 9_000_000_000, 9_000_000_500):
            sink.write(timestamp_us, image())
    assert stamps(tmp_path / f"out.{ending}") == [0, 250_000, 500_000, 750_000]


def test_a_time_lapse_needs_a_rate_there_is(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="even_fps=-1 must lie within 0 and 1000"):
        open_sink(str(tmp_path / "out.mp4?even_fps=-1"))


def test_matroska_keeps_milliseconds_and_counts_what_shares_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "flowlace.sinks"),
        open_sink(str(tmp_path / "out.mkv")) as sink,
    ):
        for timestamp_us in IRREGULAR_US:
            sink.write(timestamp_us, image())
    assert stamps(tmp_path / "out.mkv") == [
        1_000_000, 1_033_000, 1_400_000, 2_000_000, 2_900_000, 2_940_000,
    ]  # fmt: skip
    assert dict(sink.counts.skipped) == {"shares_a_slot": 1}
    assert "the frame at 1033338 µs is less than 1 ms after another" in caplog.text


def test_avi_counts_its_slots_from_the_first_frame(tmp_path: Path) -> None:
    with open_sink(str(tmp_path / "out.avi?fps=25")) as sink:
        for timestamp_us in (500_000, 540_100, 579_900, 581_000, 700_000):
            sink.write(timestamp_us, image())
    assert stamps(tmp_path / "out.avi") == [0, 40_000, 80_000, 200_000]
    assert dict(sink.counts.skipped) == {"shares_a_slot": 1}


def test_colours_survive(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24] = (220, 40, 30)
    pixels[24:] = (30, 60, 210)
    with open_sink(f"{path}?crf=1") as sink:
        sink.write(0, Image(ImageFormat.SRGB, pixels))
    with open_source(str(path)) as source:
        (frame,) = list(source)
    difference = np.abs(frame.payload.pixels.astype(int) - pixels)
    assert np.percentile(difference, 75) <= 2  # colour is coarse along the edge


def test_the_file_says_which_colours_it_means(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with open_sink(str(path)) as sink:
        sink.write(0, image())
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert int(frame.colorspace) == 1  # BT.709


@pytest.mark.parametrize(
    ("image_format", "shape", "dtype", "full"),
    [
        (ImageFormat.GRAY8, (48, 64), np.uint8, 255),
        (ImageFormat.GRAY16, (48, 64), np.uint16, 65535),
        (ImageFormat.SRGBA, (48, 64, 4), np.uint8, 255),
        (ImageFormat.SBGRA, (48, 64, 4), np.uint8, 255),
        (ImageFormat.SRGB48, (48, 64, 3), np.uint16, 65535),
    ],
)
def test_every_format_of_pictures_is_taken(
    image_format: ImageFormat, shape: tuple[int, ...], dtype: type, full: int, tmp_path: Path
) -> None:
    path = tmp_path / "out.mp4"
    with open_sink(str(path)) as sink:
        sink.write(0, Image(image_format, np.full(shape, full, dtype)))
    with open_source(str(path)) as source:
        (frame,) = list(source)
    assert frame.payload.pixels.mean() > 250


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (65, 49)])
def test_odd_sizes_are_padded_by_repeating_the_edge(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with open_sink(str(path)) as sink:
        sink.write(0, image(value=200, width=size[0], height=size[1]))
    with open_source(str(path)) as source:
        (frame,) = list(source)
    pixels = frame.payload.pixels
    assert pixels.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert np.abs(pixels[-1, -1].astype(int) - (200, 60, 30)).max() < 8


def test_another_size_is_an_error_that_names_both(tmp_path: Path) -> None:
    with open_sink(str(tmp_path / "out.mp4")) as sink:
        sink.write(0, image())
        with pytest.raises(
            SinkError, match=r"out.mp4' at 40 µs: the image is 32×48, the ones before are 64×48"
        ):
            sink.write(40, image(width=32))


def test_time_that_does_not_grow_is_an_error_that_names_both(tmp_path: Path) -> None:
    with open_sink(str(tmp_path / "out.mp4")) as sink:
        sink.write(40, image())
        with pytest.raises(SinkError, match=r"at 40 µs: the image before is at 40 µs, time must g"):
            sink.write(40, image())


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("text", "takes images, not str"),
        (
            Image(ImageFormat.VEC32F1, np.zeros((4, 4), np.float32)),
            "can't hold images of format VEC32F1",
        ),
    ],
)
def test_what_is_no_picture_is_an_error(payload: object, message: str, tmp_path: Path) -> None:
    with (
        open_sink(str(tmp_path / "out.mp4")) as sink,
        pytest.raises(SinkError, match=message),
    ):
        sink.write(0, payload)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_file_that_was_never_closed_can_be_read(ending: str, tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / f"out.{ending}", VideoFileOptions(fps=25))
    for index in range(150):
        sink.write(index * 40_000, noise(index % 7))
    left_by_a_kill = tmp_path / f"left.{ending}"
    left_by_a_kill.write_bytes((tmp_path / f"out.{ending}").read_bytes())
    sink.close()
    given = stamps(left_by_a_kill)
    assert given == [40_000 * n for n in range(len(given))]
    assert len(given) >= 150 - 70  # two groups of 30 and what the encoder holds


def test_a_full_disk_is_an_error_that_names_file_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    os.symlink("/dev/full", path)
    sink = open_sink(str(path))
    with pytest.raises(SinkError, match=r"out.mp4' can't be written: No space left on device"):
        _write_until_it_fails(sink)


def _write_until_it_fails(sink: VideoFileSink) -> None:
    try:
        for index in range(60):
            sink.write(index * 40_000, noise(index))
    finally:
        sink.close()


class FillingUp(io.BytesIO):
    """A disk with room for a hundred thousand bytes."""

    def write(self, data: object) -> int:
        if self.tell() + len(data) > 100_000:  # type: ignore[arg-type]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_disk_that_fills_up_is_noticed_while_writing(ending: str) -> None:
    sink = VideoFileSink(f"out.{ending}", file=FillingUp())
    with pytest.raises(SinkError, match=r"can't be written: No space left on device"):
        _write_until_it_fails(sink)
    assert 0 < sink.counts.written < 59


def test_a_disk_that_is_full_at_the_end_is_noticed_by_close() -> None:
    class FullLater(io.BytesIO):
        is_full = False

        def write(self, data: object) -> int:
            if self.is_full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)  # type: ignore[arg-type]

    file = FullLater()
    sink = VideoFileSink("out.mp4", file=file)
    sink.write(0, image())
    file.is_full = True
    with pytest.raises(SinkError, match="No space left on device"):
        sink.close()
    sink.close()


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SinkError, match=r"'/nowhere/out.mp4' can't be written: No such file"):
        open_sink("/nowhere/out.mp4")


def test_an_unknown_encoder_is_an_error(tmp_path: Path) -> None:
    with (
        open_sink(str(tmp_path / "out.mp4?codec=h999")) as sink,
        pytest.raises(SinkError, match=r"out.mp4' can't be written: .*h999"),
    ):
        sink.write(0, image())


def test_writing_after_closing_is_an_error(tmp_path: Path) -> None:
    sink = open_sink(str(tmp_path / "out.mp4"))
    sink.close()
    with pytest.raises(SinkError, match=r"out.mp4' is closed"):
        sink.write(0, image())


@pytest.mark.parametrize("options", ["fps=0", "fps=-1"])
def test_the_rate_must_be_positive(options: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="must be positive"):
        open_sink(f"{tmp_path}/out.mp4?{options}")
