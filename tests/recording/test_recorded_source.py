from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.packet import Packet
from flowlace.sources import Medium, SourceError, open_source
from tests.recording.recorded_runs import record

PICTURE = Image(ImageFormat.GRAY8, np.zeros((6, 8), np.uint8))


def test_a_stream_of_a_recording_is_a_source_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(PICTURE, 10)), ("b", Packet("x", 15)), ("a", Packet(PICTURE, 20))])
    with open_source(f"{path}?stream=a") as source:
        assert (source.medium, source.is_live) == (Medium.PICTURES, False)
        assert (source.info.width_px, source.info.height_px) == (8, 6)
        assert [frame.timestamp_us for frame in source] == [10, 20]
        assert source.counts.read == 2


def test_sound_has_its_header(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    header = TimeSeriesHeader(sample_rate=8000.0, num_channels=1)
    sound = Matrix(np.zeros((1, 80), np.float32))
    record(path, [("a", Packet(sound, 0))], headers={"a": Packet(header)})
    with open_source(f"{path}?stream=a", wants=Medium.SOUND) as source:
        assert source.header == header
        assert (source.medium, source.info.sample_rate_hz) == (Medium.SOUND, 8000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", r"holds several streams; write \?stream= with one of: a, b"),
        ("?stream=c", "has no stream 'c'; .*one of: a, b"),
        ("?strm=a", "option 'strm' is not known"),
    ],
)
def test_a_stream_that_is_not_clear_is_an_error(tmp_path: Path, options: str, message: str) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(1, 1))])
    with pytest.raises(SourceError, match=message):
        open_source(f"{path}{options}")


def test_a_file_that_is_no_recording_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    path.write_text("no")
    with pytest.raises(SourceError, match="is no MCAP file"):
        open_source(str(path))


def test_a_closed_source_gives_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(i, i)) for i in range(5)])
    source = open_source(f"{path}?stream=a")
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None
