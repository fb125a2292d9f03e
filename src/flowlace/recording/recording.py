"""Reads a recording: what it says about itself, and what entered the graph, from any time on.

One chunk is in memory at a time. Reading from a time on begins at the chunk that holds it, and
with the packets before it that decoding needs.
"""

import glob
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE
from flowlace.recording.bounds_message import SCHEMA_NAME as BOUNDS_SCHEMA
from flowlace.recording.bounds_message import TOPIC, Bounds
from flowlace.recording.codecs import PacketCodec, codec_for_schema
from flowlace.recording.codecs.registry import known_schemas
from flowlace.recording.description import (
    METADATA,
    OUTPUT_HEADERS,
    RecordingDescription,
    output_headers,
)
from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_chunk import ChannelInfo, ChunkMessage, read_chunk
from flowlace.recording.mcap_index import ChunkPlace, McapIndex, read_index
from flowlace.recording.stream_time import from_publish_ns
from flowlace.runner.input_feed import InputEvent

log = logging.getLogger(__name__)

LEAD_IN_US: Final = 1_000_000
"""How much earlier than asked for reading begins, so that a key frame is met."""


class Recording:
    """An open recording: one file, or the files of a series in order.

    Args:
        path: a file, a folder with the files of one series, or a glob.

    Raises:
        RecordingError: there is none, it is no MCAP file, its description can't be read, or its
            files do not belong together.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = str(path)
        self.skipped: Counter[str] = Counter()
        """What could not be read, by reason."""
        self.is_complete = False
        """Whether the end of the run has been read; a killed recorder did not come to write it."""
        self._closing = ExitStack()
        self._parts: list[tuple[Path, BinaryIO, McapIndex]] = []
        try:
            for each in recording_files(self.name):
                self._open(each)
            self.description = self._checked_descriptions()
        except BaseException:
            self.close()
            raise

    @property
    def start_us(self) -> int:
        """Time of the first entry; 0 for an empty recording."""
        return min((each.start_ns for each in self._chunks()), default=0) // 1000

    @property
    def end_us(self) -> int:
        """Time of the last entry; 0 for an empty recording."""
        return max((each.end_ns for each in self._chunks()), default=0) // 1000

    @property
    def is_finished(self) -> bool:
        """Whether the recorder came to finish the last file, be it to go on in another one."""
        return self._parts[-1][2].has_summary

    def streams(self) -> tuple[str, ...]:
        """Returns the streams that may hold packets; of a foreign file, those of its beginning."""
        if self.description is not None:
            return self.description.streams
        for _, file, index in self._parts:
            for place in index.chunks:
                channels: dict[int, ChannelInfo] = {}
                try:
                    read_chunk(file, place, channels)
                except RecordingError:
                    continue
                return tuple(dict.fromkeys(each.topic for each in channels.values()))
        return ()

    def output_headers(self) -> dict[str, Any]:
        """Returns the headers of the streams of a file of results, as far as it tells of them.

        Raises:
            RecordingError: they can't be read.
        """
        path, _, index = self._parts[-1]
        if OUTPUT_HEADERS not in index.metadata:
            return {}
        try:
            return output_headers(index.metadata[OUTPUT_HEADERS])
        except RecordingError as error:
            raise RecordingError(f"recording {str(path)!r}: {error}") from error

    def side_packets_for(self, declared: Collection[str]) -> dict[str, Any]:
        """Returns the recorded side packets that a graph declares; none of a foreign file."""
        recorded = self.description.side_packets if self.description is not None else {}
        return {name: value for name, value in recorded.items() if name in declared}

    def events(
        self,
        *,
        from_us: int | None = None,
        to_us: int | None = None,
        wants: Callable[[str], bool] = lambda _: True,
    ) -> Iterator[InputEvent]:
        """Yields what entered the graph, in that order.

        What can't be read is counted in `skipped`, with a warning that names the place.

        Args:
            from_us: skip what entered before; streams that had ended by then end at once.
            to_us: stop at what entered later.
            wants: which streams to decode.
        """
        reader = _EventReader(self, from_us, to_us, wants)
        first_ns = 0 if from_us is None else max(from_us - LEAD_IN_US, 0) * 1000
        last_ns = None if to_us is None else to_us * 1000
        for path, file, index in self._parts:
            channels: dict[int, ChannelInfo] = {}
            for place in index.chunks:
                if place.end_ns < first_ns:
                    continue
                if last_ns is not None and place.start_ns > last_ns:
                    return
                yield from reader.read(path, file, place, channels)
            if index.damage:
                self.skip("cut off", f"{path}: {index.damage}")

    def skip(self, reason: str, message: str) -> None:
        """Counts something that can't be read; warns the first time of each reason."""
        self.skipped[reason] += 1
        level = logging.WARNING if self.skipped[reason] == 1 else logging.INFO
        log.log(level, "%s", message)

    def close(self) -> None:
        """Closes the files."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, path: Path) -> None:
        try:
            file = self._closing.enter_context(path.open("rb"))
            self._parts.append((path, file, read_index(file, str(path))))
        except OSError as error:
            raise RecordingError(f"recording {str(path)!r} can't be read: {error}") from error

    def _chunks(self) -> Iterator[ChunkPlace]:
        return (place for _, _, index in self._parts for place in index.chunks)

    def _checked_descriptions(self) -> RecordingDescription | None:
        """Returns the description of the first file; None for a file of somebody else."""
        found = [_description(path, index) for path, _, index in self._parts]
        first = found[0]
        for (path, *_), each in zip(self._parts, found, strict=True):
            if (each is None) != (first is None) or (
                each is not None and first is not None and each.started != first.started
            ):
                raise RecordingError(
                    f"recording {str(path)!r} is not of the same run as {str(self._parts[0][0])!r};"
                    " name the files of one run only"
                )
        parts = [each.part for each in found if each is not None]
        if parts and parts != list(range(parts[0], parts[0] + len(parts))):
            missing = sorted(set(range(parts[0], parts[-1])) - set(parts))
            self.skip("missing file", f"{self.name}: files of the series are missing: {missing}")
        return first


class _EventReader:
    """Turns the messages of chunks into events; remembers decoders and what has ended."""

    def __init__(
        self,
        recording: Recording,
        from_us: int | None,
        to_us: int | None,
        wants: Callable[[str], bool],
    ) -> None:
        self._recording = recording
        self._from_us = from_us
        self._to_us = to_us
        self._wants = wants
        self._codecs: dict[ChannelInfo, PacketCodec | None] = {}
        self._ended: set[str] = set()
        self._bounds: dict[str, int] = {}

    def read(
        self, path: Path, file: BinaryIO, place: ChunkPlace, channels: dict[int, ChannelInfo]
    ) -> Iterator[InputEvent]:
        try:
            messages = read_chunk(file, place, channels)
        except RecordingError as error:
            seconds = f"{place.start_ns / 1e9:.3f} s to {place.end_ns / 1e9:.3f} s"
            self._recording.skip(
                "damaged chunk",
                f"{path}: the chunk at byte {place.offset:,}, {seconds}, is left out: {error}",
            )
            self._codecs.clear()  # what was left out may be what the next picture is built on
            return
        for message in messages:
            at_us = message.log_ns // 1000
            if self._to_us is not None and at_us > self._to_us:
                return
            yield from self._events(path, message, at_us)

    def _events(self, path: Path, message: ChunkMessage, at_us: int) -> Iterator[InputEvent]:
        try:
            if message.channel.schema_name == BOUNDS_SCHEMA and message.channel.topic == TOPIC:
                # What was known before the beginning is known at the beginning.
                yield from self._moved(Bounds.decode(message.data), max(at_us, self._from_us or 0))
            elif self._wants(message.channel.topic):
                packet = self._decoded(path, message)
                if packet is not None and (self._from_us is None or at_us >= self._from_us):
                    yield InputEvent(at_us, message.channel.topic, packet)
        except RecordingError as error:
            topic, timestamp = message.channel.topic, from_publish_ns(message.publish_ns)
            self._recording.skip(
                f"unreadable packet of {topic}",
                f"{path}: a packet of {topic!r} at {timestamp} µs is left out: {error}",
            )

    def _moved(self, bounds: Bounds, at_us: int) -> Iterator[InputEvent]:
        self._recording.is_complete |= bounds.is_end
        for stream, bound in bounds.bounds_us.items():
            if bound > self._bounds.get(stream, bound - 1) and self._wants(stream):
                self._bounds[stream] = bound
                yield InputEvent(at_us, stream, None, bound)
        for stream in bounds.closed:
            if stream not in self._ended and self._wants(stream):
                self._ended.add(stream)
                yield InputEvent(at_us, stream, None, DONE)

    def _decoded(self, path: Path, message: ChunkMessage) -> Packet[object] | None:
        codec = self._codec(path, message.channel)
        if codec is None:
            return None
        payload = codec.decode(message.data)
        if payload is None and codec.lead_in_us:
            return None
        return Packet(payload, from_publish_ns(message.publish_ns))

    def _codec(self, path: Path, channel: ChannelInfo) -> PacketCodec | None:
        if channel not in self._codecs:
            kind = codec_for_schema(channel.schema_name)
            if kind is None or kind.message_encoding != channel.message_encoding:
                self._recording.skip(
                    f"stream {channel.topic}",
                    f"{path}: stream {channel.topic!r} is left out: no codec reads "
                    f"{channel.schema_name!r} written as {channel.message_encoding!r}; known are: "
                    f"{', '.join(known_schemas())}",
                )
                kind = None
            self._codecs[channel] = kind() if kind else None
        return self._codecs[channel]


def recording_files(path: str) -> Sequence[Path]:
    """Returns the files that a path, a folder or a glob names, in order; RecordingError if none."""
    if Path(path).is_file():
        return [Path(path)]
    pattern = f"{glob.escape(path)}/*.mcap" if Path(path).is_dir() else path
    found = sorted(Path(each) for each in glob.glob(pattern) if Path(each).is_file())
    if not found:
        raise RecordingError(f"recording {path!r}: there is no such file")
    return found


def _description(path: Path, index: McapIndex) -> RecordingDescription | None:
    metadata = index.metadata.get(METADATA)
    if metadata is None:
        return None
    try:
        return RecordingDescription.from_metadata(metadata)
    except RecordingError as error:
        raise RecordingError(f"recording {str(path)!r}: {error}") from error
