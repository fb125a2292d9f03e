"""The commands, one after the other, on made sounds and a teacher of random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers import cli, tflite
from flowlace_trainers.sound import data as sound_data
from flowlace_trainers.sound import measuring
from flowlace_trainers.sound.clips import Clip
from flowlace_trainers.sound.export import tflite_classifier
from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.samples import clip_windows
from typer.testing import CliRunner

from flowlace.inference.model_spec import read_model_spec
from tests.trainers.sound import toys


def run(*words: object) -> str:
    result = CliRunner().invoke(cli.app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def even_scores(file: Path, clips: list[Clip], config: object) -> list[Floats]:
    return [np.full(3, 0.5, np.float32)] * len(clips)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_classifier_is_trained_exported_measured_and_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_data, "read_layers", lambda file: toys.layers())
    monkeypatch.setattr(measuring, "foreign_scores", even_scores)
    config = tmp_path / "toy.py"
    config.write_text("from tests.trainers.sound.toys import CONFIG\n")
    teacher = tmp_path / "teacher.tflite"
    toys.write_clips(tmp_path)
    given = (config, "--clips", tmp_path, "--teacher", teacher, "--data", tmp_path / "made")
    out, models = tmp_path / "run", tmp_path / "models"
    run("sound", "fit", *given, "--out", out)
    run("sound", "export", *given, "--run", out, "--models", models)
    # A fold's own file stands in for the teacher's, which is only timed and weighed here.
    teacher.write_bytes((out / "without_1" / "toy_f32.tflite").read_bytes())
    run("sound", "evaluate", *given, "--run", out, "--models", models)
    measured = json.loads((out / "measured.json").read_text())
    spec = read_model_spec(models / "toy.json")
    assert measured["scores"]["toy float32"]["balanced"] == 1
    assert measured["scores"]["toy int8"]["balanced"] >= 0.8
    assert measured["scores"]["commonest class (baseline)"]["balanced"] == pytest.approx(1 / 3)
    assert spec.files["int8"].sha256 in (models / "card.md").read_text()
    assert len(spec.options("ScoreCalibrationCalculator")["sigmoids"]) == 3
    content = (models / spec.files["int8"].file).read_bytes()
    assert tflite.input_shapes(content) == [(1, 96, 64, 1)]
    logits = tflite_classifier(content)(clip_windows(toys.sound("low", 1.5, 1)))
    assert toys.LABELS[int(logits.mean(0).argmax())] == "low"
