"""One file of a recording: packets and bounds in, an MCAP file out."""

import fcntl
import importlib.metadata
import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO

from flowlace.formats.image import Image
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE, is_range_value
from flowlace.recording.bounds_message import SCHEMA, SCHEMA_NAME, TOPIC, Bounds
from flowlace.recording.codecs import PacketCodec, codec_for_payload
from flowlace.recording.codecs.video import VideoCodec, fits_video
from flowlace.recording.description import (
    METADATA,
    PROFILE,
    RecordingDescription,
    VideoMode,
)
from flowlace.recording.errors import RecordingError
from flowlace.recording.mcap_writer import McapWriter
from flowlace.recording.stream_time import to_log_ns, to_publish_ns

log = logging.getLogger(__name__)


class RecordingFile:
    """Writes one file; a channel for each stream and codec is made when it is first needed.

    Args:
        path: the file to make.
        description: its metadata.
        before: what was known of bounds when the file began.
        log_us: the latest time that was seen before.
        overwrites: whether an existing file may be replaced.

    Raises:
        OSError: from any method; what was flushed stays.
        RecordingError: another recorder is writing the file.
        CodecError: a payload can't be written.
    """

    def __init__(
        self,
        path: Path,
        description: RecordingDescription,
        before: Bounds,
        log_us: int,
        *,
        overwrites: bool,
    ) -> None:
        metadata = description.to_metadata()
        with ExitStack() as on_failure:
            self._file = _opened(path, overwrites=overwrites)
            on_failure.callback(self.abandon)
            self._begin(description, metadata)
            on_failure.pop_all()
        self._channels: dict[tuple[str, type[PacketCodec]], tuple[int, PacketCodec]] = {}
        self._bounds = before
        self._log_us = log_us
        self._begin_us: int | None = None

    def _begin(self, description: RecordingDescription, metadata: dict[str, str]) -> None:
        self._video = description.video
        self._writer = McapWriter(
            self._file,
            compresses=description.video is not VideoMode.RAW,
            profile=PROFILE,
            library=f"flowlace {importlib.metadata.version('flowlace')}",
        )
        self._writer.add_metadata(METADATA, metadata)
        self._bounds_channel = self._writer.add_channel(
            TOPIC,
            message_encoding="json",
            schema_name=SCHEMA_NAME,
            schema_encoding="jsonschema",
            schema=SCHEMA,
        )
        self._writer.flush()

    @property
    def size_bytes(self) -> int:
        """What the file has come to, with what waits to be written."""
        return self._writer.size_bytes

    @property
    def duration_us(self) -> int:
        """Stream time from its first packet to its last."""
        return 0 if self._begin_us is None else self._log_us - self._begin_us

    @property
    def has_open_chunk(self) -> bool:
        """Whether something would be lost by a kill."""
        return self._writer.has_open_chunk

    @property
    def state(self) -> tuple[Bounds, int]:
        """What the next file of a series begins with."""
        return self._bounds, self._log_us

    def write_packet(self, stream: str, packet: Packet[Any]) -> None:
        """Adds a packet."""
        timestamp = packet.timestamp
        if is_range_value(timestamp):
            self._log_us = max(self._log_us, timestamp)
        if self._begin_us is None:
            self._begin_us = self._log_us
        channel, codec = self._channel(stream, packet.payload)
        data = codec.encode_parts(packet.payload, timestamp)
        self._begin_chunk()
        self._writer.add_message(
            channel, data, log_ns=to_log_ns(self._log_us), publish_ns=to_publish_ns(timestamp)
        )

    def write_bound(self, stream: str, bound: int) -> None:
        """Adds a bound that moved without a packet; DONE ends the stream."""
        self._begin_chunk()
        if bound == DONE:
            self._bounds.closed.append(stream)
            self._bounds.bounds_us.pop(stream, None)
            self._write_bounds(Bounds(closed=[stream]))
        else:
            self._bounds.bounds_us[stream] = bound
            self._write_bounds(Bounds(bounds_us={stream: bound}))

    def write_metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Adds names and values that belong to the file as a whole."""
        self._writer.add_metadata(name, values)

    def flush(self) -> None:
        """Hands everything so far to the operating system."""
        self._writer.flush()

    def finish(self, *, is_end: bool) -> None:
        """Writes the index and closes the file; `is_end` tells that nothing follows it."""
        if is_end:
            self._begin_chunk()
            self._write_bounds(Bounds(is_end=True))
        self._writer.finish()
        self._file.close()

    def abandon(self) -> None:
        """Closes the file as it is; what it does not take is lost."""
        with suppress(OSError):
            self._file.close()

    def _channel(self, stream: str, payload: Any) -> tuple[int, PacketCodec]:
        kind = self._codec_class(payload)
        found = self._channels.get((stream, kind))
        if found is None:
            number = self._writer.add_channel(
                stream,
                message_encoding=kind.message_encoding,
                schema_name=kind.schema_name,
                schema_encoding=kind.schema_encoding,
                schema=kind.schema,
            )
            found = self._channels[stream, kind] = number, kind()
        return found

    def _codec_class(self, payload: Any) -> type[PacketCodec]:
        is_video = self._video is VideoMode.H264 and isinstance(payload, Image)
        return VideoCodec if is_video and fits_video(payload) else codec_for_payload(payload)

    def _begin_chunk(self) -> None:
        """Repeats what is known of bounds at the beginning of each chunk."""
        if not self._writer.has_open_chunk and self._bounds:
            self._write_bounds(self._bounds)

    def _write_bounds(self, bounds: Bounds) -> None:
        log_ns = to_log_ns(self._log_us)
        self._writer.add_message(
            self._bounds_channel, [bounds.encode()], log_ns=log_ns, publish_ns=log_ns
        )


def _opened(path: Path, *, overwrites: bool) -> BinaryIO:
    """Returns a new or emptied file that no other recorder writes; closed by who asked for it."""
    file = open(path, "wb", opener=_replacing if overwrites else _making)  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise RecordingError(f"another recorder is writing {str(path)!r}") from None
    except OSError as error:
        log.debug("%s can't be locked: %s", path, error)  # not every file system can
    if os.fstat(file.fileno()).st_size:
        file.truncate()
    return file


def _making(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o666)


def _replacing(path: str, flags: int) -> int:
    # What another recorder is writing must not be emptied before its lock has been seen.
    return os.open(path, flags & ~os.O_TRUNC, 0o666)
