import doctest
import fcntl
from pathlib import Path

import pytest

from flowlace.recorder import (
    DamagedLibraryError,
    Library,
    LibraryError,
    check_library,
    library,
)
from flowlace.recorder.library import is_locked, name_from
from tests.recorder.conftest import Record, Say

FOLDER = Path(__file__).parent


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(library).failed == 0


def test_where_there_is_no_library_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no library at .*; make one with flowlace recorder"):
        Library(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="can't be made: "):
        Library(tmp_path / "file", create=True)


def test_recordings_are_found_by_name_in_any_case(library: Library, say: Say) -> None:
    say("Monday talk")
    assert library.find("MONDAY TALK").name == "Monday talk"
    with pytest.raises(LibraryError, match="called 'tuesday'; there are: Monday talk"):
        library.find("tuesday")


def test_everything_is_there_when_it_is_opened_again(library: Library, record: Record) -> None:
    recording = record("take")
    with Library(library.folder) as again:
        assert again.recordings() == [recording]
        assert again.events(recording) == library.events(recording)
        assert again.bars(recording) == library.bars(recording)
        assert again.words(recording) == library.words(recording)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "x" * 101, "a\nb", "-rf", "a "])
def test_names_are_names_of_files(name: str, library: Library) -> None:
    with pytest.raises(LibraryError, match="a recording can't be called"):
        library.check_name(name)


@pytest.mark.parametrize(
    "name", ["a", "Élan vital (2)", "2026-01-01 10.30", "東京", "हिन्दी", "a_b.v2"]
)
def test_names_may_be_in_any_language(name: str, library: Library) -> None:
    library.check_name(name)


@pytest.mark.parametrize("name", ["\u0301a", "a\u0301" * 51])
def test_accents_belong_to_a_letter_and_count(name: str, library: Library) -> None:
    with pytest.raises(LibraryError, match="a recording can't be called"):
        library.check_name(name)


def test_a_name_no_file_can_have_is_an_error_that_counts(library: Library) -> None:
    with pytest.raises(LibraryError, match="takes 300 bytes, and its file can have a name of 240"):
        library.check_name("漢" * 100)


def test_a_name_is_the_same_however_its_accents_are_written(library: Library, say: Say) -> None:
    say("Cafe\u0301")
    assert library.find("CAF\u00c9").name == "Cafe\u0301"
    with pytest.raises(LibraryError, match="there is a recording called"):
        library.check_name("caf\u00e9")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("हिन्दी?", "हिन्दी"),
        ("cafe\u0301", "caf\u00e9"),
        ("漢" * 100, "漢" * 80),
        ("\udcff", "recording"),
    ],
)
def test_names_are_made_from_names_of_files_in_any_language(file: str, name: str) -> None:
    assert name_from(file) == name


def test_the_name_of_a_source_may_be_no_unicode(library: Library) -> None:
    assert library.add("take", "bad\udcff.wav", "2026-01-01T00:00:00+00:00").source == "bad?.wav"


def test_an_emptied_database_is_damaged_and_not_an_empty_library(
    library: Library, record: Record
) -> None:
    record("take", seconds=1)
    library.close()
    library.path.write_bytes(b"")
    with pytest.raises(DamagedLibraryError, match="it is empty, but there are sound files"):
        Library(library.folder, create=True)


def test_a_library_that_can_only_be_read_is_read(
    library: Library, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = record("take", seconds=1)
    library.connection.execute("UPDATE recordings SET state = 'recording'")
    library.connection.commit()
    library.close()
    monkeypatch.setattr("os.access", lambda *_: False)
    with Library(library.folder) as read_only:
        assert read_only.bars(before)
        assert check_library(read_only) == []
        assert read_only.find("take").state == "recording"
        with pytest.raises(LibraryError, match="attempt to write a readonly database"):
            read_only.set_tags(before, ["new"])


def test_renaming_renames_the_file_too(library: Library, record: Record) -> None:
    before = record("take", seconds=1)
    library.rename(before, "The take")
    after = library.find("the take")
    assert (after.audio.name, after.audio.is_file(), before.audio.exists()) == (
        "The take.flac", True, False,
    )  # fmt: skip


def test_only_the_case_of_a_name_may_change(library: Library, record: Record) -> None:
    library.rename(record("take", seconds=1), "TAKE")
    recording = library.find("take")
    assert (recording.name, recording.audio.is_file()) == ("TAKE", True)


def test_renaming_overwrites_nothing(library: Library, record: Record) -> None:
    recording = record("take", seconds=1)
    record("other", seconds=1)
    (library.audio_folder / "stranger.flac").write_bytes(b"mine")
    with pytest.raises(LibraryError, match="called 'other' already"):
        library.rename(recording, "Other")
    with pytest.raises(LibraryError, match="belongs to no recording"):
        library.rename(recording, "stranger")
    assert (library.audio_folder / "stranger.flac").read_bytes() == b"mine"


def test_on_file_systems_without_links_renaming_works_too(
    library: Library, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: Path, new: Path) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr("flowlace.recorder.library.os.link", refuse)
    library.rename(record("take", seconds=1), "new")
    assert library.find("new").audio.is_file()


def test_removing_leaves_nothing_behind(library: Library, record: Record) -> None:
    recording = record("take")
    library.remove(recording)
    assert library.recordings() == []
    assert list(library.audio_folder.iterdir()) == []
    for table in ("events", "bars", "segments", "words", "tags", "spoken"):
        assert library.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_tags_are_replaced_in_order_without_doubles(library: Library, say: Say) -> None:
    recording = say("take")
    library.set_tags(recording, ["Fox", " dog ", "Fox", ""])
    assert library.find("take").tags == ("Fox", "dog")
    library.set_tags(recording, [])
    assert library.find("take").tags == ()


def test_a_recording_whose_writer_was_killed_is_finished_once(
    library: Library, record: Record
) -> None:
    recording = record("take", seconds=2)
    library.connection.execute("UPDATE recordings SET state = 'recording', duration_us = 0")
    library.connection.commit()
    with Library(library.folder) as again:
        found = again.find("take")
        assert (found.state, found.duration_us) == ("interrupted", recording.duration_us)


def test_one_that_is_locked_is_being_made(library: Library, record: Record) -> None:
    recording = record("take", seconds=1)
    library.connection.execute("UPDATE recordings SET state = 'recording'")
    library.connection.commit()
    with recording.audio.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_locked(recording.audio)
        with Library(library.folder) as again:
            assert again.find("take").state == "recording"
            with pytest.raises(LibraryError, match="is being recorded just now"):
                again.rename(again.find("take"), "new")
    assert not is_locked(recording.audio)
    assert not is_locked(FOLDER / "gone.flac")
