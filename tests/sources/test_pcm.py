import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.sources import Frame, SourceError, SourceTimeoutError, open_source
from flowlace.sources.pcm import PcmOptions, PcmSource
from tests.sources.sounds import joined, tone


def through_a_pipe(data: bytes, **options: Any) -> tuple[list[Frame], PcmSource]:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with PcmSource(reading, options=PcmOptions(**options)) as source:
        frames = list(source)
    writer.join()
    os.close(reading)
    return frames, source


@pytest.mark.parametrize(
    ("name", "kind", "scale", "step"),
    [
        ("s16le", "<i2", 2**15, 2**-15),
        ("s16be", ">i2", 2**15, 2**-15),
        ("s32le", "<i4", 2**31, 2**-24),
        ("f32le", "<f4", 1, 0),
        ("f64le", "<f8", 1, 0),
    ],
)
def test_samples_of_any_kind_come_out_as_they_went_in(
    name: str, kind: str, scale: int, step: float
) -> None:
    values = tone(20_000, 16_000, channels=2)
    data = np.ascontiguousarray(values.T.astype(np.float64) * scale).astype(kind).tobytes()
    frames, source = through_a_pipe(data, format=name, channels=2)
    assert np.abs(joined(frames) - values).max() <= step
    assert [one.timestamp_us for one in frames] == [50_000 * n for n in range(25)]
    assert source.counts.read == 25


def test_unsigned_bytes_lie_about_their_middle() -> None:
    frames, _ = through_a_pipe(bytes([0, 128, 192]), format="u8")
    assert joined(frames).tolist() == [[-1, 0, 0.5]]


def test_an_end_inside_a_sample_is_counted() -> None:
    frames, source = through_a_pipe(b"\0" * 803, channels=2)
    assert joined(frames).shape == (2, 200)
    assert source.counts.skipped == {"cut_off": 1}


def test_nothing_gives_nothing() -> None:
    assert through_a_pipe(b"")[0] == []


def test_samples_that_are_no_numbers_become_silence() -> None:
    frames, source = through_a_pipe(np.array([0.5, np.nan], "<f4").tobytes(), format="f32le")
    assert joined(frames).tolist() == [[0.5, 0]]
    assert source.counts.flaws == {"not_finite": 1}


@pytest.fixture
def silent_pipe() -> Any:
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


def test_closing_ends_a_read_that_waits_for_a_silent_writer(silent_pipe: int) -> None:
    source = PcmSource(silent_pipe)
    closer = threading.Timer(0.02, source.close)
    closer.start()
    assert source.read() is None
    closer.join()
    source.close()


def test_a_silent_writer_is_a_time_out_where_one_is_given(silent_pipe: int) -> None:
    with (
        PcmSource(silent_pipe) as source,
        pytest.raises(SourceTimeoutError, match="'pcm:-': no sound in time"),
    ):
        source.read(timeout_s=0.01)


def test_a_file_of_samples_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "take.raw"
    path.write_bytes(np.full(1600, 16384, "<i2").tobytes())
    with open_source(f"pcm:{path}?rate=8000") as source:
        assert source.header == TimeSeriesHeader(sample_rate=8000.0, num_channels=1)
        assert joined(list(source)).tolist() == [[0.5] * 1600]
    source.close()


def test_a_missing_file_is_an_error_that_names_it() -> None:
    with pytest.raises(SourceError, match=r"pcm:gone\.raw.*No such file"):
        open_source("pcm:gone.raw")


def test_a_process_without_a_standard_input_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceError, match="there is no standard input"):
        open_source("pcm:-")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("format=s12le", "format='s12le' must be one of u8, s16le"),
        ("rate=1", "rate=1 must be from"),
        ("channels=0", "channels=0 must be from"),
    ],
)
def test_mistakes_in_options_are_named(options: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(f"pcm:-?{options}")
