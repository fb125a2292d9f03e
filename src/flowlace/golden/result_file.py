"""Outputs of a graph in an MCAP file, written while the graph runs and read stream by stream.

The file is a recording whose streams are outputs, so any tool that reads recordings shows it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flowlace.comparison.alignment import AnyPacket
from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.streams import Headers
from flowlace.framework.packet import Packet
from flowlace.golden.errors import GoldenError
from flowlace.recording import Recording, RecordingDescription, VideoMode
from flowlace.recording.bounds_message import Bounds
from flowlace.recording.description import OUTPUT_HEADERS, output_headers_metadata
from flowlace.recording.recording_file import RecordingFile
from flowlace.sinks.sink import Sink, SinkCounts


class ResultWriter:
    """Writes packets of several streams; may be called from several threads.

    Raises:
        GoldenError: the file can't be written.
        CodecError: a payload that recordings don't know; says how to make it known.
    """

    def __init__(self, path: Path, description: RecordingDescription) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._headers: dict[str, Any] = {}
        try:
            self._file = RecordingFile(path, description, Bounds(), 0, overwrites=True)
        except OSError as error:
            raise self._error(error) from error

    def write(self, stream: str, packet: AnyPacket) -> None:
        """Adds one packet."""
        with self._lock:
            try:
                self._file.write_packet(stream, packet)
            except OSError as error:
                raise self._error(error) from error

    def take_header(self, stream: str, header: Any) -> None:
        """Keeps the header of a stream; None where it has none."""
        with self._lock:
            self._headers[stream] = header

    def finish(self) -> None:
        """Completes the file; one that is not complete is refused when it is read."""
        kept = output_headers_metadata(dict(sorted(self._headers.items())))
        try:
            self._file.write_metadata(OUTPUT_HEADERS, kept)
            self._file.finish(is_end=True)
        except OSError as error:
            raise self._error(error) from error

    def abandon(self) -> None:
        """Leaves the file as it is; after `finish` nothing happens."""
        self._file.abandon()

    def _error(self, error: OSError) -> GoldenError:
        return GoldenError(f"{str(self._path)!r} can't be written: {error.strerror or error}")


class ResultSink(Sink):
    """Takes one output stream into a `ResultWriter`."""

    def __init__(self, writer: ResultWriter, stream: str) -> None:
        self._writer = writer
        self._stream = stream
        self.counts = SinkCounts()

    def take_header(self, header: Any) -> None:
        """Keeps the header."""
        self._writer.take_header(self._stream, header)

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes one packet."""
        self._writer.write(self._stream, Packet(payload, timestamp_us))
        self.counts.written += 1

    def close(self) -> None:
        """Has nothing to do: the file ends with all of its streams."""


class ResultFile:
    """An open file of results or a recording; every stream is read by itself, as often as asked.

    Raises:
        RecordingError: there is no such file, or it is no recording.
    """

    def __init__(self, path: str | Path) -> None:
        self._recording = Recording(path)
        self.name = str(path)

    @property
    def description(self) -> RecordingDescription | None:
        """What it says about itself; None for a file of somebody else."""
        return self._recording.description

    @property
    def headers(self) -> Headers:
        """The headers of streams that the file tells of."""
        described = self.description
        if described is not None and described.started:  # what entered a graph, no results
            return {name: described.headers.get(name) for name in described.streams}
        return self._recording.output_headers()

    def streams(self, only: Sequence[str] = ()) -> Mapping[str, Iterator[AnyPacket]]:
        """Returns the packets of all streams, or of those that are named.

        Raises:
            ComparisonError: there is no such stream.
        """
        known = self._recording.streams()
        for name in only:
            if name not in known:
                raise ComparisonError(
                    f"{self.name!r} has no stream {name!r}; it has: {', '.join(known) or 'none'}"
                )
        return {name: self._packets(name) for name in only or known}

    def check(self) -> None:
        """Raises ComparisonError if a part of what has been read could not be; see its log."""
        if self._recording.skipped:
            reasons = ", ".join(f"{what}: {n}" for what, n in self._recording.skipped.items())
            raise ComparisonError(f"{self.name!r} is damaged, so it can't be compared ({reasons})")

    @property
    def is_complete(self) -> bool:
        """Whether its end has been read, and it was not cut off."""
        return self._recording.is_complete

    def close(self) -> None:
        """Closes the file."""
        self._recording.close()

    def _packets(self, stream: str) -> Iterator[AnyPacket]:
        for event in self._recording.events(wants=lambda name: name == stream):
            if event.packet is not None:
                yield event.packet
        self.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def describe_results(streams: Sequence[str], **more: Any) -> RecordingDescription:
    """Returns the description of a file of results; without a time, so equal ones are equal."""
    return RecordingDescription(
        **{"graph": "", "streams": tuple(streams), "video": VideoMode.ZSTD, **more}
    )
