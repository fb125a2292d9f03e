"""`flowlace recorder` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.sources.sounds import tone, write_sound

ROOT = Path(__file__).parents[2]
SCENE = "testsrc:sounds?seconds=4&seed=1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a library will be; beside it the graph the tests record with."""
    (tmp_path / "heard.pbtxt").write_text(
        (ROOT / "tests/recorder/heard.py").read_text().split('"""')[3]
    )
    return tmp_path / "library"


def recorder(folder: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *words), capture_output=True, text=True, timeout=100, check=False,
        input=said, cwd=ROOT,
    )  # fmt: skip


def command(folder: Path, *words: str) -> list[str]:
    verb, *rest = words
    graph = []
    if verb in ("record", "import"):
        graph = ["--graph", str(folder.parent / "heard.pbtxt"), "-i", "tests.recorder.heard"]
    flowlace = [sys.executable, "-m", "flowlace.cli", "recorder"]
    return [*flowlace, verb, "-l", str(folder), *graph, *rest]


def text(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stderr
    return done.stdout


def test_what_was_recorded_is_listed_searched_and_shown(folder: Path, tmp_path: Path) -> None:
    done = recorder(folder, "record", "Morning", "-s", SCENE)
    assert "Morning  0:04.0" in done.stderr
    assert text(recorder(folder, "list")).startswith("Morning  0:04.0  20")
    assert text(recorder(folder, "search", "quick")) == "Morning  0:01.1  the **quick** brown\n"
    found = text(recorder(folder, "search", "loud sound")).splitlines()
    assert found[0].startswith("Morning  0:00.6–0:")
    assert found[0].endswith("♪ loud_sound  0.75")
    page = tmp_path / "page.html"
    assert text(recorder(folder, "show", "morning", "-o", str(page))) == f"{page}\n"
    assert "Morning" in page.read_text()
    assert text(recorder(folder, "check")) == "all well\n"


def test_results_come_as_json(folder: Path) -> None:
    recorder(folder, "record", "take", "-s", SCENE, "-q")
    [row] = [json.loads(line) for line in text(recorder(folder, "list", "--json")).splitlines()]
    assert (row["name"], row["duration_us"], row["state"]) == ("take", 4_000_000, "complete")
    hit = json.loads(text(recorder(folder, "search", "quick", "--json")))
    assert (hit["recording"], hit["kind"], hit["start_us"]) == ("take", "word", 1_100_000)


def test_nothing_found_is_exit_code_1(folder: Path) -> None:
    recorder(folder, "record", "take", "-s", SCENE, "-q")
    assert text(recorder(folder, "search", "elephant"), 1) == ""


def test_files_are_imported_and_a_bad_one_stops_no_other(folder: Path, tmp_path: Path) -> None:
    first = write_sound(tmp_path / "a b.wav", tone(16_000, 8000), 8000, "pcm_s16le")
    second = write_sound(tmp_path / "c.mp3", tone(88_200, 44_100), 44_100, "libmp3lame")
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    done = recorder(folder, "import", str(first), str(bad), str(second), "gone.wav", "-q")
    assert done.returncode == 1
    assert "bad.wav' can't be read as sound" in done.stderr
    assert "gone.wav" in done.stderr
    listed = text(recorder(folder, "list")).splitlines()
    assert sorted(line.split("  ")[0] for line in listed) == ["a b", "c"]


def test_names_tags_and_recordings_can_be_changed_and_removed(folder: Path) -> None:
    recorder(folder, "record", "take", "-s", SCENE, "-q")
    text(recorder(folder, "rename", "take", "Best take"))
    text(recorder(folder, "tag", "best take", "fox", "quick dog"))
    assert "[fox, quick dog]" in text(recorder(folder, "list"))
    text(recorder(folder, "remove", "Best take", said="n\n"))
    assert "Best take" in text(recorder(folder, "list"))
    text(recorder(folder, "remove", "Best take", "--yes"))
    assert text(recorder(folder, "list")) == ""
    assert list((folder / "audio").iterdir()) == []


def test_ctrl_c_ends_a_recording_well(folder: Path) -> None:
    words = command(folder, "record", "live", "-s", "testsrc:sounds?seconds=0&live=1", "-q")
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    audio = folder / "audio" / "live.flac"
    give_up = time.monotonic() + 60
    while not (audio.is_file() and audio.stat().st_size > 20_000):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    [row] = [json.loads(line) for line in text(recorder(folder, "list", "--json")).splitlines()]
    assert row["state"] == "complete"
    assert row["duration_us"] > 300_000


def test_a_damaged_library_says_what_to_do_and_can_be_repaired(folder: Path) -> None:
    recorder(folder, "record", "take", "-s", SCENE, "-q")
    (folder / "library.sqlite").write_bytes(os.urandom(50_000))
    done = recorder(folder, "list")
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert f"flowlace recorder repair --library '{folder}'" in done.stderr
    said = text(recorder(folder, "repair"))
    assert "the former database is kept as" in said
    assert "take: only its sound could be saved" in said
    assert text(recorder(folder, "list")).startswith("take  0:04.0")


def test_cut_off_sound_is_found_by_check(folder: Path) -> None:
    recorder(folder, "record", "take", "-s", SCENE, "-q")
    audio = folder / "audio" / "take.flac"
    audio.write_bytes(audio.read_bytes()[: audio.stat().st_size // 2])
    assert "take: its sound is cut off: " in text(recorder(folder, "check"), 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list"], "there is no library at"),
        (["search"], "what is searched for?"),
        (["record", "a/b", "-s", SCENE], "a recording can't be called 'a/b'"),
        (["record", "take", "-s", "gone.wav"], "gone.wav"),
        (["record", "take", "-s", "testsrc:street"], "gives pictures"),
        (["import", "a.wav", "b.wav", "--name", "x"], "--name is for one file"),
    ],
)
def test_a_mistake_ends_with_one_message(words: list[str], message: str, folder: Path) -> None:
    done = recorder(folder, *words)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_library_of_the_environment_is_used(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flowlace.cli", "recorder", "list"], capture_output=True, text=True,
        env=os.environ | {"FLOWLACE_LIBRARY": str(tmp_path / "mine")}, timeout=100, check=False,
    )  # fmt: skip
    assert str(tmp_path / "mine") in done.stderr


def test_sound_from_another_program_can_be_recorded(folder: Path) -> None:
    done = subprocess.run(
        command(folder, "record", "piped", "-s", "pcm:-?rate=8000", "-q"),
        input=np.zeros(16_000, "<i2").tobytes(), capture_output=True, timeout=100, check=False,
        cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "piped  0:02.0" in text(recorder(folder, "list"))


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_source_that_gives_no_sound_is_an_error_and_leaves_nothing(
    folder: Path, quiet: list[str]
) -> None:
    done = recorder(folder, "record", "void", "-s", "pcm:-", *quiet)
    assert done.returncode == 1
    assert "error: no sound came from 'pcm:-', so there is no recording 'void'" in done.stderr
    assert text(recorder(folder, "list")) == ""
    assert list(folder.glob("audio/*")) == []


def test_no_tag_commands_the_terminal(folder: Path) -> None:
    text(recorder(folder, "record", "take", "-s", "testsrc:sounds?seconds=1", "-q"))
    text(recorder(folder, "tag", "take", "\x1b[31mred"))
    assert "[?[31mred]" in text(recorder(folder, "list"))
