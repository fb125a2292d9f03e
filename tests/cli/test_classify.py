"""`flowlace classify`: what sound files hold."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from flowlace.cli.app import app
from tests.calculators.audio.test_audio_decoder import write_encoded, write_wav
from tests.inference.tiny_sound_models import log_mel_model

RATE = 16_000


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(log_mel_model(tmp_path))


def tone(folder: Path, name: str, hertz: float, seconds: float, rate: int = RATE) -> str:
    time = np.arange(round(rate * seconds)) / rate
    return str(write_wav(folder / name, 0.3 * np.sin(2 * np.pi * hertz * time)[None], rate))


def classify(*words: str) -> Result:
    return CliRunner().invoke(app, ["classify", *words])


def test_each_file_has_its_classes_by_falling_score(tmp_path: Path, model: str) -> None:
    low, high = tone(tmp_path, "low.wav", 300, 2), tone(tmp_path, "high.wav", 3000, 2)
    done = classify(low, high, "--model", model)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [lines[0], lines[3]] == [low, high]
    assert [line.split()[0] for line in (*lines[1:3], *lines[4:])] == ["low", "high", "high", "low"]
    assert float(lines[1].split()[1]) > 0.8


def test_json_has_one_object_a_file(tmp_path: Path, model: str) -> None:
    low = tone(tmp_path, "low.wav", 300, 2)
    done = classify(low, "--model", model, "--json", "--top", "1")
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["file"] == low
    ((label, score),) = [(one["label"], one["score"]) for one in row["classes"]]
    assert (label, score > 0.8) == ("low", True)


def test_json_of_a_name_that_is_no_text_is_text(tmp_path: Path, model: str) -> None:
    low = tone(tmp_path, os.fsdecode(b"low\xff.wav"), 300, 2)
    done = classify(low, "--model", model, "--json")
    assert json.loads(done.stdout)["file"] == f"{tmp_path}/low?.wav"


@pytest.mark.parametrize("seconds", [0.3, 0.5, 0.96, 30])
def test_files_of_any_length_are_classified(tmp_path: Path, model: str, seconds: float) -> None:
    file = tone(tmp_path, "low.wav", 300, seconds, rate=44_100)
    done = classify(file, "--model", model, "--json", "--top", "0")
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    scores = {one["label"]: one["score"] for one in row["classes"]}
    assert scores["low"] > scores["high"]


def test_a_file_shorter_than_a_step_is_classified(tmp_path: Path, model: str) -> None:
    done = classify(tone(tmp_path, "click.wav", 300, 0.01), "--model", model, "--json")
    assert {one["label"] for one in json.loads(done.stdout)["classes"]} == {"low", "high"}


def test_files_that_can_not_be_read_do_not_stop_the_others(tmp_path: Path, model: str) -> None:
    low = tone(tmp_path, "low.wav", 300, 1)
    (tmp_path / "text.wav").write_text("no sound")
    done = classify(
        str(tmp_path / "missing.wav"), str(tmp_path / "text.wav"), low, "--model", model, "--json"
    )
    assert done.exit_code == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [low]
    errors = done.stderr.splitlines()
    assert errors[0].endswith("missing.wav' can't be opened: No such file or directory")
    assert errors[1].startswith(f"error: {tmp_path / 'text.wav'}: ")
    assert len(errors) == 2


def test_a_file_without_sound_is_an_error(tmp_path: Path, model: str) -> None:
    empty = write_wav(tmp_path / "empty.wav", np.zeros((1, 0)))
    done = classify(str(empty), "--model", model)
    assert done.exit_code == 1
    assert "there is no sound in it" in done.stderr


def test_a_damaged_file_is_classified_with_a_warning(tmp_path: Path, model: str) -> None:
    time = np.arange(RATE * 3) / RATE
    sound = (0.3 * np.sin(2 * np.pi * 300 * time))[None].astype(np.float32)
    path = write_encoded(tmp_path / "sound.m4a", "aac", sound, RATE)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(i * 37 % 256 for i in range(2000))
    path.write_bytes(content)
    done = classify(str(path), "--model", model, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["classes"][0]["label"] == "low"
    assert f"warning: {path}: damaged packets were left out" in done.stderr


def test_a_file_that_breaks_off_is_classified(tmp_path: Path, model: str) -> None:
    path = Path(tone(tmp_path, "low.wav", 300, 4))
    path.write_bytes(path.read_bytes()[:50_001])
    done = classify(str(path), "--model", model, "--json")
    assert json.loads(done.stdout)["classes"][0]["label"] == "low"


def test_options_of_the_graph_can_be_set(tmp_path: Path, model: str) -> None:
    low = tone(tmp_path, "low.wav", 300, 1)
    setting = 'classifier.ignore_labels=["low"]'
    done = classify(low, "--model", model, "--json", "--set", setting)
    assert [one["label"] for one in json.loads(done.stdout)["classes"]] == ["high"]


def test_sound_too_loud_for_any_number_is_silence_and_told(tmp_path: Path, model: str) -> None:
    low = np.sin(2 * np.pi * 300 * np.arange(RATE * 2) / RATE)[None].astype(np.float32)
    low[:, 8000:8100] *= 1e30
    file = write_encoded(tmp_path / "loud.wav", "pcm_f32le", low, RATE)
    done = classify(str(file), "--model", model, "--top", "1")
    assert "low" in done.stdout
    assert "samples were no numbers and became silence" in done.stderr
