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

from flowlace.recording.bounds_message import TOPIC
from flowlace.recording.description import (
    METADATA,
    OUTPUT_HEADERS,
    PROFILE,
    RecordingDescription,
    output_headers,
)
from flowlace.recording.errors import RecordingError
from flowlace.recording.event_reader import EventReader
from flowlace.recording.mcap_chunk import ChannelInfo, read_chunk
from flowlace.recording.mcap_index import ChunkPlace, McapIndex, read_index
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

    @property
    def is_damaged_ours(self) -> bool:
        """Whether this package has made the file, but its description can't be found."""
        index = self._parts[0][2]
        begins_like_ours = index.profile == PROFILE or not (index.chunks or index.has_summary)
        return self.description is None and begins_like_ours

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
                topics = (each.topic for each in channels.values() if each.topic != TOPIC)
                return tuple(dict.fromkeys(topics))
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
        reader = EventReader(self, from_us, to_us, wants)
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
