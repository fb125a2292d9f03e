"""Puts what a graph finds into a library while it finds it.

Rows are gathered and committed twice a second, so a killed recording loses at most the last second,
and the database is locked for moments only: others may search and write meanwhile. Everything goes
through one connection under one lock, because sinks are called on the graph's threads.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.transcript import WordRow
from flowlace.framework.clock import Clock
from flowlace.recorder.library import Library, Recording
from flowlace.recorder.packed_bars import MINUTE_US, pack_bars
from flowlace.recorder.schema import connect, damaged
from flowlace.sinks.sink import Sink, SinkCounts, SinkError
from flowlace.sinks.sound_file import SoundFileSink

COMMIT_EVERY_US = 500_000
_MOST_WORDS = 40
"""Of a row of text: short enough to show whole, and to write anew with each word."""


class RecordingWriter:
    """Writes the events, bars and words of one recording.

    Times of a stream become times of the recording once `start` has said when it began; what
    comes before that waits.
    """

    def __init__(self, library: Library, recording: Recording, clock: Clock) -> None:
        self._path = library.path
        self._recording = recording.id
        self._clock = clock
        self._connection = connect(library.path)
        self._lock = threading.Lock()
        self._labels: dict[str, int] = dict(self._connection.execute("SELECT name, id FROM labels"))
        self._start_us: int | None = None
        self._duration_us = 0
        self._waiting: list[Any] = []
        self._minute = 0
        self._minute_bars: list[SoundBar] = []
        self._has_new_bars = False
        self._segment: _Segment | None = None
        self._last_commit_us = clock.now_us()

    def start(self, start_us: int) -> None:
        """Says when the recording began, in the time of the stream."""
        with self._writing():
            self._start_us = start_us if self._start_us is None else self._start_us

    def add(self, rows: Iterable[Any]) -> None:
        """Adds SoundEvents, SoundBars and WordRows; TypeError for anything else."""
        with self._writing():
            for one in rows:
                if not isinstance(one, SoundEvent | SoundBar | WordRow):
                    raise TypeError(f"a library keeps no {type(one).__name__}")
                self._waiting.append(one)
            self._commit_when_due()

    def grow(self, duration_us: int) -> None:
        """Says how long the recording is by now."""
        with self._writing():
            self._duration_us = duration_us
            self._commit_when_due()

    def close(self) -> None:
        """Commits what is left."""
        with self._writing():
            self._commit()
        self._connection.close()

    def _writing(self) -> _Writing:
        return _Writing(self._lock, lambda error: damaged(self._path, error))

    def _put(self, row: Any) -> None:
        if isinstance(row, SoundEvent):
            self._put_event(row)
        elif isinstance(row, SoundBar):
            self._put_bar(row)
        else:
            self._put_word(row)

    def _put_event(self, event: SoundEvent) -> None:
        self._connection.execute(
            "INSERT INTO events (recording, label, onset_us, offset_us, score) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                self._recording,
                self._label(event.label),
                self._placed(event.onset_us),
                self._placed(event.offset_us),
                float(event.score),
            ),
        )

    def _put_bar(self, bar: SoundBar) -> None:
        at_us = self._placed(bar.timestamp_us)
        if at_us // MINUTE_US != self._minute:
            self._write_bars()
            self._minute, self._minute_bars = at_us // MINUTE_US, []
        if bar.label:
            self._label(bar.label)
        self._minute_bars.append(
            SoundBar(timestamp_us=at_us, label=bar.label, score=bar.score, dbfs=bar.dbfs)
        )
        self._has_new_bars = True

    def _put_word(self, row: WordRow) -> None:
        start_us, end_us = self._placed(row.start_us), self._placed(row.end_us)
        text = row.word.encode("utf-8", "replace").decode()  # databases hold no half characters
        word = "\u00a0".join(text.split())  # so that n-th of text and of rows agree
        if not word:
            return
        segment = self._segment
        if segment is None or segment.number != row.segment_id or segment.is_full:
            self._write_text()
            segment = self._segment = self._new_segment(row.segment_id, start_us)
        segment.words.append(word)
        self._connection.execute(
            "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?)",
            (segment.id, len(segment.words) - 1, start_us, end_us, word, row.confidence),
        )
        segment.end_us = max(segment.end_us, end_us)
        segment.has_changed = True

    def _write_text(self) -> None:
        segment = self._segment
        if segment is not None and segment.has_changed:
            self._connection.execute(
                "UPDATE segments SET text = ?, end_us = ? WHERE id = ?",
                (" ".join(segment.words), segment.end_us, segment.id),
            )
            segment.has_changed = False

    def _new_segment(self, number: int, start_us: int) -> _Segment:
        cursor = self._connection.execute(
            "INSERT INTO segments (recording, segment, start_us, end_us, text) "
            "VALUES (?, ?, ?, ?, '')",
            (self._recording, number, start_us, start_us),
        )
        assert cursor.lastrowid is not None
        return _Segment(cursor.lastrowid, number)

    def _label(self, name: str) -> int:
        if name not in self._labels:
            self._connection.execute("INSERT OR IGNORE INTO labels (name) VALUES (?)", (name,))
            found = self._connection.execute("SELECT id FROM labels WHERE name = ?", (name,))
            self._labels[name] = found.fetchone()[0]
        return self._labels[name]

    def _placed(self, stream_us: int) -> int:
        return max(0, stream_us - (self._start_us or 0))

    def _commit_when_due(self) -> None:
        is_due = self._clock.now_us() - self._last_commit_us >= COMMIT_EVERY_US
        if is_due and self._start_us is not None:
            self._commit()

    def _commit(self) -> None:
        rows, self._waiting = self._waiting, []
        self._connection.execute(
            "UPDATE recordings SET duration_us = ? WHERE id = ?",
            (self._duration_us, self._recording),
        )
        for one in rows:
            self._put(one)
        self._write_text()
        self._write_bars()
        self._connection.commit()
        self._last_commit_us = self._clock.now_us()

    def _write_bars(self) -> None:
        if self._has_new_bars:
            packed = pack_bars(self._minute_bars, self._labels)
            self._connection.execute(
                "INSERT OR REPLACE INTO bars VALUES (?, ?, ?)",
                (self._recording, self._minute, packed),
            )
            self._has_new_bars = False


class _Segment:
    """The row of text that words are added to."""

    def __init__(self, row_id: int, number: int) -> None:
        self.id = row_id
        self.number = number
        self.words: list[str] = []
        self.end_us = 0
        self.has_changed = False

    @property
    def is_full(self) -> bool:
        return len(self.words) >= _MOST_WORDS


class _Writing:
    """Holds the lock and turns errors of the database into those of a library."""

    def __init__(
        self, lock: threading.Lock, as_error: Callable[[sqlite3.DatabaseError], Exception]
    ) -> None:
        self._lock = lock
        self._as_error = as_error

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._lock.release()
        if isinstance(error, sqlite3.DatabaseError):
            raise self._as_error(error) from error


class RowSink(Sink):
    """Takes rows of a graph, one a packet or lists of them, into the library."""

    def __init__(self, writer: RecordingWriter, stream: str) -> None:
        self._writer = writer
        self._stream = stream
        self.counts = SinkCounts()

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Takes the rows of one packet; SinkError for what a library doesn't keep."""
        rows = payload if isinstance(payload, list | tuple) else [payload]
        try:
            self._writer.add(rows)
        except TypeError as error:
            raise SinkError(f"stream {self._stream!r} at {timestamp_us} µs: {error}") from error
        self.counts.written += 1

    def close(self) -> None:
        """Leaves the writer to whoever made it."""


class SoundSink(Sink):
    """Writes the sound itself, and tells the writer when it began and how long it is."""

    def __init__(self, file: SoundFileSink, writer: RecordingWriter) -> None:
        self._file = file
        self._writer = writer
        self.counts = file.counts

    def take_header(self, header: Any) -> None:
        """Passes it on."""
        self._file.take_header(header)

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes one packet of sound."""
        self._file.write(timestamp_us, payload)
        if self._file.counts.written == 1:
            self._writer.start(timestamp_us)
        self._writer.grow(self._file.duration_us)

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()
