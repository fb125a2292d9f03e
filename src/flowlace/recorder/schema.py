"""The tables of a library, and how older ones become today's.

Times are microseconds from the start of their recording. Words live twice: as rows with times, and
as the text of their segment, which is what FTS5 indexes (external content: the text is stored once,
triggers keep the index in step). Bars are packed, a minute a row, because a hundred hours have
seven million of them and nobody searches them.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowlace.recorder.errors import DamagedLibraryError, LibraryError

APPLICATION_ID = 0x666C7772  # "flwr", so that `file library.sqlite` and we know it

_FIRST = """
CREATE TABLE recordings (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    audio TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_us INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('recording', 'complete', 'interrupted')),
    notes TEXT NOT NULL DEFAULT ''
);
CREATE TABLE labels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    label INTEGER NOT NULL REFERENCES labels,
    onset_us INTEGER NOT NULL,
    offset_us INTEGER NOT NULL,
    score REAL NOT NULL
);
CREATE INDEX events_by_label ON events (label, score DESC, recording, onset_us);
CREATE INDEX events_by_time ON events (recording, onset_us);
CREATE INDEX events_by_place ON events (label, recording, onset_us, offset_us);
CREATE TABLE bars (
    recording INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (recording, minute)
) WITHOUT ROWID;
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    segment INTEGER NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX segments_by_time ON segments (recording, start_us);
CREATE TABLE words (
    segment INTEGER NOT NULL REFERENCES segments ON DELETE CASCADE,
    position INTEGER NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    word TEXT NOT NULL,
    confidence REAL,
    PRIMARY KEY (segment, position)
) WITHOUT ROWID;
CREATE TABLE tags (
    recording INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (recording, position)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE spoken USING fts5 (
    text, content = 'segments', content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 2', prefix = '3 4'
);
CREATE TRIGGER segment_added AFTER INSERT ON segments BEGIN
    INSERT INTO spoken (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER segment_removed AFTER DELETE ON segments BEGIN
    INSERT INTO spoken (spoken, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER segment_changed AFTER UPDATE OF text ON segments BEGIN
    INSERT INTO spoken (spoken, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO spoken (rowid, text) VALUES (new.id, new.text);
END;
"""

MIGRATIONS = [_FIRST]
"""Script n brings a database of version n to version n + 1; never change one that was released."""


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Returns a connection to the database at `path`, of today's version.

    Raises DamagedLibraryError for a file that is no sound database, LibraryError for one that is
    not ours or of a newer flowlace.
    """
    mode = "rwc" if create else "rw"
    if path.is_file() and not os.access(path.parent, os.W_OK):
        mode = "ro&immutable=1"  # else SQLite wants to write a log even to read
    try:
        # Rows come on the graph's threads; whoever shares a connection locks around it.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=10, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise LibraryError(f"library {str(path)!r} can't be opened: {error}") from error
    try:
        with _alone(path.parent):
            _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise damaged(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def damaged(path: Path, error: sqlite3.DatabaseError) -> LibraryError:
    """Returns the error for a database that fails to work."""
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
        return LibraryError(f"library {str(path)!r} can't be used: {error}")
    return DamagedLibraryError(
        f"library {str(path)!r} is damaged ({error}); save what can be saved with "
        f"flowlace recorder repair --library {str(path.parent)!r}"
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    is_new = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not is_new and owner != APPLICATION_ID:
        raise LibraryError(f"{str(path)!r} is a database, but not a library of recordings")
    if version > len(MIGRATIONS):
        raise LibraryError(
            f"library {str(path)!r} has version {version}, and this flowlace knows versions up to "
            f"{len(MIGRATIONS)}; update flowlace"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed; a power cut may lose the last commits,
    # never the rest.
    connection.execute("PRAGMA synchronous = NORMAL")
    for number in range(version, len(MIGRATIONS)):
        _migrate(connection, number)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Makes others wait who open a library that is new or old at the same moment."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _migrate(connection: sqlite3.Connection, number: int) -> None:
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\nPRAGMA application_id = {APPLICATION_ID};\n"
        f"PRAGMA user_version = {number + 1};\nCOMMIT;"
    )
