import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.sources import Frame, SourceError, open_source
from flowlace.sources.registry import parse_url
from flowlace.sources.sound_file import SoundFileOptions, SoundFileSource
from flowlace.sources.source import Medium
from flowlace.sources.video_file import VideoFileSource
from tests.sources.sounds import ends_us, joined, tone, write_sound

RATE = 44_100


def read(path: Path, **options: Any) -> tuple[list[Frame], SoundFileSource]:
    with SoundFileSource(path, SoundFileOptions(**options)) as source:
        return list(source), source


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "step"),
    [
        ("a.wav", "pcm_u8", "", 2**-7),
        ("a.wav", "pcm_s16le", "", 2**-15),
        ("a.wav", "pcm_s24le", "", 2**-23),
        ("a.wav", "pcm_f32le", "", 0),
        ("a.wav", "pcm_f64le", "", 0),
        ("a.flac", "flac", "s16", 2**-15),
        ("a.flac", "flac", "s32", 2**-23),
        ("a.m4a", "alac", "s16p", 2**-15),
        ("a.mka", "pcm_s16le", "", 2**-15),
    ],
)
def test_lossless_files_give_every_sample(
    name: str, codec: str, sample_format: str, step: float, tmp_path: Path
) -> None:
    values = tone(30_000, RATE, channels=2)
    path = write_sound(tmp_path / name, values, RATE, codec, sample_format=sample_format)
    frames, source = read(path)
    assert joined(frames).shape == values.shape
    assert np.abs(joined(frames) - values).max() <= step
    assert [one.timestamp_us for one in frames] == [50_000 * n for n in range(len(frames))]
    assert not source.counts.skipped


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp3", "libmp3lame", 44_100),
        ("a.m4a", "aac", 44_100),
        ("a.opus", "libopus", 48_000),
        ("a.mkv", "libopus", 48_000),
        ("a.webm", "libopus", 48_000),
    ],
)
def test_what_encoders_put_in_front_is_no_sound_and_no_time(
    name: str, codec: str, rate: int, tmp_path: Path
) -> None:
    values = tone(rate, rate)
    values[:, : rate // 2] = 0
    frames, _ = read(write_sound(tmp_path / name, values, rate, codec))
    assert frames[0].timestamp_us == 0
    heard = joined(frames)[0]
    start = np.argmax(np.abs(heard) > 0.25)
    assert start / rate == pytest.approx(0.5, abs=0.003)
    assert set(np.diff([one.timestamp_us for one in frames])) == {50_000}


def test_knows_rate_channels_and_length(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", tone(66_150, RATE, channels=2), RATE, "flac")
    with SoundFileSource(path) as source:
        assert source.header == TimeSeriesHeader(sample_rate=44_100.0, num_channels=2)
        info = source.info
    assert (info.sample_rate_hz, info.channels, info.duration_us) == (44_100, 2, 1_500_000)
    assert (info.frame_rate, info.frame_count) == (20.0, 30)
    assert (source.medium, source.is_live) == (Medium.SOUND, False)


def test_rate_and_channels_are_brought_to_what_is_asked(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(RATE, RATE, channels=2), RATE, "pcm_f32le")
    with open_source(f"{path}?rate=16000&channels=1") as source:
        values = joined(list(source))
    assert source.header == TimeSeriesHeader(sample_rate=16_000.0, num_channels=1)
    assert np.abs(values - 0.75 * tone(16_000, 16_000))[:, 500:-500].max() < 1e-4
    assert source.counts.resampled == 0


def test_a_jump_of_the_files_time_is_a_jump_in_timestamps(tmp_path: Path) -> None:
    starts = [0, 1024, 2048, 30_000, 31_024]
    path = write_sound(tmp_path / "a.mka", tone(5 * 1024, RATE), RATE, "pcm_s16le", starts=starts)
    frames, _ = read(path)
    gaps = [
        (end, after.timestamp_us)
        for end, after in zip(ends_us(frames, RATE), frames[1:], strict=False)
        if after.timestamp_us - end > 2
    ]
    assert gaps == [(round(3072 / RATE * 1e6), pytest.approx(30_000 / RATE * 1e6, abs=1000))]


def test_sound_and_pictures_of_one_file_share_one_zero(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", start_s=3)
    with VideoFileSource(path) as film:
        pictures = [one.timestamp_us for one in film]
    frames, _ = read(path)
    assert pictures[0] == 3_000_000
    assert frames[0].timestamp_us == 3_000_000


def write_film(path: Path, *, start_s: int = 0, seconds: int = 1, rate: int = 16_000) -> Path:
    """A film whose pictures and sound begin at the same moment, with two tracks of sound."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.max_b_frames = 0
        tracks = [container.add_stream("pcm_s16le", rate=rate, layout="mono") for _ in range(2)]
        for index in range(25 * seconds):
            picture = np.full((48, 64, 3), index, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index + 25 * start_s, Fraction(1, 25)
            container.mux(video.encode(frame))
            for number, track in enumerate(tracks):
                values = np.full((1, rate // 25), (number + 1) * 1000, np.int16)
                sound = av.AudioFrame.from_ndarray(values, "s16", "mono")
                sound.sample_rate = rate
                sound.pts, sound.time_base = (index + 25 * start_s) * rate // 25, Fraction(1, rate)
                container.mux(track.encode(sound))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize("track", [0, 1])
def test_one_of_several_tracks_is_chosen(track: int, tmp_path: Path) -> None:
    frames, _ = read(write_film(tmp_path / "film.mkv"), track=track)
    assert joined(frames)[0, 100] == np.float32((track + 1) * 1000 / 32768)


def test_a_track_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv")
    with pytest.raises(SourceError, match=r"no track=2; the file holds 2 sound tracks"):
        SoundFileSource(path, SoundFileOptions(track=2))


def test_what_a_film_gives_is_for_the_stream_to_say(tmp_path: Path) -> None:
    path = str(write_film(tmp_path / "film.mkv"))
    with open_source(path, wants=Medium.SOUND) as sound, open_source(path) as pictures:
        assert (sound.medium, pictures.medium) == (Medium.SOUND, Medium.PICTURES)
    assert parse_url("sound:film.mkv").name == "sound"


def test_a_file_of_sound_only_gives_sound_unasked(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(800, 8000), 8000, "pcm_s16le")
    with open_source(str(path)) as source:
        assert source.medium is Medium.SOUND


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "can't be read as sound: the file is empty"),
        (b"not sound at all" * 99, "can't be read as sound: Invalid data"),
    ],
)
def test_a_file_that_holds_nothing_is_an_error_that_names_it(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.wav.*{message}"):
        SoundFileSource(path)


def test_a_missing_file_is_an_error_that_names_it() -> None:
    with pytest.raises(SourceError, match=r"gone\.wav.*can't be opened: No such file"):
        SoundFileSource("gone.wav")


def test_a_film_without_sound_is_an_error(tmp_path: Path, write_frames: Any) -> None:
    path = write_frames(tmp_path / "clip.mp4", range(0, 400, 40))
    with pytest.raises(SourceError, match=r"clip\.mp4.*holds no sound"):
        open_source(str(path), wants=Medium.SOUND)


def test_a_file_without_one_sample_is_an_error(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1, 8000), 8000, "pcm_s16le")
    content = bytearray(path.read_bytes()[:-2])
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no sound can be read"):
        SoundFileSource(path)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 44_100),
        ("a.flac", "flac", 44_100),
        ("a.opus", "libopus", 48_000),
        ("a.aiff", "pcm_s16be", 44_100),
        ("a.mka", "libopus", 48_000),
    ],
)
def test_a_file_that_was_cut_off_gives_what_is_there_and_says_so(
    name: str, codec: str, rate: int, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 4 * rate)).astype(np.float32)
    path = write_sound(tmp_path / name, noise, rate, codec)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    frames, source = read(path)
    assert 20 < len(frames) < 60
    assert source.counts.skipped["cut_off"] == 1


def test_damage_leaves_a_gap_that_is_counted(tmp_path: Path) -> None:
    values = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 3 * RATE)).astype(np.float32)
    path = write_sound(tmp_path / "a.flac", values, RATE, "flac")
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 40):
        content[place] ^= 0x55
    path.write_bytes(content)
    frames, source = read(path)
    steps = np.diff([one.timestamp_us for one in frames])
    assert source.counts.flaws == {"after_a_gap": 1}
    assert source.counts.skipped["cut_off"] == 0
    assert steps.max() > 90_000
    assert joined(frames[-3:-1]) == pytest.approx(
        values[:, round(frames[-3].timestamp_us * RATE / 1e6) :][:, : 2 * 2205], abs=2**-14
    )


def test_a_change_of_rate_inside_a_file_is_resampled_and_counted(tmp_path: Path) -> None:
    parts = [(44_100, 1), (48_000, 2)]
    content = b"".join(
        write_sound(
            tmp_path / f"{rate}.aac", tone(rate, rate, channels=channels), rate, "aac"
        ).read_bytes()
        for rate, channels in parts
    )  # radio stations record like this: one file after the other
    (tmp_path / "both.aac").write_bytes(content)
    frames, source = read(tmp_path / "both.aac")
    assert source.header == TimeSeriesHeader(sample_rate=44_100.0, num_channels=1)
    assert source.counts.resampled > 40
    assert joined(frames).shape[1] / RATE == pytest.approx(2, abs=0.1)


def test_closing_ends_the_reading(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(8000, 8000), 8000, "pcm_s16le")
    source = SoundFileSource(path)
    source.read()
    closer = threading.Thread(target=source.close)
    closer.start()
    closer.join()
    source.close()
    assert source.read() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("rate=10", "rate=10 must be from 1000 to 768000"),
        ("channels=0", "channels=0 must be from 1 to 64"),
        ("track=-1", "track=-1 must not be negative"),
        ("rete=8000", "'rete' is not known"),
    ],
)
def test_mistakes_in_options_are_named(options: str, message: str, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(800, 8000), 8000, "pcm_s16le")
    with pytest.raises(SourceError, match=message):
        open_source(f"{path}?{options}")


@pytest.mark.data
def test_real_speech_is_read_to_its_end() -> None:
    path = Path(__file__).parents[2].parent / "shared/data/audio/asr/lj001_0001_0022.flac"
    if not path.is_file():
        pytest.skip(f"real sound is not here: {path}")
    frames, source = read(path)
    assert source.info.duration_us is not None
    assert joined(frames).shape[1] == round(
        source.info.duration_us * source.info.sample_rate_hz / 1e6
    )  # type: ignore[operator]
    assert not source.counts.skipped
