"""The messages of one chunk of an MCAP file."""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Schema

from flowlace.recording.checksum import crc32
from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_index import ChunkPlace

LARGEST_CHUNK: Final = 2 << 30
"""Uncompressed; a damaged or hostile file may claim any size."""
_RECORD: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<HIQQ")
_CHUNK: Final = struct.Struct("<QQQII")
"""Start and end, size and checksum of the unpacked content, length of the compression's name."""
_LENGTH: Final = struct.Struct("<Q")


class ChannelInfo(NamedTuple):
    """Where the messages of a channel belong and how they are written."""

    topic: str
    message_encoding: str
    schema_name: str


class ChunkMessage(NamedTuple):
    """One message."""

    channel: ChannelInfo
    log_ns: int
    publish_ns: int
    data: bytes


class _Head(NamedTuple):
    """What a chunk says about its content."""

    size: int
    """When it is unpacked."""
    checksum: int
    """0 for none."""
    compression: str


def read_chunk(
    file: BinaryIO, place: ChunkPlace, channels: dict[int, ChannelInfo]
) -> Iterator[ChunkMessage]:
    """Returns the messages of a chunk in the order they were written.

    Args:
        file: the open file.
        place: of the chunk.
        channels: what is known of channels by number; those the chunk tells are added.

    Raises:
        RecordingError: the chunk can't be unpacked, its checksum is wrong, or its content makes no
            sense. That is known before the first message is returned.
    """
    return iter(list(_messages(_content(file, place), channels)))


def _content(file: BinaryIO, place: ChunkPlace) -> memoryview:
    if place.length > LARGEST_CHUNK:
        raise RecordingError(f"it claims to be {place.length:,} bytes long")
    file.seek(place.offset)
    data = file.read(place.length)
    if len(data) < place.length or data[0] != Opcode.CHUNK:
        raise RecordingError("no chunk is there")
    try:
        head, packed = _parted(memoryview(data)[_RECORD.size :])
        if head.size > LARGEST_CHUNK:
            raise RecordingError(f"it claims to hold {head.size:,} bytes")
        content = _unpacked(head, packed)
    except (zstandard.ZstdError, RuntimeError, struct.error, UnicodeDecodeError) as error:
        raise RecordingError(f"it can't be unpacked: {error}") from error
    if len(content) != head.size:
        raise RecordingError(f"{len(content):,} of {head.size:,} bytes are there")
    if head.checksum and crc32(content) != head.checksum:
        raise RecordingError("its checksum is wrong")
    return content


def _parted(record: memoryview) -> tuple[_Head, memoryview]:
    """Returns the fields of a chunk and its packed content, which is not copied."""
    _, _, size, checksum, name_length = _CHUNK.unpack_from(record)
    name_end = _CHUNK.size + name_length
    compression = str(record[_CHUNK.size : name_end], "utf-8")
    (length,) = _LENGTH.unpack_from(record, name_end)
    start = name_end + _LENGTH.size
    return _Head(size, checksum, compression), record[start : start + length]


def _unpacked(head: _Head, packed: memoryview) -> memoryview:
    match head.compression:
        case "":
            return packed
        case "zstd":
            # Not by the size that the data claim themselves: a small file may claim terabytes.
            with zstandard.ZstdDecompressor().stream_reader(packed) as unpacked:
                return memoryview(unpacked.read(head.size + 1))
        case "lz4":
            content: bytes = lz4.frame.LZ4FrameDecompressor().decompress(packed, head.size + 1)
            return memoryview(content)
    raise RecordingError(f"it is compressed with {head.compression!r}; known are zstd and lz4")


def _messages(content: memoryview, channels: dict[int, ChannelInfo]) -> Iterator[ChunkMessage]:
    schemas = {0: ""}
    position = 0
    while position < len(content):
        try:
            opcode, length = _RECORD.unpack_from(content, position)
            start = position + _RECORD.size
            position = start + length
            if position > len(content):
                raise RecordingError("a record in it is longer than the chunk")
            if opcode == Opcode.MESSAGE:
                if length < _MESSAGE.size:
                    raise RecordingError(f"a message of {length} bytes is too short to be one")
                number, _, log_ns, publish_ns = _MESSAGE.unpack_from(content, start)
                data = bytes(content[start + _MESSAGE.size : position])
                if number in channels:
                    yield ChunkMessage(channels[number], log_ns, publish_ns, data)
            elif opcode == Opcode.SCHEMA:
                schema = Schema.read(ReadDataStream(io.BytesIO(content[start:position])))
                schemas[schema.id] = schema.name
            elif opcode == Opcode.CHANNEL:
                channel = Channel.read(ReadDataStream(io.BytesIO(content[start:position])))
                known = channels.get(channel.id)
                schema_name = schemas.get(channel.schema_id, known.schema_name if known else "")
                channels[channel.id] = ChannelInfo(
                    channel.topic, channel.message_encoding, schema_name
                )
        except (McapError, struct.error, UnicodeDecodeError) as error:
            raise RecordingError(f"its content makes no sense: {error}") from error
