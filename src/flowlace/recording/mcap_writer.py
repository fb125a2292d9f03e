"""Writes an MCAP file chunk by chunk, so that a program that is killed leaves all but the last one.

The `mcap` library's own writer ends a chunk only when it is full and knows no way to end it
sooner. Here each chunk is complete in itself: it repeats the schemas and channels of its messages,
so it can be read alone, whatever became of the rest of the file. Format: https://mcap.dev/spec
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from flowlace.recording.checksum import crc32
from flowlace.recording.codecs.codec import Buffer
from flowlace.recording.preallocation import Preallocation

MAGIC: Final = b"\x89MCAP0\r\n"
CHUNK_BYTES: Final = 4 << 20
"""A chunk ends when it holds this much: what a reader has in memory at a time."""
ZSTD_LEVEL: Final = 1
_MESSAGE: Final = struct.Struct("<BQHIQQ")
_CHUNK: Final = struct.Struct("<BQQQQI")
_RECORD_HEAD: Final = 9


@dataclass(slots=True)
class _OpenChunk:
    """A chunk that is being filled."""

    parts: list[Buffer] = field(default_factory=list)
    size_bytes: int = 0
    messages: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Log time and place of each message, by channel."""
    start_ns: int = 1 << 64
    end_ns: int = 0

    def add(self, *parts: Buffer) -> None:
        self.parts += parts
        self.size_bytes += sum(map(len, parts))


class McapWriter:
    """One MCAP file. `flush` puts everything so far into the hands of the operating system.

    Args:
        file: where to, at its beginning.
        compresses: whether chunks are compressed with zstd.
        profile: what the header says the file is for.
        library: what the header says wrote it.
    """

    def __init__(
        self, file: BinaryIO, *, compresses: bool, profile: str = "", library: str = ""
    ) -> None:
        self._file = file
        self._position = 0
        self._space = Preallocation(file)
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL) if compresses else None
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._chunk_indexes: list[ChunkIndex] = []
        self._metadata_indexes: list[MetadataIndex] = []
        self._counts: dict[int, int] = {}
        self._start_ns: int | None = None
        self._end_ns = 0
        self._chunk = _OpenChunk()
        self._write(MAGIC)
        self._write(_serialised(Header(profile, library)))

    @property
    def size_bytes(self) -> int:
        """What has been written, and what waits in the open chunk."""
        return self._position + self._chunk.size_bytes

    def add_metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Writes names and values that belong to the file as a whole; ends the chunk."""
        self._end_chunk()
        record = _serialised(Metadata(name, dict(values)))
        self._metadata_indexes.append(MetadataIndex(self._position, len(record), name))
        self._write(record)

    def add_channel(
        self,
        topic: str,
        *,
        message_encoding: str,
        schema_name: str,
        schema_encoding: str,
        schema: bytes,
    ) -> int:
        """Returns the number of a new channel."""
        number = len(self._channels) + 1
        self._schemas[number] = Schema(number, schema, schema_encoding, schema_name)
        self._channels[number] = Channel(
            id=number,
            topic=topic,
            message_encoding=message_encoding,
            metadata={},
            schema_id=number,
        )
        self._counts[number] = 0
        return number

    def add_message(
        self, channel: int, data: Sequence[Buffer], *, log_ns: int, publish_ns: int
    ) -> None:
        """Adds a message, given in pieces that are kept until the chunk is written.

        Both times are unsigned 64 bit; log times should not go back.
        """
        chunk = self._chunk
        if channel not in chunk.messages:
            chunk.add(_serialised(self._schemas[channel]))
            chunk.add(_serialised(self._channels[channel]))
        chunk.messages.setdefault(channel, []).append((log_ns, chunk.size_bytes))
        sequence = self._counts[channel] & 0xFFFFFFFF
        self._counts[channel] += 1
        length = _MESSAGE.size - _RECORD_HEAD + sum(map(len, data))
        chunk.add(_MESSAGE.pack(Opcode.MESSAGE, length, channel, sequence, log_ns, publish_ns))
        chunk.add(*data)
        chunk.start_ns = min(chunk.start_ns, log_ns)
        chunk.end_ns = max(chunk.end_ns, log_ns)
        if chunk.size_bytes >= CHUNK_BYTES:
            self._end_chunk()

    @property
    def has_open_chunk(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._chunk.messages)

    def flush(self) -> None:
        """Ends the chunk and writes it out: a process killed from now on has not lost it."""
        self._end_chunk()
        self._file.flush()

    def finish(self) -> None:
        """Writes the index; the file itself stays open."""
        self._end_chunk()
        self._write(_serialised(DataEnd(0)))
        self._write_summary()
        self._file.flush()
        self._space.release()

    # ------------------------------------------------------------------- chunks

    def _end_chunk(self) -> None:
        chunk, self._chunk = self._chunk, _OpenChunk()
        if not chunk.messages:
            return
        checksum = 0
        for part in chunk.parts:
            checksum = crc32(part, checksum)
        compression = b"" if self._compressor is None else b"zstd"
        data = chunk.parts
        if self._compressor is not None:
            data = [self._compressor.compress(b"".join(data))]
        size_bytes = sum(map(len, data))
        offset = self._position
        named = struct.pack("<I", len(compression)) + compression
        tail = named + struct.pack("<Q", size_bytes)
        length = _CHUNK.size - _RECORD_HEAD + len(tail) + size_bytes
        self._space.reserve(offset + _RECORD_HEAD + length)
        times = (chunk.start_ns, chunk.end_ns)
        self._write(_CHUNK.pack(Opcode.CHUNK, length, *times, chunk.size_bytes, checksum) + tail)
        for part in data:
            self._write(part)
        chunk_length = self._position - offset
        index_offsets = self._write_message_indexes(chunk)
        self._chunk_indexes.append(
            ChunkIndex(
                chunk_length=chunk_length,
                chunk_start_offset=offset,
                compression=compression.decode(),
                compressed_size=size_bytes,
                message_end_time=times[1],
                message_index_length=self._position - offset - chunk_length,
                message_index_offsets=index_offsets,
                message_start_time=times[0],
                uncompressed_size=chunk.size_bytes,
            )
        )
        self._start_ns = times[0] if self._start_ns is None else min(self._start_ns, times[0])
        self._end_ns = max(self._end_ns, times[1])

    def _write_message_indexes(self, chunk: _OpenChunk) -> dict[int, int]:
        offsets = {}
        for channel, records in chunk.messages.items():
            offsets[channel] = self._position
            self._write(_serialised(MessageIndex(channel, records)))
        return offsets

    # ------------------------------------------------------------------ summary

    def _write_summary(self) -> None:
        start = self._position
        groups: dict[Opcode, list[McapRecord]] = {
            Opcode.SCHEMA: list(self._schemas.values()),
            Opcode.CHANNEL: list(self._channels.values()),
            Opcode.STATISTICS: [self._statistics()],
            Opcode.CHUNK_INDEX: list(self._chunk_indexes),
            Opcode.METADATA_INDEX: list(self._metadata_indexes),
        }
        checksum = 0
        offsets: list[McapRecord] = []
        for opcode, records in groups.items():
            group_start = self._position
            for record in records:
                checksum = self._write_checked(record, checksum)
            offsets.append(SummaryOffset(opcode, group_start, self._position - group_start))
        offsets_start = self._position
        for offset in offsets:
            checksum = self._write_checked(offset, checksum)
        head = struct.pack("<BQQQ", Opcode.FOOTER, 20, start, offsets_start)
        self._write(_serialised(Footer(start, offsets_start, crc32(head, checksum))))
        self._write(MAGIC)

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=self._counts,
            chunk_count=len(self._chunk_indexes),
            message_count=sum(self._counts.values()),
            metadata_count=len(self._metadata_indexes),
            message_start_time=self._start_ns or 0,
            message_end_time=self._end_ns,
            schema_count=len(self._schemas),
        )

    def _write_checked(self, record: McapRecord, checksum: int) -> int:
        data = _serialised(record)
        self._write(data)
        return crc32(data, checksum)

    def _write(self, data: Buffer) -> None:
        self._file.write(data)
        self._position += len(data)


def _serialised(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    serialised: bytes = builder.end()  # type: ignore[no-untyped-call]  # mcap leaves it out
    return serialised
