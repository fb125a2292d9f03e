from pathlib import Path

import pytest

from flowlace.golden.errors import GoldenError
from flowlace.golden.recipe import Recipe


def test_what_is_written_is_read_again() -> None:
    recipe = Recipe(
        graph="object_tracking", sources=("testsrc:street",), settings=("detector.x=1",), seed=3,
        tolerances=("box=0.9",), are_ids_renamed=True,
    )  # fmt: skip
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_what_is_the_default_is_not_written() -> None:
    assert Recipe(recording="rec.mcap").to_json() == '{\n  "recording": "rec.mcap"\n}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is no JSON"),
        ("[]", "expected a JSON object"),
        ('{"recordin": "a"}', "there is no 'recordin'; there are: graph, recording"),
        ('{"recording": 3}', "'recording' has to be a str, not 3"),
        ('{"recording": "a", "seed": true}', "'seed' has to be a int, not True"),
        ('{"recording": "a", "ignore": "x"}', "'ignore' has to be a list of texts"),
        ('{"graph": "a"}', "either a recording or sources"),
        ('{"recording": "a", "sources": ["b"]}', "either a recording or sources"),
        ('{"sources": ["b"]}', "from sources needs a graph"),
        ('{"recording": "a", "boxes": ["truth"]}', "boxes are for sources"),
        ('{"sources": ["b"], "graph": "g", "faults": ["drop=1"]}', "are for replays"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_told(text: str, message: str) -> None:
    with pytest.raises(GoldenError, match=message):
        Recipe.from_json(text)


def test_paths_are_as_seen_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.pbtxt").touch()
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "frames").mkdir()
    folder = tmp_path / "golden" / "one"
    folder.mkdir(parents=True)
    given = Recipe(
        graph="own.pbtxt",
        sources=("video=clip.mp4", "mask=frames/*.png", "radar=testsrc:storm?minutes=5"),
    )
    written = given.seen_from(folder)
    assert written.graph == "../../own.pbtxt"
    assert written.sources == (
        "video=../../clip.mp4", "mask=../../frames/*.png", "radar=testsrc:storm?minutes=5",
    )  # fmt: skip
    found = written.found_from(folder)
    assert Path(found.graph) == tmp_path / "own.pbtxt"
    assert found.sources[1:] == (f"mask={tmp_path}/frames/*.png", "radar=testsrc:storm?minutes=5")


def test_a_recording_is_told_by_its_path_even_if_it_is_gone(tmp_path: Path) -> None:
    recipe = Recipe(recording="../rec.mcap")
    assert recipe.found_from(tmp_path / "golden").recording == str(tmp_path / "rec.mcap")


def test_a_folder_with_the_name_of_a_graph_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nowcast").mkdir()
    recipe = Recipe(graph="nowcast", sources=("testsrc:storm",))
    assert recipe.seen_from(tmp_path / "golden").graph == "nowcast"
    assert recipe.found_from(tmp_path).graph == "nowcast"
