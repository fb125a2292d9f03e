"""`flowlace golden`: made, checked, changed, updated."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowlace.cli import main

STORM = "testsrc:storm?minutes=4&width=32&height=32"


class Golden:
    """Runs the verb in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.out = self.err = ""

    def __call__(self, *words: object) -> int:
        self.monkeypatch.setattr("sys.argv", ["flowlace", "golden", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self.capsys.readouterr()
        return int(ended.value.code or 0)


@pytest.fixture
def golden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Golden:
    monkeypatch.chdir(tmp_path)
    return Golden(monkeypatch, capsys)


def change(recipe: Path, **changes: Any) -> None:
    recipe.write_text(json.dumps({**json.loads(recipe.read_text()), **changes}))


def test_what_was_made_is_found_and_checked(golden: Golden) -> None:
    assert (
        golden("create", "nowcast", "-s", STORM, "--stream", "summaries", "-t", "number=0.1") == 0
    )
    assert golden.out == "golden/nowcast: kept packets of summaries 1\n"
    assert golden("check") == 0
    assert golden.out == "golden/nowcast: the same, 1 packets of summaries\n"


def test_a_change_is_shown_and_its_picture_written(golden: Golden, tmp_path: Path) -> None:
    golden("create", "nowcast", "-s", STORM, "--stream", "summaries", "--stream", "maps")
    change(tmp_path / "golden/nowcast/recipe.json", settings=["nowcast.lead_minutes=[70]"])
    (tmp_path / "pictures").mkdir()
    assert golden("check", "--pictures", "pictures") == 1
    assert golden.out.startswith("golden/nowcast: differs\nfirst difference: ")
    assert "also changed: the graph or an option of it was changed" in golden.out
    assert "pictures/nowcast-difference.png: expected, actual" in golden.err
    assert (tmp_path / "pictures/nowcast-difference.png").exists()


def test_an_update_shows_the_change_and_keeps_it(golden: Golden, tmp_path: Path) -> None:
    golden("create", "nowcast", "-s", STORM, "--stream", "summaries")
    change(tmp_path / "golden/nowcast/recipe.json", settings=["nowcast.lead_minutes=[70]"])
    assert golden("check") == 1
    assert golden("check", "--update") == 0
    assert "first difference" in golden.out
    assert golden("check") == 0


def test_a_recording_is_replayed_with_its_own_graph_or_another(golden: Golden) -> None:
    record = ["flowlace", "record", "nowcast", "-s", STORM, "-o", "rec.mcap", "-q"]
    golden.monkeypatch.setattr("sys.argv", record)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert golden("create", "rec.mcap", "-o", "own", "--stream", "summaries") == 0
    assert golden("create", "rec.mcap", "nowcast", "-o", "other", "--stream", "summaries",
                  "--set", "nowcast.method=persistence") == 0  # fmt: skip
    assert golden("check", "own", "other") == 0


def test_programs_get_json(golden: Golden) -> None:
    golden("create", "nowcast", "-s", STORM, "--stream", "summaries", "-o", "one")
    assert golden("check", "one", "--json") == 0
    assert json.loads(golden.out)["one"]["is_same"] is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check"], "'golden': there is no golden result; make one with `flowlace golden create`"),
        (["create", "none.mcap"], "recording 'none.mcap': there is no such file"),
        (["create", "nowcas", "-s", STORM], "did you mean 'nowcast'?"),
        (["create", "nowcast", "-s", STORM, "-t", "box"], "expected NAME=NUMBER"),
        (["create", "nowcast", "-s", STORM, "--stream", "map"], "did you mean 'maps'?"),
        (["create", "box_tracking", "-s", "testsrc:street?live=1"], "is live"),
        (["create", "nowcast", "-s", STORM, "--fault", "drop=1"], "are for replays"),
    ],
)
def test_a_mistake_ends_with_2_and_leaves_nothing(
    words: list[str], message: str, golden: Golden, tmp_path: Path
) -> None:
    assert golden(*words) == 2
    assert message in golden.err
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "golden"])
    assert not list(tmp_path.rglob("*.mcap"))


def test_an_interrupted_run_keeps_nothing_and_is_no_difference(
    golden: Golden, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    golden.monkeypatch.setattr("flowlace.golden.run_recipe.GraphRunner.run", interrupted)
    assert golden("create", "nowcast", "-s", STORM) == 130
    assert not list(tmp_path.rglob("*.mcap"))
