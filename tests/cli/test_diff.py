"""`flowlace diff`: what it says, and the exit codes that scripts go by."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.cli import main
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.packet import Packet
from flowlace.golden.result_file import ResultWriter, describe_results

ZSTD_MAGIC = bytes.fromhex("28b52ffd")
ROWS: list[dict[str, Any]] = [
    {"timestamp_us": 0, "id": 1, "x": 10.0, "y": 10.0, "w": 20.0, "h": 20.0, "score": 0.9},
    {"timestamp_us": 0, "id": 2, "x": 60.0, "y": 10.0, "w": 20.0, "h": 20.0, "score": 0.8},
    {"timestamp_us": 40_000, "id": 1, "x": 12.0, "y": 10.0, "w": 20.0, "h": 20.0, "score": 0.9},
]


class Diff:
    """Runs the verb in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.out = self.err = ""

    def __call__(self, *words: object) -> int:
        self.monkeypatch.setattr("sys.argv", ["flowlace", "diff", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self.capsys.readouterr()
        return int(ended.value.code or 0)


@pytest.fixture
def diff(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Diff:
    return Diff(monkeypatch, capsys)


def rows(path: Path, *changes: dict[str, Any]) -> Path:
    """Writes the rows with changes of the first ones."""
    changed = [{**row, **change} for row, change in zip(ROWS, changes, strict=False)]
    lines = [json.dumps(row) for row in [*changed, *ROWS[len(changes) :]]]
    path.write_text("\n".join(lines) + "\n")
    return path


def results(path: Path, level: int) -> Path:
    writer = ResultWriter(path, describe_results(["frames", "rows"]))
    image = Image(ImageFormat.GRAY8, np.full((30, 40), level, np.uint8))
    writer.write("frames", Packet(image, 0))
    writer.write("rows", Packet([{"level": level}], 0))
    writer.finish()
    return path


def test_equal_files_end_with_0(diff: Diff, tmp_path: Path) -> None:
    assert diff(rows(tmp_path / "a.jsonl"), rows(tmp_path / "b.jsonl")) == 0
    assert "first difference" not in diff.out


def test_a_difference_ends_with_1_and_is_shown(diff: Diff, tmp_path: Path) -> None:
    assert diff(rows(tmp_path / "a.jsonl"), rows(tmp_path / "b.jsonl", {}, {"x": 61.0})) == 1
    lines = diff.out.splitlines()
    assert lines[0] == "first difference: rows at 0 µs (0.000 s), [1].x: off by 1"
    assert lines[2].split() == ["expected", "0", "2", "60", "10", "20", "20", "0.8"]
    assert lines[3].split() == ["actual", "0", "2", "61", "10", "20", "20", "0.8"]
    assert lines[4].index("^") == lines[2].index("60")


@pytest.mark.parametrize(
    ("change", "words", "code"),
    [
        ({"x": 10.5}, ["--tolerance", "box=0.9"], 0),
        ({"x": 15.0}, ["--tolerance", "box=0.9"], 1),
        ({"score": 0.895}, ["-t", "score=0.01"], 0),
        ({"score": 0.5}, ["--ignore", "score"], 0),
        ({"id": 7}, [], 1),
        ({"x": 10.5}, ["-t", "x=0.5"], 0),
        ({"score": 0.5}, ["--key", "id", "-t", "number=0.5"], 0),
    ],
)
def test_tolerances_say_what_is_a_difference(
    change: dict[str, Any], words: list[str], code: int, diff: Diff, tmp_path: Path
) -> None:
    assert diff(rows(tmp_path / "a.jsonl"), rows(tmp_path / "b.jsonl", change), *words) == code


def test_ids_may_be_renamed_consistently(diff: Diff, tmp_path: Path) -> None:
    expected = rows(tmp_path / "a.jsonl")
    renamed = rows(tmp_path / "b.jsonl", {"id": 5}, {}, {"id": 5})
    switched = rows(tmp_path / "c.jsonl", {}, {}, {"id": 5})
    assert diff(expected, renamed, "--rename-ids") == 0
    assert diff(expected, switched, "--rename-ids") == 1
    assert "id 1 was 1 before, now it is 5" in diff.out


def test_times_may_be_near(diff: Diff, tmp_path: Path) -> None:
    moved = rows(tmp_path / "b.jsonl", {}, {}, {"timestamp_us": 45_000})
    assert diff(rows(tmp_path / "a.jsonl"), moved) == 1
    assert diff(rows(tmp_path / "a.jsonl"), moved, "-t", "time=5ms") == 0


def test_rows_may_be_put_together_by_another_field(diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"frame": 1, "n": 1}\n{"frame": 2, "n": 2}\n')
    (tmp_path / "b.jsonl").write_text('{"frame": 2, "n": 2}\n{"frame": 1, "n": 1}\n')
    assert diff(tmp_path / "a.jsonl", tmp_path / "b.jsonl") == 1
    assert diff(tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--time-field", "frame") == 0


def test_programs_get_json(diff: Diff, tmp_path: Path) -> None:
    assert diff(rows(tmp_path / "a.jsonl"), rows(tmp_path / "b.jsonl", {"x": 9.0}), "--json") == 1
    told = json.loads(diff.out)
    assert told["first"]["field"] == "[0].x"
    assert told["streams"]["rows"]["different"] == 1


def test_quiet_leaves_the_exit_code_only(diff: Diff, tmp_path: Path) -> None:
    assert diff(rows(tmp_path / "a.jsonl"), rows(tmp_path / "b.jsonl", {"x": 9.0}), "-q") == 1
    assert diff.out + diff.err == ""


def test_recordings_are_compared_stream_by_stream_with_a_picture(
    diff: Diff, tmp_path: Path
) -> None:
    one, other = results(tmp_path / "a.mcap", 100), results(tmp_path / "b.mcap", 101)
    assert diff(one, one) == 0
    assert diff(one, other, "--picture", tmp_path / "out.png") == 1
    assert "first difference: frames at 0 µs (0.000 s): PSNR 48.13 dB" in diff.out
    assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"
    assert diff(one, other, "-t", "frames:image=48dB", "-t", "rows:level=1") == 0
    assert diff(one, other, "--stream", "rows") == 1
    assert "frames" not in diff.out


def test_frames_of_sources_are_compared(diff: Diff) -> None:
    street = "testsrc:street?width=64&height=48&seconds=0.1&seed={}"
    assert diff(street.format(1), street.format(1)) == 0
    assert diff(street.format(1), street.format(2)) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.jsonl", "none.jsonl"], "'none.jsonl' can't be read as JSON lines: No such file"),
        (["a.jsonl", "none.mcap"], "recording 'none.mcap': there is no such file"),
        (["none.mp4", "none.mp4"], "'none.mp4': there is no such file"),
        (["a.jsonl", "cut.jsonl"], "cut.jsonl:1: expected one JSON object"),
        (["a.jsonl", "testsrc:street"], "there is no stream to compare"),
        (["a.mcap", "cut.mcap"], "cut.mcap"),
        (["a.jsonl", "a.jsonl", "-t", "box"], "expected NAME=NUMBER"),
        (["a.jsonl", "a.jsonl", "-t", "boxes:box=1"], "stream 'boxes': there is no such: rows"),
        (["a.mcap", "a.mcap", "--stream", "boxes"], "has no stream 'boxes'; it has: frames, rows"),
        (["a.jsonl", "a.jsonl", "--stream", "boxes"], "--stream 'boxes': there is only 'rows'"),
        (["testsrc:street?live=1", "testsrc:street?live=1"], "is live"),
        (["a.mcap", "b.mcap", "--picture", "none/out.png"], "can't be written: No such file"),
    ],
)
def test_what_can_not_be_compared_ends_with_2(
    words: list[str], message: str, diff: Diff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path / "a.jsonl")
    (tmp_path / "cut.jsonl").write_text('{"timestamp_us": 1')
    data = results(tmp_path / "a.mcap", 100).read_bytes()
    results(tmp_path / "b.mcap", 101)
    (tmp_path / "cut.mcap").write_bytes(data[: data.index(ZSTD_MAGIC) + 20])
    assert diff(*words) == 2
    assert message in diff.err


def wave_file(path: Path, rate_hz: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(bytes(2 * rate_hz))
    return path


def test_sound_of_another_rate_is_told_by_its_header(diff: Diff, tmp_path: Path) -> None:
    slow, fast = wave_file(tmp_path / "a.wav", 8_000), wave_file(tmp_path / "b.wav", 16_000)
    assert diff(slow, slow) == 0
    assert diff(slow, fast) == 1
    assert diff.out.splitlines()[0] == ("first difference: frames, header.sample_rate: off by 8000")


def test_a_number_that_is_not_finite_is_told_to_programs_too(diff: Diff, tmp_path: Path) -> None:
    first = rows(tmp_path / "a.jsonl", {"score": float("nan")})
    assert diff(first, rows(tmp_path / "b.jsonl"), "--json") == 1
    assert json.loads(diff.out)["first"] == {
        "stream": "rows", "timestamp_us": 0, "field": "[0].score", "deviation": None,
        "what": "differs, and one is not finite", "expected": "nan", "actual": 0.9,
    }  # fmt: skip
