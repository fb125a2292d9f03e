"""From sentences to models with cards, by the commands."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.tags.cli import app
from flowlace_trainers.tags.task import evaluate_models, export_models
from typer.testing import CliRunner

from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import PriorTable
from tests.trainers.tags.made_sentences import write


def run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tags")
    data = ("--data", write(folder))
    run("fit", *data, "--out", folder / "run", "--seed", 3, "--rounds", 2)
    run("export", "--run", folder / "run", "--models", folder / "models")
    run("evaluate", *data, "--run", folder / "run", "--models", folder / "models")
    return folder


def test_models_are_written_with_their_facts(made: Path) -> None:
    tagger = made / "models/part_of_speech/part_of_speech.npz"
    table = made / "models/tag_prior/tag_prior.npz"
    assert PosTagger.load(tagger).tag(["The", "dog"]) == ["DET", "NOUN"]
    assert PriorTable.load(table).documents == 16
    for path in (tagger, table):
        facts = json.loads(str(np.load(path)["facts"]))
        assert facts["config"]["tagger"]["seed"] == 3
        assert len(facts["data"]["sha256"]) == 64


def test_cards_say_how_good_the_models_are_and_what_made_them(made: Path) -> None:
    tagger = (made / "models/part_of_speech/card.md").read_text()
    table = (made / "models/tag_prior/card.md").read_text()
    measured = json.loads((made / "run/measured.json").read_text())
    assert f"| as written | {measured['tagger']['accuracy']:.3f} |" in tagger
    assert f"{measured['prior'][0]['table']:.3f}" in table
    for card in (tagger, table):
        assert "CC BY-SA 4.0" in card
        assert "flowlace-train tags fit" in card
        assert "--seed 3 --rounds 2" in card


def test_without_a_run_the_command_to_run_first_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="run `tags fit` first"):
        export_models(tmp_path, tmp_path / "models")


def test_without_exported_models_the_command_to_run_first_is_named(
    made: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainerError, match="`tags export` first"):
        evaluate_models(made, made / "run", tmp_path)


def test_torch_is_not_imported() -> None:
    code = "import sys, flowlace_trainers.tags.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
