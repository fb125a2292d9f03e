"""Reading: from any time on, and files that are cut off, damaged or somebody else's."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType, Writer

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.packet import Packet
from flowlace.recording import Recording, RecordingError, VideoMode
from flowlace.recording.codecs.value import ValueCodec
from flowlace.recording.mcap_index import read_index
from flowlace.recording.recorded_graph import recorded_graph
from tests.recording.recorded_runs import entries, record

SECOND_US = 1_000_000


def noise(seed: int) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (1200, 1000), np.uint8)
    return Image(ImageFormat.GRAY8, pixels)


@pytest.fixture(scope="module")
def long_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a recording of twelve chunks, four pictures each."""
    path = tmp_path_factory.mktemp("recording") / "long.mcap"
    record(path, [("a", Packet(noise(i), i * SECOND_US)) for i in range(48)])
    return path


def times_s(path: Path, **arguments: int) -> list[int]:
    return [time // SECOND_US for _, time, _ in entries(path, **arguments)]


def test_reading_begins_and_ends_where_it_is_told(long_path: Path) -> None:
    found = times_s(long_path, from_us=20 * SECOND_US, to_us=23 * SECOND_US)
    assert found == [20, 21, 22, 23]


def test_seeking_reads_little_of_what_lies_before(
    long_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recording(long_path) as recording:
        file = recording._parts[0][1]
        offsets: list[int] = []
        monkeypatch.setattr(
            "flowlace.recording.event_reader.read_chunk",
            lambda _file, place, _channels: offsets.append(place.offset) or iter(()),
        )
        assert list(recording.events(from_us=40 * SECOND_US)) == []
        size = file.seek(0, 2)
    assert min(offsets) > 0.7 * size


def test_a_file_without_its_end_is_found_chunk_by_chunk_with_small_reads(
    long_path: Path, tmp_path: Path
) -> None:
    whole = long_path.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole[: len(whole) * 9 // 10])
    with cut.open("rb") as file:
        index = read_index(file, "cut")
    assert not index.has_summary
    assert len(index.chunks) >= 10
    assert "cut off or damaged" in index.damage
    found = times_s(cut)
    assert found == list(range(len(found)))
    assert len(found) >= 38


def test_a_cut_off_file_says_so_and_that_the_run_had_not_ended(
    long_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(long_path.read_bytes()[:30_000_000])
    with Recording(cut) as recording:
        assert list(recording.events())
        assert recording.skipped == {"cut off": 1}
        assert not recording.is_complete
    assert "nothing can be read from byte" in caplog.text


@pytest.mark.parametrize("length", [8, 20, 500, 2000])
def test_a_file_cut_off_before_its_first_packet_is_empty_or_somebody_elses(
    long_path: Path, tmp_path: Path, length: int
) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(long_path.read_bytes()[:length])
    assert entries(cut) == []


@pytest.mark.parametrize("content", [b"", b"\x89MCAP0", b"RIFF" * 100])
def test_what_is_no_mcap_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"no\.mcap' is no MCAP file"):
        Recording(path)


def test_a_flipped_bit_costs_its_chunk_and_is_told(
    long_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = bytearray(long_path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path = tmp_path / "flipped.mcap"
    path.write_bytes(damaged)
    with Recording(path) as recording:
        found = [event for event in recording.events() if event.packet]
        assert recording.skipped == {"damaged chunk": 1}
    assert len(found) in (44, 45, 46, 47)
    assert "is left out: its checksum is wrong" in caplog.text


def flipped(small: bytes, seed: int) -> bytes:
    generator = random.Random(seed)
    damaged = bytearray(small)
    for _ in range(generator.randint(1, 8)):
        damaged[generator.randrange(len(damaged))] ^= 1 << generator.randrange(8)
    return bytes(damaged)


@pytest.mark.parametrize("video", VideoMode)
def test_flipped_bits_anywhere_are_an_error_or_less_but_never_something_else(
    tmp_path: Path, video: VideoMode
) -> None:
    source = tmp_path / "whole.mcap"
    pictures = [np.full((16, 16), i * 20, np.uint8) for i in range(12)]
    added = [("a", Packet(Image(ImageFormat.GRAY8, p), i)) for i, p in enumerate(pictures)]
    record(source, added, video=video)
    whole = entries(source)
    small = source.read_bytes()
    survived = [read_or_refuse(tmp_path / "flipped.mcap", flipped(small, i)) for i in range(150)]
    assert all(entry in whole for found in survived for entry in found)
    assert sum(map(len, survived)) > 0


def read_or_refuse(path: Path, data: bytes) -> list[tuple[str, int, object]]:
    path.write_bytes(data)
    try:
        return entries(path)
    except RecordingError:
        return []


def write_foreign(path: Path, compression: CompressionType) -> None:
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=200, compression=compression)
        writer.start()
        schema = writer.register_schema("flowlace.Value", "protobuf", ValueCodec.schema)
        known = writer.register_channel("/values", "protobuf", schema)
        twist = writer.register_schema("geometry_msgs/Twist", "ros2msg", b"float64 x")
        unknown = writer.register_channel("/cmd_vel", "cdr", twist)
        for index in range(20):
            data = ValueCodec().encode(index, 0)
            writer.add_message(known, index * 1000, data, index * 1000)
            writer.add_message(unknown, index * 1000, b"\x00" * 8, index * 1000)
        writer.finish()


@pytest.mark.parametrize("compression", CompressionType)
def test_a_foreign_file_gives_what_codecs_know_and_tells_what_they_do_not(
    tmp_path: Path, compression: CompressionType, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "foreign.mcap"
    write_foreign(path, compression)
    with Recording(path) as recording:
        assert recording.description is None
        assert recording.streams() == ("/values", "/cmd_vel")
        found = [event.packet.payload for event in recording.events() if event.packet]
        assert recording.skipped == {"stream /cmd_vel": 1}
    assert found == list(range(20))
    assert "no codec reads 'geometry_msgs/Twist' written as 'cdr'" in caplog.text


def test_a_file_of_single_messages_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "single.mcap"
    with path.open("wb") as file:
        writer = Writer(file, use_chunking=False)
        writer.start()
        writer.add_message(writer.register_channel("a", "json", 0), 0, b"{}", 0)
        writer.finish()
    with pytest.raises(RecordingError, match="messages outside of chunks"):
        Recording(path)


def test_a_chunk_that_claims_to_be_endless_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mcap"
    record(path, [("a", Packet(1, 1))], video=VideoMode.ZSTD)
    with path.open("rb") as file:
        place, *_ = read_index(file, "bomb").chunks
    data = bytearray(path.read_bytes())
    struct.pack_into("<Q", data, place.offset + 9 + 16, 1 << 60)
    path.write_bytes(data)
    with Recording(path) as recording:
        assert [event for event in recording.events() if event.packet] == []
        assert recording.skipped["damaged chunk"] == 1


def test_a_recording_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.mcap"
    record(path, [("a", Packet(1, 1))])
    data = path.read_bytes()
    marked = data.replace(b"format\x01\x00\x00\x001", b"format\x01\x00\x00\x009", 1)
    path.write_bytes(marked)
    with pytest.raises(RecordingError, match="a newer flowlace has written it"):
        Recording(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no such file"):
        Recording(tmp_path / "none.mcap")
    with pytest.raises(RecordingError, match="there is no such file"):
        Recording(tmp_path)


@pytest.mark.parametrize("size_bytes", [8, 9, 100])
def test_a_file_cut_off_before_its_graph_says_so(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(1, 1))])
    path.write_bytes(path.read_bytes()[:size_bytes])
    with (
        Recording(path) as recording,
        pytest.raises(RecordingError, match="is cut off or damaged at its beginning, where its"),
    ):
        recorded_graph(recording)


def test_a_file_whose_description_is_damaged_says_so_and_names_its_streams(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(1, 1))])
    path.write_bytes(path.read_bytes().replace(b"flowlace.recording", b"flowlace.reco?ding"))
    with (
        Recording(path) as recording,
        pytest.raises(RecordingError, match=r"is cut off or damaged .* with a stream of: a$"),
    ):
        recorded_graph(recording)


def test_a_file_of_somebody_else_holds_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "foreign.mcap"
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.add_message(writer.register_channel("a", "json", 0), 0, b"{}", 0)
        writer.finish()
    with (
        Recording(path) as recording,
        pytest.raises(RecordingError, match=r"was not made by flowlace .* with a stream of: a$"),
    ):
        recorded_graph(recording)


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "rec.mcap").touch()
    with pytest.raises(RecordingError, match="is no MCAP file: it is empty"):
        Recording(tmp_path / "rec.mcap")


def test_a_message_too_short_to_be_one_damages_its_chunk(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(1, 1))])
    data = bytearray(path.read_bytes())
    with path.open("rb") as file:
        place, *_ = read_index(file, "rec").chunks
    content = place.offset + 9 + 32 + 8  # the chunk's head, without a name of its compression
    struct.pack_into("<I", data, place.offset + 9 + 24, 0)  # no checksum
    struct.pack_into("<BQ", data, content, 5, 3)
    path.write_bytes(data)
    with Recording(path) as recording:
        assert [event for event in recording.events() if event.packet] == []
        assert recording.skipped == {"damaged chunk": 1}
