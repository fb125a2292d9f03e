"""Records what enters a graph while it runs."""

import copy
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.recording.bounds_message import Bounds
from flowlace.recording.description import RecordingDescription, VideoMode, describe_run
from flowlace.recording.errors import RecordingError
from flowlace.recording.payload_weight import weight_bytes
from flowlace.recording.recording_file import RecordingFile
from flowlace.recording.rotation import Rotation

FLUSH_S: Final = 0.5
"""What enters is in the hands of the operating system after this long."""
GATHER_S: Final = 0.1
"""Packets are written together after this long: waking a thread costs more than light ones do."""
GATHERED_BYTES: Final = 4 << 20
"""Payloads that are written at once; each hand-over costs the graph a change of threads."""
WAITING_BYTES: Final = 64 << 20
"""Payloads that may wait to be written; who adds more waits."""


class _Entry(NamedTuple):
    stream: str
    packets: Sequence[Packet[Any]]
    bound: int
    weight: int


class GraphRecorder:
    """Writes everything that enters a graph into a recording, in the order it enters.

    Encoding and writing happen on a thread of its own. While that is behind by more than 64 MB,
    adding to the graph waits: nothing is left out. Where the recording can't be written, adding
    to the graph fails with the reason, and what has been written stays readable.

    Args:
        graph: the graph, not started; each recorder records one run of it.
        path: the file, `.mcap`; with a rotation it gets a number before its ending.
        video: how pictures are written.
        rotation: when to go on in another file.
        overwrites: whether an existing recording may be replaced.
        graph_name: what the graph is called, for people.
        sources: what feeds the streams, for people.

    Example:
        ```python
        graph = CalculatorGraph("tracking.pbtxt")
        with GraphRecorder(graph, "run.mcap"), graph:
            graph.start_run()
            graph.add_packet_to_input_stream("frames", Packet(frame, timestamp=0))
        ```
    """

    def __init__(
        self,
        graph: CalculatorGraph,
        path: str | Path,
        *,
        video: VideoMode = VideoMode.RAW,
        rotation: Rotation | None = None,
        overwrites: bool = False,
        graph_name: str = "",
        sources: Mapping[str, str] | None = None,
    ) -> None:
        self._path = Path(path)
        self._rotation = rotation or Rotation()
        check_path(path, self._rotation, overwrites=overwrites)
        self._graph_name = graph_name
        self._sources = dict(sources or {})
        self._video = video
        self._overwrites = overwrites
        self._plan = graph.plan
        self._description: RecordingDescription | None = None
        self._file: RecordingFile | None = None
        self._thread = threading.Thread(target=self._work, name="flowlace recorder", daemon=True)
        self._changed = threading.Condition()
        self._waiting: deque[_Entry] = deque()
        self._waiting_bytes = 0
        self._flushed_s = monotonic()
        self._is_closing = False
        self._error: RecordingError | None = None
        self._has_told = False
        self.packets = 0
        """Packets written so far."""
        self.paths: list[Path] = []
        """The files so far."""
        graph.observe_inputs(self)

    # ----------------------------------------------------------- what the graph calls

    def started(self, side_packets: Mapping[str, Any], headers: Mapping[str, Packet[Any]]) -> None:
        """Begins the file; RecordingError if that can't be."""
        if self._description is not None:
            raise RecordingError(f"{self._name}: a recorder records one run; make another one")
        config = copy.deepcopy(self._plan.config)
        config.type = ""  # as text it is a graph, no subgraph of that name
        description = describe_run(
            config,
            graph_name=self._graph_name,
            sources=self._sources,
            side_packets=side_packets,
            headers=headers,
            streams=tuple(self._plan.input_streams),
            video=self._video,
        )
        try:
            self._file = self._new_file(description, Bounds(), 0)
        except OSError as error:
            raise RecordingError(f"{self._name} can't be written: {error}") from error
        self._description = description
        self._thread.start()

    def entered(self, stream: str, packets: Sequence[Packet[Any]], bound: int) -> None:
        """Hands on what enters; raises what went wrong before, once."""
        weight = sum(weight_bytes(packet.payload) for packet in packets)
        with self._changed:
            while self._waiting and self._waiting_bytes + weight > WAITING_BYTES:
                self._changed.wait()
            if self._is_closing:
                return
            if self._error is not None:
                self._tell_error(is_adding=bool(packets))
                return
            self._waiting.append(_Entry(stream, packets, bound, weight))
            self._waiting_bytes += weight
            is_heavy = self._waiting_bytes - weight < GATHERED_BYTES <= self._waiting_bytes
            if len(self._waiting) == 1 or is_heavy:
                self._changed.notify_all()

    # -------------------------------------------------------------------- the end

    def close(self) -> None:
        """Writes what waits and finishes the file; RecordingError if anything was not written."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        if self._error is not None and not self._has_told:
            self._has_told = True
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ----------------------------------------------------------------- the thread

    def _work(self) -> None:
        try:
            while entries := self._next_entries():
                for entry in entries:
                    self._write(entry)
                self._flush_if_due()
            assert self._file is not None
            self._file.finish(is_end=True)
        except OSError as error:
            self._fail(f"{self._name} can't be written: {error}", error)
        except RecordingError as error:
            self._fail(f"{self._name}: {error}", error)
        except BaseException as error:
            self._fail(f"{self._name}: {type(error).__name__}: {error}", error)

    def _next_entries(self) -> list[_Entry]:
        """Waits for something to write; nothing at the end. Flushes when nothing comes."""
        assert self._file is not None
        while True:
            with self._changed:
                if not self._waiting and not self._is_closing:
                    self._changed.wait(FLUSH_S if self._file.has_open_chunk else None)
                if 0 < self._waiting_bytes < GATHERED_BYTES and not self._is_closing:
                    self._changed.wait(GATHER_S)
                if self._waiting or self._is_closing:
                    entries = list(self._waiting)
                    self._waiting.clear()
                    self._waiting_bytes = 0
                    self._changed.notify_all()
                    return entries
            self._flush_if_due()

    def _flush_if_due(self) -> None:
        if monotonic() - self._flushed_s >= FLUSH_S:
            assert self._file is not None
            self._file.flush()
            self._flushed_s = monotonic()

    def _write(self, entry: _Entry) -> None:
        file = self._file
        assert file is not None
        if not entry.packets:
            file.write_bound(entry.stream, entry.bound)
        for packet in entry.packets:
            file.write_packet(entry.stream, packet)
            self.packets += 1
        if self._rotation:
            self._rotate_if_due(file)

    def _rotate_if_due(self, file: RecordingFile) -> None:
        if self._rotation.is_due(file.size_bytes, file.duration_us):
            bounds, log_us = file.state
            assert self._description is not None
            file.finish(is_end=False)
            self._file = self._new_file(self._description, bounds, log_us)

    def _new_file(
        self, description: RecordingDescription, bounds: Bounds, log_us: int
    ) -> RecordingFile:
        part = len(self.paths)
        path = self._rotation.path(self._path, part)
        made = RecordingFile(
            path, description.as_part(part), bounds, log_us, overwrites=self._overwrites
        )
        self.paths.append(path)
        return made

    def _fail(self, message: str, cause: BaseException) -> None:
        error = RecordingError(f"{message}; what was written before can be replayed")
        error.__cause__ = cause
        with self._changed:
            self._error = error
            self._waiting.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
        if self._file is not None:
            self._file.abandon()

    def _tell_error(self, *, is_adding: bool) -> None:
        # Streams are also closed while a run ends, when nobody would expect an error.
        if is_adding and self._error is not None:
            self._has_told = True
            raise self._error

    @property
    def _name(self) -> str:
        return f"recording {str(self._path)!r}"


def check_path(path: str | Path, rotation: Rotation, *, overwrites: bool) -> None:
    """Refuses a path no recording can be written to.

    Raises:
        RecordingError: the ending is another, the folder is missing, or the file is there already.
    """
    first = rotation.path(Path(path), 0)
    found = rotation.existing(Path(path))
    if first.suffix != ".mcap":
        raise RecordingError(f"recording {str(path)!r}: the name has to end in .mcap")
    if not first.absolute().parent.is_dir():
        raise RecordingError(f"recording {str(path)!r}: there is no folder {str(first.parent)!r}")
    if found is not None and not overwrites:
        raise RecordingError(
            f"recording {str(found)!r} exists already; give another name, or --overwrite"
        )
