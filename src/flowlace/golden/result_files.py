"""Results in files of every kind, opened as streams of packets."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowlace.comparison.alignment import AnyPacket
from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.json_lines import TIME_FIELD, read_json_lines
from flowlace.comparison.streams import UNKNOWN_HEADERS, Headers
from flowlace.framework.packet import Packet
from flowlace.golden.result_file import ResultFile
from flowlace.sources.registry import open_source
from flowlace.sources.source import Source

ROWS = "rows"
"""The stream of a file of JSON lines."""
FRAMES = "frames"
"""The stream of a video, a sound file, a folder."""


@dataclass(frozen=True, slots=True)
class OpenedResults:
    """What a file holds."""

    streams: Mapping[str, Iterator[AnyPacket]]
    headers: Headers
    """As far as the file tells of them."""


@contextmanager
def opened_results(
    path: str, time_field: str = TIME_FIELD, only: Sequence[str] = ()
) -> Iterator[OpenedResults]:
    """Opens `.jsonl` as rows, `.mcap` as the streams it holds, and anything else as a source.

    Raises:
        ComparisonError: a live source, or a file that can't be read.
        SourceError: a source that can't be opened.
    """
    if path.endswith((".jsonl", ".ndjson", ".json")):
        rows = iter(read_json_lines(path, time_field=time_field))
        yield OpenedResults(_chosen({ROWS: rows}, only), UNKNOWN_HEADERS)
    elif path.endswith(".mcap"):
        with ResultFile(path) as file:
            yield OpenedResults(file.streams(only), file.headers)
            if not file.is_complete and file.description is not None:
                raise ComparisonError(f"{path!r} was cut off: its end is missing")
    else:
        if not Path(path).exists() and ":" not in path:
            raise ComparisonError(f"{path!r}: there is no such file")
        with open_source(path) as source:
            if source.is_live:
                raise ComparisonError(f"{path!r} is live, so it can't be compared; record it first")
            streams = _chosen({FRAMES: _frames(source)}, only)
            yield OpenedResults(streams, {FRAMES: source.header})


def _frames(source: Source) -> Iterator[AnyPacket]:
    for frame in source:
        yield Packet(frame.payload, frame.timestamp_us)


def _chosen(
    streams: Mapping[str, Iterator[AnyPacket]], only: Sequence[str]
) -> Mapping[str, Iterator[AnyPacket]]:
    for name in only:
        if name not in streams:
            raise ComparisonError(f"--stream {name!r}: there is only {next(iter(streams))!r}")
    return streams
