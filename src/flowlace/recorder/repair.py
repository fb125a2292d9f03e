"""Makes a sound library of a damaged one.

The damaged database is kept beside the new one. Rows are read from both ends of each table, so
one bad page costs what lies on it and not what lies behind it. The index of words is made anew.
Sound files that no row knows become recordings again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from struct import unpack_from
from typing import Any

from flowlace.recorder.check import strangers
from flowlace.recorder.errors import LibraryError
from flowlace.recorder.flac_length import finish_flac
from flowlace.recorder.library import ENDING, Library, is_locked, name_from, name_key

_HEAD_BYTES = 100
_MOST_BYTES = 1 << 40
"""A size beyond this is itself damaged; one below costs nothing, because zeros are not stored."""
_TABLES = {
    "labels": "id", "recordings": "id", "events": "id", "bars": "recording, minute",
    "segments": "id", "words": "segment, position", "tags": "recording, position",
}  # fmt: skip
"""By table: what its rows are ordered by; parents before children."""


@dataclass(slots=True)
class Repair:
    """What a repair came to."""

    damaged: Path | None = None
    """Where the damaged database is kept; None if there was none."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows saved, by table."""
    lost: list[str] = field(default_factory=list)
    """Tables of which rows were lost."""
    found: list[str] = field(default_factory=list)
    """Recordings made of sound files that nothing was known of."""


def repair_library(folder: str | Path) -> Repair:
    """Repairs the library in a folder.

    Raises LibraryError if there is neither database nor sound, and while it is recorded into.
    """
    folder = Path(folder)
    busy = [path.stem for path in sorted(folder.glob(f"audio/*{ENDING}")) if is_locked(path)]
    if busy:
        raise LibraryError(f"{busy[0]!r} is being recorded just now; end that first")
    done = Repair()
    old = folder / "library.sqlite"
    if old.is_file() or (folder / "audio").is_dir():
        done.damaged = _set_aside(old) if old.is_file() else None
        with Library(folder, create=True) as library:
            if done.damaged is not None:
                _salvage(done, library.connection)
            _take_in_strangers(done, library)
        return done
    with Library(folder):  # says that there is no library
        return done


def _set_aside(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"library.damaged-{number}.sqlite")).exists():
        number += 1
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            _move(part, kept.with_name(kept.name + ending))
    return kept


def _move(old: Path, new: Path) -> None:
    try:
        shutil.move(old, new)
    except OSError as error:
        raise LibraryError(
            f"{str(old)!r} can't be set aside as {str(new)!r}: {error.strerror}; repair a copy of "
            "the library on a disk that can be written"
        ) from error


def _salvage(done: Repair, new: sqlite3.Connection) -> None:
    assert done.damaged is not None
    _pad(done.damaged)
    try:
        old = sqlite3.connect(done.damaged)
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        done.lost = list(_TABLES)
        return
    new.execute("PRAGMA foreign_keys = OFF")
    for table, order in _TABLES.items():
        saved = 0
        for row in _rows(old, table, order, done.lost):
            marks = ",".join("?" * len(row))
            try:
                cursor = new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
                saved += cursor.rowcount
            except sqlite3.DatabaseError:  # a row that breaks a rule is no row
                _note(done.lost, table)
        done.rows[table] = saved
    old.close()
    _drop_orphans(new)
    new.commit()
    new.execute("PRAGMA foreign_keys = ON")


def _pad(path: Path) -> None:
    """Gives a database that was cut off the size it states: SQLite reads nothing of a shorter one.

    What was lost becomes pages of zeros, which are damaged pages like others.
    """
    with path.open("r+b") as file:
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or not head.startswith(b"SQLite format 3\0"):
            return
        (page_bytes,), (pages,) = unpack_from(">H", head, 16), unpack_from(">I", head, 28)
        stated = (page_bytes if page_bytes > 1 else 65_536) * pages
        if file.seek(0, os.SEEK_END) < stated <= _MOST_BYTES:
            file.truncate(stated)


def _rows(
    old: sqlite3.Connection, table: str, order: str, lost: list[str]
) -> Iterator[tuple[Any, ...]]:
    """Gives the rows that can be read, from the front and, after damage, from the back."""
    try:
        yield from old.execute(f"SELECT * FROM {table} ORDER BY {order}")
        return
    except sqlite3.DatabaseError:
        _note(lost, table)
    backwards = ", ".join(f"{column} DESC" for column in order.split(", "))
    try:
        yield from old.execute(f"SELECT * FROM {table} ORDER BY {backwards}")
    except sqlite3.DatabaseError:
        return


def _note(lost: list[str], table: str) -> None:
    if table not in lost:
        lost.append(table)


def _drop_orphans(new: sqlite3.Connection) -> None:
    """Removes rows whose recording, label or segment could not be saved."""
    for table in ("events", "bars", "segments", "tags"):
        new.execute(f"DELETE FROM {table} WHERE recording NOT IN (SELECT id FROM recordings)")
    new.execute("DELETE FROM events WHERE label NOT IN (SELECT id FROM labels)")
    new.execute("DELETE FROM words WHERE segment NOT IN (SELECT id FROM segments)")


def _take_in_strangers(done: Repair, library: Library) -> None:
    recordings = library.recordings()
    for path in strangers(library, {one.audio.name for one in recordings}):
        if any(one.audio.is_file() and one.audio.samefile(path) for one in recordings):
            path.unlink()  # the old name of a recording whose renaming was cut off
            continue
        duration_us = finish_flac(path)
        if not duration_us:
            continue
        name = _free_name(library, name_from(path.stem))
        path = path.rename(path.with_name(f"{name}{path.suffix}"))
        started_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        recording = library.add(name, str(path), started_at)
        library.finish(recording, duration_us, "interrupted", "only its sound could be saved")
        done.found.append(name)


def _free_name(library: Library, name: str) -> str:
    taken = {name_key(one.name) for one in library.recordings()}
    number, free = 2, name
    while name_key(free) in taken:
        free, number = f"{name} {number}", number + 1
    return free
