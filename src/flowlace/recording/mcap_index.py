"""Where the chunks of an MCAP file are: from its summary, or by stepping over them one by one.

A file whose writer was killed has no summary. Its chunks are found by their heads alone, so that
takes one small read a chunk, however large the file is.
"""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import ChunkIndex, Footer, Header, Metadata, MetadataIndex

from flowlace.recording.checksum import crc32
from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_writer import MAGIC

_RECORD: Final = struct.Struct("<BQ")
_FOOTER_BYTES: Final = _RECORD.size + 20
_CHUNK_TIMES: Final = struct.Struct("<QQ")
_LARGEST_SUMMARY: Final = 1 << 30
_READ_ERRORS: Final = (McapError, struct.error, UnicodeDecodeError, OverflowError, MemoryError)


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """One chunk of a file."""

    offset: int
    """Of its record, in bytes from the beginning of the file."""
    length: int
    """Of its record."""
    start_ns: int
    """Log time of its earliest message."""
    end_ns: int
    """Log time of its latest message."""


@dataclass(frozen=True, slots=True)
class McapIndex:
    """What a file holds, and what is wrong with it."""

    chunks: tuple[ChunkPlace, ...]
    """In the order of the file."""
    metadata: dict[str, dict[str, str]]
    """By name: the records before the first chunk, and those that the summary lists."""
    profile: str
    """What the file is for, in the words of its writer; empty where it does not tell."""
    has_summary: bool
    """Whether the writer came to finish the file, and its summary is whole."""
    damage: str = ""
    """Why nothing more was found, where the file ends early or makes no sense from there on."""


def read_index(file: BinaryIO, name: str) -> McapIndex:
    """Returns the index of an open file.

    Raises:
        RecordingError: it is no MCAP file, or one of single messages without chunks.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        why = "it does not begin like one" if size else "it is empty"
        raise RecordingError(f"recording {name!r} is no MCAP file: {why}")
    profile, metadata = _beginning(file, size, name)
    summary = _summary(file, size)
    chunks = None if summary is None else summary.chunks
    if summary is not None:
        metadata |= _listed_metadata(file, summary)
    if chunks:
        return McapIndex(tuple(chunks), metadata, profile, has_summary=True)
    found: list[ChunkPlace] = []
    damage = ""
    for item in _scan(file, size):
        if isinstance(item, ChunkPlace):
            found.append(item)
        else:
            damage = item
    return McapIndex(tuple(found), metadata, profile, has_summary=chunks is not None, damage=damage)


class _Summary(NamedTuple):
    """What the end of a finished file lists."""

    chunks: list[ChunkPlace]
    """In the order of the file."""
    metadata: list[tuple[int, int]]
    """Offset and length of each metadata record."""


def _summary(file: BinaryIO, size: int) -> _Summary | None:
    """Returns what the summary lists; None where there is no whole one."""
    footer_offset = size - _FOOTER_BYTES - len(MAGIC)
    if footer_offset < len(MAGIC):
        return None
    file.seek(footer_offset)
    end = file.read(_FOOTER_BYTES + len(MAGIC))
    opcode, length = _RECORD.unpack_from(end)
    if not end.endswith(MAGIC) or opcode != Opcode.FOOTER or length != 20:
        return None
    footer = Footer.read(ReadDataStream(io.BytesIO(end[_RECORD.size :])))
    start = footer.summary_start
    if not len(MAGIC) <= start <= footer_offset or footer_offset - start > _LARGEST_SUMMARY:
        return None
    file.seek(start)
    summary = file.read(footer_offset - start)
    # The checksum covers the footer up to itself.
    checksum = crc32(end[: _FOOTER_BYTES - 4], crc32(summary))
    if footer.summary_crc and checksum != footer.summary_crc:
        return None
    try:
        found = _listed(summary)
    except _READ_ERRORS:
        return None
    if any(each.offset + each.length > start for each in found.chunks):
        return None
    return _Summary(
        sorted(found.chunks, key=lambda each: each.offset),
        [place for place in found.metadata if sum(place) <= start],
    )


def _listed(summary: bytes) -> _Summary:
    found = _Summary([], [])
    position = 0
    while position + _RECORD.size <= len(summary):
        opcode, length = _RECORD.unpack_from(summary, position)
        position += _RECORD.size
        content = ReadDataStream(io.BytesIO(summary[position : position + length]))
        if opcode == Opcode.CHUNK_INDEX:
            found.chunks.append(_place(ChunkIndex.read(content)))
        elif opcode == Opcode.METADATA_INDEX:
            index = MetadataIndex.read(content)
            found.metadata.append((index.offset, index.length))
        position += length
    return found


def _listed_metadata(file: BinaryIO, summary: _Summary) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for offset, length in summary.metadata:
        file.seek(offset)
        record = file.read(length)
        if record[:1] == bytes([Opcode.METADATA]):
            found |= _metadata(record[_RECORD.size :])
    return found


def _profile(content: bytes) -> str:
    try:
        return str(Header.read(ReadDataStream(io.BytesIO(content))).profile)
    except _READ_ERRORS:
        return ""


def _metadata(content: bytes) -> dict[str, dict[str, str]]:
    """Returns what one record holds, by its name; nothing where it can't be read."""
    try:
        record = Metadata.read(ReadDataStream(io.BytesIO(content)))
    except _READ_ERRORS:
        return {}
    return {record.name: record.metadata}


def _place(index: ChunkIndex) -> ChunkPlace:
    return ChunkPlace(
        index.chunk_start_offset,
        index.chunk_length,
        index.message_start_time,
        index.message_end_time,
    )


def _beginning(file: BinaryIO, size: int, name: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Returns the profile, and the metadata records before the first chunk."""
    profile = ""
    found: dict[str, dict[str, str]] = {}
    for opcode, offset, length in _records(file, size):
        if opcode == Opcode.MESSAGE:
            raise RecordingError(
                f"recording {name!r} holds messages outside of chunks; write it anew with chunks, "
                "as `mcap compress` does"
            )
        if opcode not in (Opcode.HEADER, Opcode.METADATA, Opcode.SCHEMA, Opcode.CHANNEL):
            break
        file.seek(offset + _RECORD.size)
        if opcode == Opcode.METADATA:
            found |= _metadata(file.read(length))
        elif opcode == Opcode.HEADER:
            profile = _profile(file.read(length))
    return profile, found


def _scan(file: BinaryIO, size: int) -> Iterator[ChunkPlace | str]:
    """Yields the chunks of a file without a summary, and at last what is wrong with it, if any."""
    position = len(MAGIC)
    for opcode, offset, length in _records(file, size):
        position = offset + _RECORD.size + length
        if opcode == Opcode.CHUNK and length >= _CHUNK_TIMES.size:
            file.seek(offset + _RECORD.size)
            times = _CHUNK_TIMES.unpack(file.read(_CHUNK_TIMES.size))
            yield ChunkPlace(offset, _RECORD.size + length, *times)
        if opcode in (Opcode.DATA_END, Opcode.FOOTER):
            return
    if position < size:
        yield f"nothing can be read from byte {position:,} on: the file is cut off or damaged there"


def _records(file: BinaryIO, size: int) -> Iterator[tuple[int, int, int]]:
    """Yields opcode, offset and length of content of each whole record, without reading it."""
    offset = len(MAGIC)
    while offset + _RECORD.size <= size:
        file.seek(offset)
        opcode, length = _RECORD.unpack(file.read(_RECORD.size))
        if opcode == 0 or offset + _RECORD.size + length > size:
            return
        yield opcode, offset, length
        offset += _RECORD.size + length
