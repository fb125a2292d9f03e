"""The messages of one chunk of an MCAP file."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Schema

from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_index import ChunkPlace

LARGEST_CHUNK: Final = 2 << 30
"""Uncompressed; a damaged or hostile file may claim any size."""
_RECORD: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<HIQQ")


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


def _content(file: BinaryIO, place: ChunkPlace) -> bytes:
    if place.length > LARGEST_CHUNK:
        raise RecordingError(f"it claims to be {place.length:,} bytes long")
    file.seek(place.offset)
    data = file.read(place.length)
    if len(data) < place.length or data[0] != Opcode.CHUNK:
        raise RecordingError("no chunk is there")
    try:
        chunk = Chunk.read(ReadDataStream(io.BytesIO(data[_RECORD.size :])))
        if chunk.uncompressed_size > LARGEST_CHUNK:
            raise RecordingError(f"it claims to hold {chunk.uncompressed_size:,} bytes")
        content = _unpacked(chunk)
    except (
        McapError,
        zstandard.ZstdError,
        RuntimeError,
        struct.error,
        UnicodeDecodeError,
    ) as error:
        raise RecordingError(f"it can't be unpacked: {error}") from error
    if len(content) != chunk.uncompressed_size:
        raise RecordingError(f"{len(content):,} of {chunk.uncompressed_size:,} bytes are there")
    if chunk.uncompressed_crc and zlib.crc32(content) != chunk.uncompressed_crc:
        raise RecordingError("its checksum is wrong")
    return content


def _unpacked(chunk: Chunk) -> bytes:
    size = chunk.uncompressed_size
    match chunk.compression:
        case "":
            return chunk.data
        case "zstd":
            # Not by the size that the data claim themselves: a small file may claim terabytes.
            with zstandard.ZstdDecompressor().stream_reader(chunk.data) as unpacked:
                return unpacked.read(size + 1)
        case "lz4":
            content: bytes = lz4.frame.LZ4FrameDecompressor().decompress(chunk.data, size + 1)
            return content
    raise RecordingError(f"it is compressed with {chunk.compression!r}; known are zstd and lz4")


def _messages(content: bytes, channels: dict[int, ChannelInfo]) -> Iterator[ChunkMessage]:
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
                number, _, log_ns, publish_ns = _MESSAGE.unpack_from(content, start)
                data = content[start + _MESSAGE.size : position]
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
