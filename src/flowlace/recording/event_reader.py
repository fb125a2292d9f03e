"""Turns the messages of a recording's chunks into what entered the graph."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE
from flowlace.recording.bounds_message import SCHEMA_NAME as BOUNDS_SCHEMA
from flowlace.recording.bounds_message import TOPIC, Bounds
from flowlace.recording.codecs import PacketCodec, codec_for_schema
from flowlace.recording.codecs.registry import known_schemas
from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_chunk import ChannelInfo, ChunkMessage, read_chunk
from flowlace.recording.mcap_index import ChunkPlace
from flowlace.recording.stream_time import from_publish_ns
from flowlace.runner.input_feed import InputEvent


class ReadRecording(Protocol):
    """What is told while a recording is read."""

    is_complete: bool
    """Whether the end of the run has been read."""

    def skip(self, reason: str, message: str) -> None:
        """Counts something that can't be read."""


class EventReader:
    """Reads chunk after chunk; remembers decoders, bounds and what has ended.

    Args:
        recording: is told what can't be read.
        from_us: skip what entered before; streams that had ended by then end at once.
        to_us: stop at what entered later.
        wants: which streams to decode.
    """

    def __init__(
        self,
        recording: ReadRecording,
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
        """Yields what the messages of a chunk say, in their order."""
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
