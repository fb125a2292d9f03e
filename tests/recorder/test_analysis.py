import pytest

from flowlace.framework.plan import GraphPlan
from flowlace.recorder import Analysis, Library, LibraryError, repair_library, search_library
from flowlace.sources.source import SourceError
from tests.recorder.conftest import Record


def test_finds_the_same_again(library: Library, record: Record, plan: GraphPlan) -> None:
    before = record("take")
    rows = library.events(before), library.bars(before), library.words(before)
    library.clear(before)
    cleared = library.events(before), library.bars(before), library.words(before)
    Analysis(library, before, plan).run()
    assert cleared == ([], [], [])
    assert (library.events(before), library.bars(before), library.words(before)) == rows
    assert library.find("take") == before
    assert search_library(library, "quick").words == 1


def test_replaces_and_does_not_add(library: Library, record: Record, plan: GraphPlan) -> None:
    recording = record("take")
    events = library.events(recording)
    Analysis(library, recording, plan).run()
    assert library.events(recording) == events


def test_makes_a_whole_recording_of_saved_sound(
    library: Library, record: Record, plan: GraphPlan
) -> None:
    words = library.words(record("take"))
    library.close()
    library.path.unlink()
    repair_library(library.folder)
    with Library(library.folder) as repaired:
        Analysis(repaired, repaired.find("take"), plan).run()
        assert repaired.words(repaired.find("take")) == words


def test_without_the_sound_nothing_is_forgotten(
    library: Library, record: Record, plan: GraphPlan
) -> None:
    recording = record("take")
    recording.audio.unlink()
    with pytest.raises(SourceError, match=r"take\.flac"):
        Analysis(library, recording, plan)
    assert library.words(recording)


def test_not_while_it_is_being_made(
    library: Library, record: Record, plan: GraphPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = record("take", seconds=1)
    library.connection.execute("UPDATE recordings SET state = 'recording'")
    monkeypatch.setattr("flowlace.recorder.library.is_locked", lambda _: True)
    with pytest.raises(LibraryError, match="is being recorded just now"):
        Analysis(library, library.find("take"), plan)
    assert recording.state == "complete"
