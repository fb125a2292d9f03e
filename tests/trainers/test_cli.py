"""The commands, one after the other, on a configuration file of the test's own."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from flowlace_trainers import cli
from flowlace_trainers.detector.teacher import Taught
from numpy.typing import NDArray
from typer.testing import CliRunner

from flowlace.inference.model_spec import read_model_spec

TOY = """
from dataclasses import replace

from tests.trainers.detector.toys import CONFIG as TOYS

FIT = replace(TOYS.fit, steps=20, evaluate_every=20, peak_learning_rate=1e-3)
CONFIG = replace(TOYS, fit=FIT)
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("config") / "toy.py"
    file.write_text(TOY)
    return file


def run(*words: object) -> str:
    result = CliRunner().invoke(cli.app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_model_is_trained_exported_measured_and_described(config: Path, tmp_path: Path) -> None:
    out, models = tmp_path / "run", tmp_path / "models"
    run("detector", "fit", config, "--out", out)
    run("detector", "export", config, "--run", out, "--models", models)
    run("detector", "evaluate", config, "--run", out, "--models", models)
    measured = json.loads((out / "measured.json").read_text())
    spec = read_model_spec(models / "shapes.json")
    assert list(measured["scores"]) == [
        "commonest boxes (baseline)", "torch float32", "tflite float32", "tflite int8"
    ]  # fmt: skip
    assert measured["scores"]["tflite float32"]["mAP"] == pytest.approx(
        measured["scores"]["torch float32"]["mAP"], abs=0.01
    )
    assert measured["files"]["int8"]["cpu_ms"] > 0
    assert spec.files["int8"].sha256 in (models / "card.md").read_text()


class BrightnessTeacher:
    """Sees a person in the corner, the surer the brighter the picture is."""

    def __init__(self, model: Path, labels: Path) -> None:
        pass

    def look(self, image: NDArray[np.uint8]) -> Taught:
        score = np.array([image.mean() / 255], np.float32)
        return Taught(np.array([(8, 8, 40, 40)], np.float32), ["person"], score)


def test_a_model_is_trained_by_a_teacher_on_video(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = cv2.VideoWriter(
        str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 96)
    )
    for level in range(120, 240, 6):
        writer.write(np.full((96, 128, 3), level, np.uint8))
    writer.release()
    monkeypatch.setattr(cli, "SsdTeacher", BrightnessTeacher)
    output = run(
        "detector", "distil", config, tmp_path / "clip.avi", "--teacher", "t.tflite",
        "--teacher-labels", "l.txt", "--out", tmp_path / "run", "--every", 1,
    )  # fmt: skip
    assert "18 pictures to learn, 2 to check" in output
    assert "AP50" in json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert (tmp_path / "run" / "best.ckpt").exists()


def test_a_mistake_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["flowlace-train", "detector", "fit", "nothing", "--out", "x"])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert capsys.readouterr().err.startswith("flowlace-train: no configuration 'nothing'")
