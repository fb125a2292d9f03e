"""What is written has to satisfy the format's own library, checksums and all."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader

from flowlace.recording.checksum import crc32
from flowlace.recording.mcap_writer import CHUNK_BYTES, McapWriter


def write(path: Path, *, compresses: bool, is_finished: bool = True) -> None:
    with path.open("wb") as file:
        writer = McapWriter(file, compresses=compresses, profile="p", library="l")
        writer.add_metadata("about", {"key": "value"})
        channel = writer.add_channel(
            "camera", message_encoding="json", schema_name="S",
            schema_encoding="jsonschema", schema=b"{}",
        )  # fmt: skip
        for index in range(6):
            data = [b'{"i":', str(index).encode(), b"}" + b" " * (CHUNK_BYTES // 2)]
            writer.add_message(channel, data, log_ns=index * 10, publish_ns=index)
        writer.flush()
        if is_finished:
            writer.finish()


@pytest.mark.parametrize("compresses", [False, True])
def test_the_library_reads_every_message_and_finds_times_by_the_index(
    tmp_path: Path, compresses: bool
) -> None:
    path = tmp_path / "rec.mcap"
    write(path, compresses=compresses)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        found = [
            (schema.name if schema else "", channel.topic, message.data[:7], message.publish_time)
            for schema, channel, message in reader.iter_messages()
        ]
        late = [message.log_time for *_, message in reader.iter_messages(starting_at=40)]
        summary = reader.get_summary()
        about = {each.name: each.metadata for each in reader.iter_metadata()}
    assert found == [("S", "camera", b'{"i":%d}' % index, index) for index in range(6)]
    assert late == [40, 50]
    assert summary is not None
    assert summary.statistics is not None
    assert (summary.statistics.message_count, summary.statistics.chunk_count) == (6, 3)
    assert (summary.statistics.message_start_time, summary.statistics.message_end_time) == (0, 50)
    assert about == {"about": {"key": "value"}}


@pytest.mark.parametrize("size_bytes", [0, 1, 100_001])
def test_checksums_are_those_of_zlib(size_bytes: int) -> None:
    data = np.random.default_rng(0).integers(0, 256, size_bytes, np.uint8)
    assert crc32(memoryview(data), crc32(b"before")) == zlib.crc32(data, zlib.crc32(b"before"))


def test_the_checksums_of_the_whole_file_hold(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    write(path, compresses=False)
    with path.open("rb") as file:
        records = list(StreamReader(file, validate_crcs=True).records)
    assert type(records[-1]).__name__ == "Footer"


def test_what_was_flushed_is_complete_without_the_end(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    write(path, compresses=True, is_finished=False)
    with path.open("rb") as file:
        records = StreamReader(file, emit_chunks=True, validate_crcs=True).records
        chunks = [next(records) for _ in range(8)]
    assert sum(isinstance(each, Chunk) for each in chunks) >= 2
