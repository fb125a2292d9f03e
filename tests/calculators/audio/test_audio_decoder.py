import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from flowlace.calculators.audio.audio_decoder import (
    AudioDecoderCalculator,
    AudioDecoderOptions,
    AudioStreamOptions,
)
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import joined, noise


def write_wav(path: Path, values: Any, rate: int = 16_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(values))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(values.T * 32768).astype("<i2").tobytes())
    return path


def write_encoded(path: Path, codec: str, values: Any, rate: int, skip_us: int = 0) -> Path:
    """Writes sound with a codec; the second half of it comes later by `skip_us`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        for index in range(values.shape[1] // 1000):
            part = np.ascontiguousarray(values[:, index * 1000 : (index + 1) * 1000])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            is_late = index * 2000 >= values.shape[1]
            frame.sample_rate, frame.pts = rate, index * 1000 + is_late * skip_us * rate // 10**6
            for one in av.AudioResampler(format=stream.format).resample(frame):
                container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return path


def decode(path: Path | str, *, with_header: bool = True, **options: Any) -> CalculatorRun:
    return run_calculator(
        AudioDecoderCalculator,
        AudioDecoderOptions(**options),
        side_packets={"INPUT_FILE_PATH": str(path)},
        outputs=["AUDIO", "AUDIO_HEADER"] if with_header else ["AUDIO"],
    )


def sixteen_bit(values: Any) -> Any:
    return np.round(values * 32768) / np.float32(32768)


VALUES = sixteen_bit(noise(40_000, 2) * np.float32(0.9))


def test_a_wave_file_is_read_bit_by_bit(tmp_path: Path) -> None:
    outcome = decode(write_wav(tmp_path / "stereo.wav", VALUES))
    np.testing.assert_array_equal(joined(outcome.payloads("AUDIO")), VALUES)
    times, columns = outcome.timestamps("AUDIO"), [m.columns for m in outcome.payloads("AUDIO")]
    begins = np.cumsum([0, *columns[:-1]])
    assert times == [round(int(n) * 62.5) for n in begins]


def test_the_header_is_that_of_the_file_in_both_places(tmp_path: Path) -> None:
    outcome = decode(write_wav(tmp_path / "stereo.wav", VALUES, 44_100))
    wanted = TimeSeriesHeader(sample_rate=44_100, num_channels=2)
    assert outcome.headers["AUDIO"].payload == outcome.headers["AUDIO_HEADER"].payload == wanted
    assert outcome.payloads("AUDIO_HEADER") == []


def test_a_compressed_file_sounds_as_before(tmp_path: Path) -> None:
    time = np.arange(32_000) / 16_000
    tone = (0.5 * np.sin(2 * np.pi * 1000 * time))[None].astype(np.float32)
    path = write_encoded(tmp_path / "tone.flac", "flac", tone, 16_000)
    np.testing.assert_allclose(joined(decode(path).payloads("AUDIO")), tone, atol=1e-4)


def test_the_pictures_of_a_file_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(video.encode(picture))
        part = av.AudioFrame.from_ndarray(np.ones((1, 800), np.int16), "s16", "mono")
        part.sample_rate = 16_000
        container.mux(sound.encode(part))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert joined(decode(path).payloads("AUDIO")).shape == (1, 800)


def test_a_jump_in_the_files_time_is_a_gap(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "gap.mkv", "pcm_s16le", VALUES[:1], 16_000, skip_us=3_000_000)
    outcome = decode(path)
    assert outcome.counters == {"gaps": 1}
    assert np.diff(outcome.timestamps("AUDIO")).max() > 3_000_000
    assert joined(outcome.payloads("AUDIO")).shape == (1, 40_000)


def test_only_a_part_can_be_asked_for(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sound.wav", VALUES)
    outcome = decode(path, start_time=0.5, end_time=1.0)
    times = outcome.timestamps("AUDIO")
    assert 500_000 <= times[0] < 700_000
    assert 900_000 < times[-1] <= 1_000_000


def test_a_file_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sound.wav", VALUES)
    path.write_bytes(path.read_bytes()[:50_000])
    found = joined(decode(path).payloads("AUDIO"))
    assert 12_000 < found.shape[1] < 12_500
    np.testing.assert_array_equal(found, VALUES[:, : found.shape[1]])


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.ogg", "libopus")]
)
@pytest.mark.parametrize("share", [1, 0.6])
def test_an_early_end_is_counted(name: str, codec: str, share: float, tmp_path: Path) -> None:
    path = write_encoded(tmp_path / name, codec, noise(96_000) * np.float32(0.5), 48_000)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])
    outcome = decode(path, audio_stream=(AudioStreamOptions(ignore_decode_failures=True),))
    assert outcome.counters.get("cut_off", 0) == (share < 1)


def test_a_file_of_eight_channels_is_read_exactly(tmp_path: Path) -> None:
    values = sixteen_bit(noise(4000, 8) * np.float32(0.9))
    found = joined(decode(write_wav(tmp_path / "eight.wav", values)).payloads("AUDIO"))
    np.testing.assert_array_equal(found, values)


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.flac").touch()
    with pytest.raises(FlowlaceError, match=r"empty.flac' states no sample rate"):
        decode(tmp_path / "empty.flac")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = write_encoded(tmp_path / "sound.m4a", "aac", VALUES[:1], 16_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(i * 37 % 256 for i in range(3000))
    path.write_bytes(content)
    return path


def test_damage_is_refused(damaged: Path) -> None:
    with pytest.raises(FlowlaceError, match=r"can't be decoded.*set ignore_decode_failures"):
        decode(damaged)


def test_damage_can_be_left_out(damaged: Path) -> None:
    outcome = decode(damaged, audio_stream=(AudioStreamOptions(ignore_decode_failures=True),))
    assert outcome.counters["corrupt"] > 0
    assert joined(outcome.payloads("AUDIO")).shape[1] > 20_000


def test_what_is_no_media_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound")
    with pytest.raises(FlowlaceError, match=r"text.wav' can't be opened"):
        decode(path)
    with pytest.raises(FlowlaceError, match=r"missing.wav' can't be opened"):
        decode(tmp_path / "missing.wav")


def test_a_stream_that_is_not_there_is_refused_unless_it_may_be_missing(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sound.wav", VALUES)
    with pytest.raises(FlowlaceError, match=r"has 1 streams with sound .* but stream_index is 1"):
        decode(path, audio_stream=(AudioStreamOptions(stream_index=1),))
    outcome = decode(path, audio_stream=(AudioStreamOptions(stream_index=1, allow_missing=True),))
    assert outcome.payloads("AUDIO") == []


@pytest.mark.parametrize(
    ("streams", "message"),
    [
        ((AudioStreamOptions(), AudioStreamOptions(stream_index=1)), "decodes one stream, but"),
        ((AudioStreamOptions(output_regressing_timestamps=True),), "is not possible"),
    ],
)
def test_what_can_not_be_done_is_refused(
    streams: tuple[AudioStreamOptions, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FlowlaceError, match=message):
        decode(write_wav(tmp_path / "sound.wav", VALUES), audio_stream=streams)


def test_options_can_come_as_a_side_packet(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sound.wav", VALUES)
    outcome = run_calculator(
        AudioDecoderCalculator,
        AudioDecoderOptions(),
        side_packets={"INPUT_FILE_PATH": str(path), "OPTIONS": AudioDecoderOptions(end_time=0.1)},
        outputs=["AUDIO"],
    )
    assert outcome.timestamps("AUDIO")[-1] <= 100_000
