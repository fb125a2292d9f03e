import pytest

from flowlace.recorder import Library, LibraryError, PageSound, recording_page
from tests.recorder.conftest import Record


def test_a_page_holds_sound_words_and_sounds(library: Library, record: Record) -> None:
    recording = record("The <take>".replace("<", "(").replace(">", ")"))
    library.set_tags(recording, ["Foxes"])
    page = recording_page(library, library.find(recording.name))
    assert "<title>The (take)" in page
    for part in ("audio/flac", '"quick"', "loud_sound", "Foxes"):
        assert part in page, part
    assert len(page) > recording.audio.stat().st_size


def test_a_page_may_be_without_sound(library: Library, record: Record) -> None:
    recording = record("take", seconds=2)
    recording.audio.unlink()
    with pytest.raises(LibraryError, match=r"can't be read from .*No such file.*--sound none"):
        recording_page(library, recording)
    page = recording_page(library, recording, PageSound.NONE)
    assert "loud_sound" in page
    assert "audio/flac" not in page


def test_large_sound_is_made_smaller(
    library: Library, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = record("take")
    flac = recording_page(library, recording)
    opus = recording_page(library, recording, PageSound.OPUS)
    assert "audio/ogg" in opus
    assert len(opus) < len(flac) - 50_000
    monkeypatch.setattr("flowlace.recorder.page.MOST_FLAC_BYTES", 1000)
    assert "audio/ogg" in recording_page(library, recording)
    assert "audio/flac" in recording_page(library, recording, PageSound.FLAC)


def test_a_recording_without_length_has_no_page(library: Library) -> None:
    recording = library.add("take", "test", "2026-01-01T00:00:00+00:00")
    with pytest.raises(LibraryError, match="'take' holds no sound yet"):
        recording_page(library, recording)
