import csv
import logging
import random
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from flowlace.formats import ImageFormat
from flowlace.sources import SourceError, open_source
from flowlace.sources import video_file as module
from flowlace.sources.video_file import VideoFileOptions, VideoFileSource

WriteFrames = Callable[..., Path]
IRREGULAR_MS = [0, 40, 80, 125, 400, 401, 900]


def timestamps(source: VideoFileSource) -> list[int]:
    with source:
        return [frame.timestamp_us for frame in source]


@pytest.fixture
def clip(tmp_path: Path, write_frames: WriteFrames) -> Path:
    return write_frames(tmp_path / "clip.mp4", range(0, 2400, 40))


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_gives_the_timestamps_that_the_file_carries(
    ending: str, tmp_path: Path, write_frames: WriteFrames
) -> None:
    path = write_frames(tmp_path / f"clip.{ending}", IRREGULAR_MS)
    assert timestamps(VideoFileSource(path)) == [1000 * one for one in IRREGULAR_MS]


def test_a_file_that_starts_late_starts_late(tmp_path: Path, write_frames: WriteFrames) -> None:
    path = write_frames(tmp_path / "clip.mkv", [5000, 5040])
    assert timestamps(VideoFileSource(path)) == [5_000_000, 5_040_000]


def test_timestamps_of_odd_rates_are_rounded_and_do_not_drift(
    tmp_path: Path, write_frames: WriteFrames
) -> None:
    path = write_frames(tmp_path / "clip.mp4", range(120), tick=Fraction(1001, 30000))
    given = timestamps(VideoFileSource(path))
    assert given == [round(n * 1001 / 30000 * 1e6) for n in range(120)]


def test_pictures_come_in_order_and_in_rgb(
    clip: Path, picture: Callable[[int, int, int], np.ndarray]
) -> None:
    with VideoFileSource(clip) as source:
        frames = list(source)
    drawn = picture(7, 64, 48).astype(int)
    assert frames[7].payload.format is ImageFormat.SRGB
    assert np.abs(frames[7].payload.pixels.astype(int) - drawn).mean() < 12


def test_reads_every_frame_of_a_file_once(clip: Path) -> None:
    with VideoFileSource(clip) as source:
        frames = list(source)
        assert (len(frames), source.counts.read, source.read()) == (60, 60, None)
        assert not source.counts.skipped


def test_knows_the_size_rate_and_length(clip: Path) -> None:
    with VideoFileSource(clip) as source:
        info = source.info
    assert (info.width_px, info.height_px, info.frame_count) == (64, 48, 60)
    assert info.frame_rate == pytest.approx(25, rel=0.01)
    assert info.duration_us == pytest.approx(2_400_000, abs=41_000)


def test_is_lossless_and_not_live(clip: Path) -> None:
    with VideoFileSource(clip) as source:
        assert not source.is_live


@pytest.mark.parametrize(
    ("ticks", "kept", "reason"),
    [
        ([0, 40, 80, 60, 100, 140], [0, 40, 80, 100, 140], "time_goes_back"),
        ([0, 40, 40, 80, 120], [0, 40, 80, 120], "repeated_timestamp"),
    ],
)
def test_frames_whose_time_does_not_grow_are_skipped_and_counted(
    ticks: list[int], kept: list[int], reason: str, monkeypatch: pytest.MonkeyPatch, clip: Path
) -> None:
    # No muxer writes such files, only broken recorders do, so the decoder is told to.
    source = VideoFileSource(clip)
    decoded = [_Decoded(tick) for tick in ticks]
    monkeypatch.setattr(source, "_decoded", lambda: iter(decoded))
    monkeypatch.setattr(module, "upright_rgb", lambda _: np.zeros((48, 64, 3), np.uint8))
    with source:
        given = [frame.timestamp_us for frame in source]
    assert given == [1000 * one for one in kept]
    assert source.counts.skipped[reason] == 1


class _Decoded:
    """As much of a decoded frame as timestamps need."""

    time_base = Fraction(1, 1000)
    is_corrupt = False

    def __init__(self, pts: int | None) -> None:
        self.pts = pts


def test_a_frame_without_a_timestamp_is_skipped_and_counted(
    monkeypatch: pytest.MonkeyPatch, clip: Path
) -> None:
    source = VideoFileSource(clip)
    decoded = [_Decoded(0), _Decoded(None), _Decoded(2300)]
    monkeypatch.setattr(source, "_decoded", lambda: iter(decoded))
    monkeypatch.setattr(module, "upright_rgb", lambda _: np.zeros((48, 64, 3), np.uint8))
    assert timestamps(source) == [0, 2_300_000]
    assert source.counts.skipped["no_timestamp"] == 1


def test_the_warning_names_the_file_and_both_timestamps(
    monkeypatch: pytest.MonkeyPatch, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = VideoFileSource(clip)
    monkeypatch.setattr(source, "_decoded", lambda: iter([_Decoded(80), _Decoded(60)]))
    monkeypatch.setattr(module, "upright_rgb", lambda _: np.zeros((48, 64, 3), np.uint8))
    with caplog.at_level(logging.WARNING, "flowlace.sources"):
        timestamps(source)
    wanted = f"{clip}: skipped (time_goes_back): 60000 µs comes after 80000 µs"
    assert wanted in caplog.messages


def test_a_matroska_file_with_time_going_back_is_read_with_that_frame_skipped(
    tmp_path: Path, write_frames: WriteFrames
) -> None:
    whole = write_frames(tmp_path / "clip.mkv", [0, 40, 80, 120, 160], gop=1)
    data = bytearray(whole.read_bytes())
    place = _simple_block(data, 120)
    data[place : place + 2] = (30).to_bytes(2, "big")
    whole.write_bytes(data)
    source = VideoFileSource(whole)
    assert timestamps(source) == [0, 40_000, 80_000, 160_000]
    assert dict(source.counts.skipped) == {"time_goes_back": 1}


def _simple_block(data: bytearray, time_ms: int) -> int:
    """Where a Matroska file keeps the time of the block at `time_ms`: track 1, time, key frame."""
    place = data.find(bytes([0x81]) + time_ms.to_bytes(2, "big") + bytes([0x80]))
    assert place > 0
    return place + 1


def test_raw_video_without_timestamps_is_an_error_that_says_so(
    tmp_path: Path, write_frames: WriteFrames
) -> None:
    path = write_frames(tmp_path / "clip.h264", range(0, 400, 40))
    with (
        VideoFileSource(path) as source,
        pytest.raises(
            SourceError, match=r"clip.h264'.*not one frame can be read \(no_timestamp ×10"
        ),
    ):
        list(source)


def test_avi_gives_each_picture_its_slot(tmp_path: Path, write_frames: WriteFrames) -> None:
    ticks = range(20)
    path = write_frames(tmp_path / "c.avi", ticks, codec="mpeg4", tick=Fraction(1, 25))
    assert timestamps(VideoFileSource(path)) == [40_000 * n for n in ticks]


def test_a_file_cut_in_the_middle_gives_its_frames_and_counts_the_end(
    tmp_path: Path, write_frames: WriteFrames, caplog: pytest.LogCaptureFixture
) -> None:
    whole = write_frames(
        tmp_path / "clip.mp4", range(0, 4000, 40), options={"movflags": "faststart"}
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    source = VideoFileSource(cut)
    with caplog.at_level(logging.WARNING, "flowlace.sources"):
        given = timestamps(source)
    assert given == [40_000 * n for n in range(len(given))]
    assert 20 < len(given) < 100
    assert source.counts.skipped["cut_off"] == 1
    assert f"{cut}: skipped (cut_off): it ends after {given[-1]} µs" in caplog.text
    assert "of 100 frames" in caplog.text


def test_a_cut_matroska_file_is_noticed_by_its_stated_length(
    tmp_path: Path, write_frames: WriteFrames
) -> None:
    whole = write_frames(tmp_path / "clip.mkv", range(0, 8000, 40))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = VideoFileSource(cut)
    assert 0 < len(timestamps(source)) < 200
    assert source.counts.skipped["cut_off"] == 1


def test_a_read_error_of_the_container_gives_what_is_decoded_and_counts_the_end(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = VideoFileSource(clip)
    real = source._container

    class Breaking:
        format = real.format
        streams = real.streams
        close = real.close

        def demux(self, stream: Any) -> Any:
            for n, packet in enumerate(real.demux(stream)):
                if n == 20:
                    raise av.error.InvalidDataError(1, "the disk gave nonsense")
                yield packet

    monkeypatch.setattr(source, "_container", Breaking())
    assert timestamps(source) == [40_000 * n for n in range(20)]
    assert dict(source.counts.skipped) == {"cut_off": 1}


def test_an_mp4_without_its_index_is_an_error_that_says_so(clip: Path) -> None:
    clip.write_bytes(clip.read_bytes()[:2000])
    with pytest.raises(SourceError, match=r"clip.mp4'.*its index \(moov\) is missing"):
        VideoFileSource(clip)


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bytes_never_end_the_reading_nor_break_the_order(
    seed: int, tmp_path: Path, write_frames: WriteFrames
) -> None:
    path = write_frames(tmp_path / "clip.mkv", range(0, 4000, 40), size=(160, 120))
    rng = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(12):
        data[rng.randrange(1500, len(data))] ^= rng.randrange(1, 256)
    path.write_bytes(data)
    source = VideoFileSource(path)
    given = timestamps(source)
    assert given == sorted(set(given))
    assert 0 < len(given) <= 100
    assert source.counts.read == len(given)


def test_a_damaged_frame_is_skipped_and_counted(tmp_path: Path, write_frames: WriteFrames) -> None:
    path = write_frames(tmp_path / "clip.mkv", range(0, 4000, 40), size=(160, 120))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = random.Random(4).randbytes(300)
    path.write_bytes(data)
    source = VideoFileSource(path)
    given = timestamps(source)
    assert source.counts.skipped.total() > 0
    assert len(given) < 100


def test_an_empty_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(SourceError, match=r"empty.mp4' can't be read as video: the file is empty"):
        VideoFileSource(path)


def test_a_missing_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone.mp4' can't be opened: No such file"):
        VideoFileSource(tmp_path / "gone.mp4")


def test_a_file_that_is_no_video_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear Sir or Madam")
    with pytest.raises(SourceError, match=r"letter.mp4' can't be read as video: Invalid data"):
        VideoFileSource(path)


def test_sound_without_a_picture_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(SourceError, match=r"sound.wav': the file holds no video stream"):
        VideoFileSource(path)


@pytest.fixture
def growing(tmp_path: Path, write_frames: WriteFrames) -> Path:
    """A transport stream whose size changes from 64×48 to 96×64 in the middle."""
    small = write_frames(tmp_path / "a.ts", range(0, 400, 40), size=(64, 48))
    large = write_frames(tmp_path / "b.ts", range(400, 800, 40), size=(96, 64))
    path = tmp_path / "both.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    return path


def test_a_change_of_size_is_an_error_that_names_sizes_and_time(growing: Path) -> None:
    with (
        VideoFileSource(growing) as source,
        pytest.raises(
            SourceError, match=r"both.ts' at \d+ µs: the size changes from 64×48 to 96×64; use"
        ),
    ):
        list(source)


def test_a_change_of_size_can_be_scaled_away(growing: Path) -> None:
    with VideoFileSource(growing, VideoFileOptions(size_change="rescale")) as source:
        sizes = {(one.payload.width_px, one.payload.height_px) for one in source}
    assert sizes == {(64, 48)}
    assert source.counts.rescaled >= 9


def test_knows_only_two_ways_to_meet_a_change_of_size(clip: Path) -> None:
    with pytest.raises(SourceError, match="size_change='crop' must be 'error' or 'rescale'"):
        open_source(f"{clip}?size_change=crop")


@pytest.mark.parametrize(
    ("turns", "size", "bright"),
    [(0, (64, 48), "bottom"), (1, (48, 64), "left"), (2, (64, 48), "top"), (3, (48, 64), "right")],
)
def test_a_turned_phone_video_is_shown_upright(
    turns: int, size: tuple[int, int], bright: str, clip: Path
) -> None:
    _turn_clockwise(clip, turns)
    with VideoFileSource(clip) as source:
        image = next(iter(source)).payload
    green = image.pixels[..., 1].astype(float)
    edges = {
        "top": green[:8].mean(),
        "bottom": green[-8:].mean(),
        "left": green[:, :8].mean(),
        "right": green[:, -8:].mean(),
    }
    assert (image.width_px, image.height_px) == size
    assert max(edges, key=edges.__getitem__) == bright


def _turn_clockwise(path: Path, turns: int) -> None:
    """Writes the rotation into the track header, as phones do."""
    data = bytearray(path.read_bytes())
    one = 1 << 16
    a, b = ((one, 0), (0, one), (-one, 0), (0, -one))[turns]
    matrix = (a, b, 0, -b, a, 0, 0, 0, 1 << 30)
    start = data.find(b"tkhd") + 4 + 40  # version 0: the matrix comes after 40 bytes
    data[start : start + 36] = b"".join(one.to_bytes(4, "big", signed=True) for one in matrix)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [("libx264", "gray"), ("libx264", "yuv420p10le"), ("ffv1", "rgb48le")],
)
def test_gray_and_deep_video_becomes_srgb(
    codec: str,
    pixel_format: str,
    tmp_path: Path,
    write_frames: WriteFrames,
) -> None:
    path = write_frames(tmp_path / "clip.mkv", [0, 40], codec=codec, pixel_format=pixel_format)
    with VideoFileSource(path) as source:
        image = next(iter(source)).payload
    assert (image.format, image.pixels.shape) == (ImageFormat.SRGB, (48, 64, 3))
    assert image.pixels[-1, -1, 1] > 110 > 70 > image.pixels[0, -1, 1]


def test_closing_ends_the_reading(clip: Path) -> None:
    source = VideoFileSource(clip)
    source.read()
    source.close()
    source.close()
    assert source.read() is None


def test_closing_from_another_thread_is_safe(clip: Path) -> None:
    for _ in range(10):
        source = VideoFileSource(clip)
        reader = threading.Thread(target=lambda one=source: list(one))
        reader.start()
        source.close()
        reader.join(5)
        assert source.read() is None


@pytest.mark.data
@pytest.mark.parametrize("name", ["couple", "crossing", "bag", "jogging"])
def test_real_clips_have_the_timestamps_of_their_ground_truth(name: str, data: Path) -> None:
    with (data / f"{name}.csv").open() as file:
        truth = {int(row["frame"]): int(row["timestamp_us"]) for row in csv.DictReader(file)}
    given = dict(enumerate(timestamps(VideoFileSource(data / f"{name}.mp4"))))
    assert {frame: given[frame] for frame in truth} == truth


@pytest.mark.data
def test_an_avi_with_reordered_frames_has_evenly_growing_timestamps(data: Path) -> None:
    given = timestamps(VideoFileSource(data / "pedestrians_vtest_480.avi"))
    assert given == [100_000 * n for n in range(795)]
