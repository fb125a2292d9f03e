from flowlace.recorder import Library, check_library
from flowlace.recorder.check import stated_length_us
from tests.recorder.conftest import Record, Say


def test_a_sound_library_has_no_findings(library: Library, record: Record) -> None:
    recording = record("take")
    assert check_library(library) == []
    assert stated_length_us(recording.audio) == recording.duration_us


def test_missing_cut_off_broken_and_unknown_files_are_found(
    library: Library, record: Record
) -> None:
    gone, cut, broken = (record(name) for name in ("gone", "cut", "broken"))
    gone.audio.unlink()
    cut.audio.write_bytes(cut.audio.read_bytes()[: cut.audio.stat().st_size // 2])
    broken.audio.write_bytes(b"nothing")
    (library.audio_folder / "stranger.flac").touch()
    findings = "\n".join(check_library(library))
    assert "gone: its sound is gone" in findings
    assert "cut: its sound is cut off: " in findings
    assert "s of 8.0 s are there" in findings
    assert "broken: its sound can't be read" in findings
    assert "stranger.flac: no recording knows this file" in findings
    assert len(findings.splitlines()) == 4


def test_an_index_that_is_out_of_step_is_found(library: Library, say: Say) -> None:
    say("take", "the fox")
    library.connection.execute("DROP TRIGGER segment_changed")
    library.connection.execute("UPDATE segments SET text = 'the wolf'")
    library.connection.commit()
    assert any("database: " in one for one in check_library(library))
