import errno
import fcntl
import os
import sqlite3
from pathlib import Path

import pytest

from flowlace.recorder import (
    DamagedLibraryError,
    Library,
    LibraryError,
    check_library,
    repair_library,
    search_library,
)
from tests.recorder.conftest import Record, Say


def closed(library: Library) -> Path:
    """Closes a library so that all of it is in one file; returns its folder."""
    library.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    library.close()
    return library.folder


def damage(folder: Path, share: float, size: int = 4096) -> None:
    """Overwrites pages in the middle of the database with noise."""
    path = folder / "library.sqlite"
    content = bytearray(path.read_bytes())
    place = int(len(content) * share) // 4096 * 4096
    content[place : place + size] = os.urandom(size)
    path.write_bytes(content)


def test_a_database_that_is_none_any_more_is_replaced_and_the_sound_taken_in(
    library: Library, record: Record
) -> None:
    record("one", seconds=2)
    record("two", seconds=3)
    folder = closed(library)
    (folder / "library.sqlite").write_bytes(b"nothing left" * 1000)
    with pytest.raises(DamagedLibraryError, match="recorder repair"):
        Library(folder)
    done = repair_library(folder)
    assert done.found == ["one", "two"]
    assert done.damaged == folder / "library.damaged-1.sqlite"
    with Library(folder) as repaired:
        assert [(one.name, one.duration_us) for one in repaired.recordings()] == [
            ("one", 2_000_000), ("two", 3_000_000),
        ]  # fmt: skip
        assert check_library(repaired) == []


def test_a_deleted_database_is_made_anew(library: Library, record: Record) -> None:
    record("one", seconds=1)
    folder = closed(library)
    (folder / "library.sqlite").unlink()
    assert repair_library(folder).found == ["one"]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_a_damaged_page_costs_what_lies_on_it(share: float, library: Library, say: Say) -> None:
    for number in range(40):
        say(
            f"take {number:02}",
            *(f"word{number} fox number {n}" for n in range(20)),
            sounds=tuple(("dog", at / 2) for at in range(40)),
        )
        recording = library.find(f"take {number:02}")
        library.connection.execute(
            "UPDATE recordings SET audio = ? WHERE id = ?", (f"{number}.flac", recording.id)
        )
        library.connection.commit()
    folder = closed(library)
    damage(folder, share)
    done = repair_library(folder)
    with Library(folder) as repaired:
        assert len(repaired.recordings()) == 40
        assert repaired.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = search_library(repaired, "fox", limit=1000)
        assert found.words >= 600
        assert search_library(repaired, "", label="dog").sounds >= 1200
    assert done.rows["recordings"] == 40


def test_of_a_database_that_was_cut_off_the_front_is_saved(library: Library, say: Say) -> None:
    for number in range(40):
        say(f"take {number:02}", *(f"word{number} fox number {n}" for n in range(20)))
    folder = closed(library)
    path = folder / "library.sqlite"
    os.truncate(path, path.stat().st_size * 2 // 3)
    with pytest.raises(DamagedLibraryError):
        Library(folder)
    assert repair_library(folder).rows["recordings"] == 40
    with Library(folder) as repaired:
        assert repaired.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert search_library(repaired, "fox", limit=1000).words >= 400


def test_a_disk_that_can_only_be_read_is_an_error_that_names_the_file(
    library: Library, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("take")
    folder = closed(library)

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("shutil.move", refuse)
    with pytest.raises(LibraryError, match=r"can't be set aside as .*: Read-only file system"):
        repair_library(folder)


def test_a_sound_library_is_the_same_after_repair(library: Library, record: Record) -> None:
    before = record("take")
    events, bars, words = library.events(before), library.bars(before), library.words(before)
    folder = closed(library)
    done = repair_library(folder)
    assert (done.lost, done.found) == ([], [])
    with Library(folder) as repaired:
        assert repaired.find("take") == before
        assert repaired.events(before) == events
        assert repaired.bars(before) == bars
        assert repaired.words(before) == words
        assert search_library(repaired, "quick").words == 1


def test_rows_that_belong_to_nothing_are_dropped(library: Library, say: Say) -> None:
    say("take", "the fox", sounds=(("dog", 1),))
    library.connection.execute("PRAGMA foreign_keys = OFF")
    library.connection.execute("DELETE FROM recordings")
    library.connection.commit()
    repair_library(closed(library))
    with Library(library.folder) as repaired:
        assert search_library(repaired, "fox").hits == []
        assert repaired.connection.execute("SELECT count(*) FROM words").fetchone() == (0,)


def test_the_second_name_of_a_cut_off_renaming_goes(library: Library, record: Record) -> None:
    recording = record("take", seconds=1)
    os.link(recording.audio, recording.audio.with_name("new.flac"))
    assert repair_library(closed(library)).found == []
    assert [path.name for path in library.audio_folder.iterdir()] == ["take.flac"]


def test_a_stranger_gets_a_name_that_is_free(library: Library, record: Record) -> None:
    recording = record("take", seconds=1)
    strange = library.audio_folder / "#take.flac"
    strange.write_bytes(recording.audio.read_bytes())
    assert repair_library(closed(library)).found == ["take 2"]
    assert (library.audio_folder / "take 2.flac").is_file()


def test_files_without_sound_are_left_alone(library: Library) -> None:
    (library.audio_folder / "empty.flac").touch()
    assert repair_library(closed(library)).found == []
    assert (library.audio_folder / "empty.flac").exists()


def test_where_there_is_nothing_there_is_nothing_to_repair(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="there is no library at"):
        repair_library(tmp_path / "gone")


def test_a_library_that_is_recorded_into_is_left_alone(library: Library, record: Record) -> None:
    recording = record("take", seconds=1)
    with recording.audio.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LibraryError, match="'take' is being recorded just now"):
            repair_library(library.folder)
    assert library.find("take") == recording


def test_each_repair_keeps_what_it_replaced(library: Library, say: Say) -> None:
    say("take")
    folder = closed(library)
    repair_library(folder)
    repair_library(folder)
    kept = sorted(path.name for path in folder.glob("library.damaged-*.sqlite"))
    assert kept == ["library.damaged-1.sqlite", "library.damaged-2.sqlite"]
    assert sqlite3.connect(folder / kept[0]).execute("SELECT 1").fetchone() == (1,)
