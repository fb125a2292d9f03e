"""`flowlace record` and `flowlace replay` as a user meets them."""

from pathlib import Path

import pytest

from flowlace.cli import main
from tests.cli.test_run import STREET, flowlace


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a recording and of the results of its run."""
    folder = tmp_path_factory.mktemp("recorded")
    done = flowlace(
        "record", "box_tracking", "-s", STREET, "--box", "0.3,0.4,0.2,0.3",
        "-o", f"{folder}/rec.mcap", "--sink", f"boxes={folder}/boxes.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "31 packets recorded" in done.stderr
    return folder


def test_a_replay_writes_the_same_file_with_everything_it_was_recorded_with(
    recorded: Path, tmp_path: Path
) -> None:
    again = tmp_path / "boxes.jsonl"
    done = flowlace(
        "replay", f"{recorded}/rec.mcap", "--speed", "4", "--threads", "2", "--sink",
        f"boxes={again}",
    )  # fmt: skip
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    assert len(again.read_text().splitlines()) == 30
    assert again.read_bytes() == (recorded / "boxes.jsonl").read_bytes()


def test_another_graph_runs_over_the_same_frames_and_faults_are_told(
    recorded: Path, tmp_path: Path
) -> None:
    objects = tmp_path / "objects.jsonl"
    done = flowlace(
        "replay", f"{recorded}/rec.mcap", "object_tracking", "--from", "0.2s", "--to", "0.6s",
        "--fault", "drop=0.5", "--seed", "3", "--sink", f"objects={objects}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "skipped (fault: dropped)" in done.stderr


def test_a_recording_is_a_source_of_run(recorded: Path) -> None:
    done = flowlace("run", "object_tracking", "-s", f"{recorded}/rec.mcap", "-o", "objects=none")
    assert done.returncode == 0, done.stderr
    assert "30 frames" in done.stderr


def test_a_cut_off_recording_is_replayed_with_a_warning(recorded: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes((recorded / "rec.mcap").read_bytes()[:-20_000])
    done = flowlace("replay", str(cut), "--sink", "boxes=none")
    assert done.returncode == 0
    assert "was cut off: its run had not ended" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["replay", "none.mcap"], "there is no such file"),
        (["replay", "{}/boxes.jsonl"], "is no MCAP file"),
        (["replay", "{}/rec.mcap", "--speed", "fast"], "expected max, or a number above 0"),
        (["replay", "{}/rec.mcap", "--from", "1h"], "nothing lies between --from and --to"),
        (["replay", "{}/rec.mcap", "--input", "frames"], "expected NAME=STREAM"),
        (["record", "box_tracking", "-s", STREET, "-o", "{}/rec.mcap"], "exists already"),
        (["record", "box_tracking", "-s", STREET, "-o", "x.mcap", "--rotate-size", "2 elephants"],
         "is not a number with kB"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(
    recorded: Path,
    words: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["flowlace", *(word.format(recorded) for word in words)])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1
    assert message in capsys.readouterr().err
