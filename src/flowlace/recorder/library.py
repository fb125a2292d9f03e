"""A library: one folder with `library.sqlite` and the sound, `audio/NAME.flac`.

While a recording is made its sound file is locked. A recording that says it is being made and
whose file nobody holds was killed; whoever opens the library next finishes it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.transcript import WordRow
from flowlace.recorder.errors import DamagedLibraryError, LibraryError
from flowlace.recorder.flac_length import finish_flac
from flowlace.recorder.packed_bars import unpack_bars
from flowlace.recorder.schema import connect, damaged
from flowlace.recorder.tagging import tags_of

_logger = logging.getLogger("flowlace.recorder")
_NAME = re.compile(r"[\w][\w .,()&+'-]{0,98}[\w.)]|\w")
_NOT_IN_NAMES = re.compile(r"[^\w .,()&+'-]+")
_MOST_BYTES = 240
"""Of a name in UTF-8: file systems take 255, and the file has an ending."""
ENDING = ".flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What the library knows of one recording."""

    id: int
    """Its number, which never changes."""
    name: str
    """As the user calls it."""
    audio: Path
    """The sound file."""
    source: str
    """What it was recorded from."""
    started_at: str
    """When, ISO 8601 in UTC."""
    duration_us: int
    """How long it is."""
    state: str
    """`recording`, `complete` or `interrupted`."""
    notes: str
    """What was noticed while it was made, such as gaps."""
    tags: tuple[str, ...]
    """What it is about."""


class Library:
    """An open library.

    `create` makes the folder and the database where there are none. Raises LibraryError where
    there is no library, DamagedLibraryError where the database is damaged.
    """

    def __init__(self, folder: str | Path, *, create: bool = False) -> None:
        self.folder = Path(folder)
        self.path = self.folder / "library.sqlite"
        self.audio_folder = self.folder / "audio"
        if create:
            self._make_folders()
        elif not self.path.is_file():
            raise LibraryError(
                f"there is no library at {str(self.folder)!r}; make one with flowlace recorder "
                "record or import, or name another with --library"
            )
        if self._is_emptied():
            raise DamagedLibraryError(
                f"library {str(self.path)!r} is damaged (it is empty, but there are sound files); "
                f"take them in with flowlace recorder repair --library {str(self.folder)!r}"
            )
        self.connection = connect(self.path, create=create)
        with self.errors():
            self._finish_killed()

    def close(self) -> None:
        """Closes the database."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns errors of the database into those of a library."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise damaged(self.path, error) from error

    # ------------------------------------------------------------------ what is there

    def recordings(self) -> list[Recording]:
        """Returns all recordings, the oldest first."""
        with self.errors():
            rows = self.connection.execute(
                "SELECT id, name, audio, source, started_at, duration_us, state, notes "
                "FROM recordings ORDER BY started_at, id"
            ).fetchall()
            tags: dict[int, list[str]] = {}
            for recording, tag in self.connection.execute(
                "SELECT recording, tag FROM tags ORDER BY recording, position"
            ):
                tags.setdefault(recording, []).append(tag)
        return [self._recording(row, tags.get(row[0], [])) for row in rows]

    def find(self, name: str) -> Recording:
        """Returns a recording by its name, in any case; LibraryError names those there are."""
        found = self.recordings()
        for one in found:
            if name_key(one.name) == name_key(name):
                return one
        known = ", ".join(one.name for one in found[:20]) or "none"
        raise LibraryError(f"no recording is called {name!r}; there are: {known}")

    def events(self, recording: Recording) -> list[SoundEvent]:
        """Returns the sounds of a recording by time."""
        with self.errors():
            rows = self.connection.execute(
                "SELECT onset_us, offset_us, name, score FROM events JOIN labels "
                "ON labels.id = label WHERE recording = ? ORDER BY onset_us, offset_us",
                (recording.id,),
            ).fetchall()
        return [
            SoundEvent(onset_us=onset, offset_us=offset, label=label, score=score)
            for onset, offset, label, score in rows
        ]

    def bars(self, recording: Recording) -> list[SoundBar]:
        """Returns the bars of a recording's waveform by time."""
        with self.errors():
            labels = dict(self.connection.execute("SELECT id, name FROM labels"))
            minutes = self.connection.execute(
                "SELECT minute, packed FROM bars WHERE recording = ? ORDER BY minute",
                (recording.id,),
            ).fetchall()
        return [bar for minute, packed in minutes for bar in unpack_bars(packed, minute, labels)]

    def words(self, recording: Recording) -> list[WordRow]:
        """Returns the words of a recording by time."""
        with self.errors():
            rows = self.connection.execute(
                "SELECT w.start_us, w.end_us, w.word, w.confidence, s.segment FROM segments s "
                "JOIN words w ON w.segment = s.id WHERE s.recording = ? "
                "ORDER BY s.start_us, s.id, w.position",
                (recording.id,),
            ).fetchall()
        return [
            WordRow(start_us=start, end_us=end, word=word, confidence=sure, segment_id=segment)
            for start, end, word, sure, segment in rows
        ]

    # ------------------------------------------------------------------ what users change

    def rename(self, recording: Recording, name: str) -> None:
        """Gives a recording and its file another name; LibraryError if it is taken."""
        self.check_name(name, besides=recording)
        self.check_at_rest(recording)
        audio = self.audio_folder / f"{name}{ENDING}"
        has_two_names = self._link(recording.audio, audio)
        with self.errors(), self.connection:
            self.connection.execute(
                "UPDATE recordings SET name = ?, audio = ? WHERE id = ?",
                (name, audio.name, recording.id),
            )
        if has_two_names:
            recording.audio.unlink()
        elif recording.audio.is_file():
            recording.audio.rename(audio)

    def _link(self, old: Path, new: Path) -> bool:
        """Gives a file a second name until the database says which holds: a kill loses nothing."""
        if not old.is_file() or (new.exists() and new.samefile(old)):
            return False
        if new.exists():
            raise LibraryError(f"{str(new)!r} is there already and belongs to no recording")
        try:
            os.link(old, new)
        except OSError:  # a file system without hard links
            return False
        return True

    def remove(self, recording: Recording) -> None:
        """Deletes a recording: its rows first, so that a kill leaves a file and no lie."""
        self.check_at_rest(recording)
        with self.errors(), self.connection:
            self.connection.execute("DELETE FROM recordings WHERE id = ?", (recording.id,))
        try:
            recording.audio.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"{recording.name!r} is removed, but not its sound {str(recording.audio)!r}: "
                f"{error.strerror}"
            ) from error

    def set_tags(self, recording: Recording, tags: Sequence[str]) -> None:
        """Replaces the tags of a recording; doubles and empty ones are left out."""
        kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
        with self.errors(), self.connection:
            self.connection.execute("DELETE FROM tags WHERE recording = ?", (recording.id,))
            self.connection.executemany(
                "INSERT INTO tags VALUES (?, ?, ?)",
                [(recording.id, position, tag) for position, tag in enumerate(kept)],
            )

    def check_name(self, name: str, besides: Recording | None = None) -> None:
        """Raises LibraryError for a name that no file may have, or that is taken."""
        if not _is_name(name):
            raise LibraryError(
                f"a recording can't be called {name!r}; take up to 100 letters, digits, spaces and "
                ". , ( ) & + ' - _, with a letter or digit in front"
            )
        if len(name.encode()) > _MOST_BYTES:
            raise LibraryError(
                f"a recording can't be called {name!r}: that takes {len(name.encode())} bytes, and "
                f"its file can have a name of {_MOST_BYTES}; take a shorter one"
            )
        for one in self.recordings():
            is_other = besides is None or one.id != besides.id
            if is_other and name_key(one.name) == name_key(name):
                raise LibraryError(f"there is a recording called {one.name!r} already")

    # ------------------------------------------------------------------ recordings being made

    def add(self, name: str, source: str, started_at: str) -> Recording:
        """Adds a recording that is being made from now on."""
        self.check_name(name)
        source = source.encode(errors="replace").decode()  # file names may be no Unicode
        with self.errors(), self.connection:
            self.connection.execute(
                "INSERT INTO recordings (name, audio, source, started_at, state) "
                "VALUES (?, ?, ?, ?, 'recording')",
                (name, f"{name}{ENDING}", source, started_at),
            )
        return self.find(name)

    def finish(self, recording: Recording, duration_us: int, state: str, notes: str = "") -> None:
        """Ends a recording: its length, how it ended, and its tags from what was said."""
        with self.errors(), self.connection:
            self.connection.execute(
                "UPDATE recordings SET duration_us = ?, state = ?, notes = ? WHERE id = ?",
                (duration_us, state, notes, recording.id),
            )
        if not self.find(recording.name).tags:  # unless the user was quicker
            self.retag(recording)

    def retag(self, recording: Recording) -> None:
        """Makes the tags of a recording anew from what was said."""
        self.set_tags(recording, tags_of(self.words(recording)))

    def clear(self, recording: Recording) -> None:
        """Forgets the sounds, bars and words of a recording; its sound stays."""
        with self.errors(), self.connection:
            for table in ("events", "bars", "segments"):
                self.connection.execute(f"DELETE FROM {table} WHERE recording = ?", (recording.id,))

    def _finish_killed(self) -> None:
        is_any = "SELECT 1 FROM recordings WHERE state = 'recording' LIMIT 1"
        if self.connection.execute(is_any).fetchone() is None:
            return
        for one in self.recordings():
            if one.state == "recording" and not is_locked(one.audio):
                self._finish_one(one)

    def _finish_one(self, killed: Recording) -> None:
        try:
            self.finish(killed, finish_flac(killed.audio), "interrupted", "it was cut off")
        except DamagedLibraryError:
            raise
        except (LibraryError, OSError) as error:  # a disk that is full or can only be read
            _logger.warning("%r was cut off and can't be finished now: %s", killed.name, error)

    def check_at_rest(self, recording: Recording) -> None:
        """Raises LibraryError for a recording that is being made just now."""
        if recording.state == "recording" and is_locked(recording.audio):
            raise LibraryError(f"{recording.name!r} is being recorded just now; end that first")

    def _is_emptied(self) -> bool:
        """Tells whether the database is a file of no bytes that once held recordings."""
        is_empty = self.path.is_file() and not self.path.stat().st_size
        return is_empty and any(self.audio_folder.glob(f"*{ENDING}"))

    def _make_folders(self) -> None:
        try:
            self.audio_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"library {str(self.folder)!r} can't be made: {error.strerror}"
            ) from error

    def _recording(self, row: Any, tags: Sequence[str]) -> Recording:
        number, name, audio, source, started_at, duration_us, state, notes = row
        return Recording(
            id=number,
            name=name,
            audio=self.audio_folder / Path(audio).name,
            source=source,
            started_at=started_at,
            duration_us=duration_us,
            state=state,
            notes=notes,
            tags=tuple(tags),
        )


def is_locked(audio: Path) -> bool:
    """Tells whether a process is writing a sound file just now."""
    try:
        with audio.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


def name_from(text: str) -> str:
    """Returns a name a recording may have, made from the name of a file.

    >>> name_from("what? [a/b] day.v2"), name_from("...")
    ('what a b day.v2', 'recording')
    """
    composed = unicodedata.normalize("NFC", text)
    kept = [one if _is_mark(one) else _NOT_IN_NAMES.sub(" ", one) for one in composed]
    name = " ".join("".join(kept).split())[:100]
    while name and not (_is_name(name) and len(name.encode()) <= _MOST_BYTES):
        name = name[1:] if not re.match(r"\w", name) else name[:-1]
    return name or "recording"


def name_key(name: str) -> str:
    """Returns what two names have in common that are the same to people.

    >>> name_key("Cafe\u0301") == name_key("CAF\u00c9")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _is_name(name: str) -> bool:
    """Tells whether a recording may have a name; accents and vowel signs go with their letter."""
    letters = "".join(one for one in name if not _is_mark(one))
    return len(name) <= 100 and not _is_mark(name[:1]) and bool(_NAME.fullmatch(letters))


def _is_mark(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter).startswith("M")
