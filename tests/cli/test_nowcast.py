"""`flowlace nowcast` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowlace.cli.app import app
from flowlace.cli.nowcast import _write
from flowlace.nowcasting.errors import NowcastError
from flowlace.runner.errors import RunnerError
from tests.nowcast_verification.made_archive import file_name, write_archive


def verify(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowlace.cli", "nowcast", "verify", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == code, done.stderr
    return done


def test_an_archive_becomes_a_table_json_and_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "rain"
    folder.mkdir()
    write_archive(folder, range(0, 121, 5), pixels_a_minute=0.5)
    (folder / file_name(60)).write_bytes(b"GRIB and no more")
    numbers, page = tmp_path / "scores.json", tmp_path / "scores.html"
    done = verify(
        str(folder), "-m", "extrapolation", "--leads", "10,30", "--thresholds", "1,5",
        "--every", "10", "--json", str(numbers), "--report", str(page),
    )  # fmt: skip
    assert "lead method" in done.stdout
    assert "highest CSI by extrapolation at all leads" in done.stdout
    assert "skipped (unreadable)" in done.stderr
    read = json.loads(numbers.read_text())
    assert read["archive"]["skipped"] == {"missing": 1, "unreadable": 1}
    assert [one["method"] for one in read["scores"]] == ["persistence"] * 2 + ["extrapolation"] * 2
    assert "1 × missing, 1 × unreadable" in page.read_text()
    assert f"flowlace nowcast verify {folder} -m extrapolation" in page.read_text()
    assert [one.name for one in sorted(tmp_path.iterdir())] == [
        "rain", "scores.html", "scores.json"
    ]  # fmt: skip


def test_json_on_stdout_is_all_there_is(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 61, 5))
    done = verify(str(tmp_path), "-m", "persistence", "--leads", "10", "--json", "-")
    assert json.loads(done.stdout)["methods"] == ["persistence"]


def test_a_mistake_of_the_command_line_is_exit_code_2(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5])
    assert "did you mean 'sprog'" in verify(str(tmp_path), "-m", "sprogg", code=2).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--leads", "30,a"], "--leads '30,a' must be numbers with commas"),
        (["--from", "June"], "--from 'June' must be a time as 2024-06-01T12:30"),
        (["--crop", "1,2"], "--crop '1,2' must be x_min,y_min,x_max,y_max"),
        (["--split", "3"], "split='3' must be written as 3w/1w"),
        (["--report", "none/report.html"], "no folder 'none' to write to"),
        (["--json", "/"], "'/' can't be written: it is a folder"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(words: list[str], message: str) -> None:
    with pytest.raises(RunnerError, match=message):
        app(["nowcast", "verify", "not there", *words], standalone_mode=False)


def test_a_page_that_can_not_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(NowcastError, match="can't be written"):
        _write(str(tmp_path / "page.html"), "text")
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
