import sqlite3
import threading
from pathlib import Path

import pytest

from flowlace.recorder import DamagedLibraryError, LibraryError, schema
from flowlace.recorder.schema import MIGRATIONS, connect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "library.sqlite"
    connect(path, create=True).close()
    return path


def test_a_new_database_has_todays_version_and_survives_kills(path: Path) -> None:
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.close()


def test_an_older_database_is_brought_up_to_date_and_keeps_its_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = connect(path)
    old.execute("INSERT INTO labels (name) VALUES ('dog')")
    old.commit()
    old.close()
    script = "ALTER TABLE labels ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';"
    monkeypatch.setattr(schema, "MIGRATIONS", [*MIGRATIONS, script])
    new = connect(path)
    assert new.execute("SELECT name, colour FROM labels").fetchall() == [("dog", "red")]
    assert new.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    new.close()


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "CREATE TABLE more (a); SELECT * FROM nowhere;"
    monkeypatch.setattr(schema, "MIGRATIONS", [*MIGRATIONS, script])
    with pytest.raises(LibraryError, match="no such table: nowhere"):
        connect(path)
    plain = sqlite3.connect(path)
    assert plain.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert plain.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall() == []
    plain.close()


def test_a_database_of_a_newer_flowlace_is_not_touched(path: Path) -> None:
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA user_version = 99")
    plain.close()
    with pytest.raises(LibraryError, match=r"has version 99, .* update flowlace"):
        connect(path)


def test_a_database_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE mine (a)")
    plain.close()
    with pytest.raises(LibraryError, match="is a database, but not a library of recordings"):
        connect(path, create=True)


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 99, b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_file_that_is_no_database_is_an_error_that_says_what_to_do(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "library.sqlite"
    path.write_bytes(content)
    with pytest.raises(DamagedLibraryError, match=r"is damaged \(.*\); .* recorder repair"):
        connect(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="can't be"):
        connect(tmp_path / "gone.sqlite")


def test_two_may_make_a_library_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(4)
    failed: list[Exception] = []

    def make() -> None:
        together.wait()
        try:
            connect(tmp_path / "library.sqlite", create=True).close()
        except LibraryError as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
