import io
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.sinks import SinkError, open_sink
from flowlace.sinks.sound_file import SoundFileOptions, SoundFileSink
from flowlace.sources.sound_file import SoundFileSource
from tests.sources.sounds import joined, tone

RATE = 16_000


def write(
    sink: SoundFileSink, values: np.ndarray, *, start_us: int = 0, size: int = 800, rate: int = RATE
) -> None:
    sink.take_header(TimeSeriesHeader(sample_rate=float(rate), num_channels=values.shape[0]))
    for start in range(0, values.shape[1], size):
        at_us = start_us + round(start * 1e6 / rate)
        sink.write(at_us, Matrix(values[:, start : start + size]))


def read(path: Path) -> np.ndarray:
    with SoundFileSource(path) as source:
        values = joined(list(source))
        assert not source.counts.skipped
    return values


@pytest.mark.parametrize(
    ("name", "options", "step"),
    [
        ("a.wav", "", 2**-15),
        ("a.wav", "?bits=24", 2**-23),
        ("a.wav", "?bits=32", 0),
        ("a.flac", "", 2**-15),
        ("a.flac", "?bits=24", 2**-23),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_what_is_read_is_what_was_written(
    name: str, options: str, step: float, channels: int, tmp_path: Path
) -> None:
    values = tone(20_001, RATE, channels=channels)
    with open_sink(f"{tmp_path / name}{options}") as sink:
        assert isinstance(sink, SoundFileSink)
        write(sink, values, start_us=7_000_000)
    got = read(tmp_path / name)
    assert got.shape == values.shape
    assert np.abs(got - values).max() <= step


def test_sixteen_bits_come_back_bit_by_bit(tmp_path: Path) -> None:
    values = (np.random.default_rng(1).integers(-32_768, 32_768, (2, 9000)) / 32_768).astype("f4")
    for name in ("a.wav", "a.flac"):
        with SoundFileSink(tmp_path / name) as sink:
            write(sink, values, size=333)
        assert np.array_equal(read(tmp_path / name), values)


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("name", ["a.opus", "a.ogg"])
def test_opus_keeps_the_place_of_sounds(name: str, rate: int, tmp_path: Path) -> None:
    values = tone(2 * rate, rate)
    values[:, :rate] = 0
    with SoundFileSink(tmp_path / name) as sink:
        write(sink, values, rate=rate)
    with SoundFileSource(tmp_path / name) as source:
        heard = joined(list(source))[0]
        assert source.info.sample_rate_hz is not None
        set_in_s = np.argmax(np.abs(heard) > 0.25) / source.info.sample_rate_hz
    assert set_in_s == pytest.approx(1.0, abs=0.005)
    assert len(heard) / source.info.sample_rate_hz == pytest.approx(2.0, abs=0.03)


def test_gaps_are_filled_so_that_times_stay_right(tmp_path: Path) -> None:
    values = tone(RATE, RATE)
    with SoundFileSink(tmp_path / "a.flac") as sink:
        write(sink, values)
        write(sink, values, start_us=3_500_000)
        assert (sink.first_us, sink.duration_us) == (0, 4_500_000)
        assert sink.counts.filled_gaps == 1
    got = read(tmp_path / "a.flac")
    assert not got[:, RATE : 3 * RATE + 8000].any()
    assert np.abs(got[:, 3 * RATE + 8000 :] - values).max() <= 2**-15


def test_what_is_written_already_is_skipped_and_counted(tmp_path: Path) -> None:
    values = tone(RATE, RATE)
    with SoundFileSink(tmp_path / "a.wav") as sink:
        write(sink, values[:, :8000])
        write(sink, values[:, 4000:], start_us=250_000)
        assert sink.counts.skipped["overlaps"] == 5
    assert np.abs(read(tmp_path / "a.wav") - values).max() <= 2**-15


def test_rounding_of_timestamps_is_no_gap(tmp_path: Path) -> None:
    with SoundFileSink(tmp_path / "a.wav") as sink:
        write(sink, tone(44_100, 44_100), rate=44_100, size=441)
        assert (sink.counts.filled_gaps, sink.samples) == (0, 44_100)


def test_what_is_too_loud_is_clipped(tmp_path: Path) -> None:
    with SoundFileSink(tmp_path / "a.flac") as sink:
        write(sink, np.array([[2, -2, 0.5]], np.float32))
    assert read(tmp_path / "a.flac").tolist() == [[32_767 / 32_768, -1, 0.5]]


def test_a_file_without_sound_stays_empty(tmp_path: Path) -> None:
    SoundFileSink(tmp_path / "a.flac").close()
    assert (tmp_path / "a.flac").read_bytes() == b""


@pytest.mark.parametrize(
    ("header", "payload", "message"),
    [
        (None, Matrix(tone(8, RATE)), r"header must tell .* but tells None"),
        (TimeSeriesHeader(sample_rate=12.5), Matrix(tone(8, RATE)), "but tells 12.5"),
        (TimeSeriesHeader(sample_rate=8000.0), "sound", "takes sound, float32 matrices, not str"),
        (
            TimeSeriesHeader(sample_rate=8000.0),
            Matrix(np.zeros((1, 8), np.complex64)),
            "not matrices of complex64",
        ),
        (
            TimeSeriesHeader(sample_rate=8000.0),
            Matrix(np.zeros((9, 8), np.float32)),
            "holds 1 to 8 channels, not 9",
        ),
    ],
)
def test_what_it_can_not_write_is_an_error(
    header: Any, payload: Any, message: str, tmp_path: Path
) -> None:
    with SoundFileSink(tmp_path / "a.flac") as sink:
        sink.take_header(header)
        with pytest.raises(SinkError, match=message):
            sink.write(0, payload)


def test_a_change_of_channels_is_an_error(tmp_path: Path) -> None:
    with SoundFileSink(tmp_path / "a.flac") as sink:
        write(sink, tone(800, RATE))
        with pytest.raises(SinkError, match="has 2 channels, the ones before have 1"):
            sink.write(50_000, Matrix(tone(800, RATE, channels=2)))


def test_a_gap_of_days_is_an_error(tmp_path: Path) -> None:
    with SoundFileSink(tmp_path / "a.flac") as sink:
        write(sink, tone(800, RATE))
        with pytest.raises(SinkError, match="more than a day ago; begin a new file"):
            sink.write(10**12, Matrix(tone(800, RATE)))


class FullDisk(io.BytesIO):
    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_an_error_that_names_the_file() -> None:
    sink = SoundFileSink("a.flac", file=FullDisk())
    with pytest.raises(SinkError, match=r"a\.flac.*No space left on device"):
        write(sink, tone(RATE, RATE))
    with pytest.raises(SinkError, match="No space left"):
        sink.close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"gone/a\.wav.*No such file"):
        SoundFileSink(tmp_path / "gone/a.wav")


@pytest.mark.parametrize("url", ["a.flac?bits=32", "a.opus?bits=24"])
def test_bits_that_a_format_does_not_have_are_an_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"bits=.* is not possible"):
        open_sink(str(tmp_path / url))


def test_writing_after_closing_is_an_error(tmp_path: Path) -> None:
    sink = SoundFileSink(tmp_path / "a.wav", SoundFileOptions())
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(0, Matrix(tone(8, RATE)))


WRITER = """
import sys, time
import numpy as np
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.sinks.sound_file import SoundFileSink

sink = SoundFileSink(sys.argv[1])
sink.take_header(TimeSeriesHeader(sample_rate=16000.0))
random = np.random.default_rng(0)
for index in range(10_000):
    sink.write(index * 50_000, Matrix(random.uniform(-0.5, 0.5, (1, 800)).astype("f4")))
    print(index + 1, flush=True)
    time.sleep(0.005)
"""


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.opus"])
def test_a_killed_process_leaves_all_but_the_last_second(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for _ in range(100):
        writer.stdout.readline()
    time.sleep(0.01)
    writer.send_signal(signal.SIGKILL)
    written_s = (100 + len(writer.stdout.read().split())) * 0.05
    writer.wait()
    writer.stdout.close()
    with SoundFileSource(path) as source:
        values = joined(list(source))
        assert source.info.sample_rate_hz is not None
        assert written_s - 1 < values.shape[1] / source.info.sample_rate_hz <= written_s + 0.1
