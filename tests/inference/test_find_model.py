import json
import logging
from pathlib import Path

import pytest

from flowlace.inference.find_model import find_described, find_model, packaged_models


def write_spec(file: Path, *names: str) -> None:
    files = {name: {"file": name, "sha256": "0"} for name in names}
    spec = {"name": "dogs", "task": "sound_events", "files": files, "default": names[0]}
    file.write_text(json.dumps(spec))


def test_a_packaged_model_is_described_by_its_spec() -> None:
    described = find_described(find_model("street_detector"))
    assert described is not None
    assert described.spec == packaged_models()["street_detector"].spec


@pytest.mark.parametrize("spec", ["dogs.json", "dogs_int8.json"])
def test_a_trained_model_keeps_its_spec_wherever_it_lies(tmp_path: Path, spec: str) -> None:
    (tmp_path / "dogs_int8.tflite").touch()
    write_spec(tmp_path / spec, "dogs_int8.tflite")
    described = find_described(tmp_path / "dogs_int8.tflite")
    assert described is not None
    assert described.file() == (tmp_path / "dogs_int8.tflite").resolve()


@pytest.mark.parametrize("model", ["cats_int8.tflite", "dogs2.tflite", "dogs_f32.tflite"])
def test_a_spec_has_no_say_on_other_models(tmp_path: Path, model: str) -> None:
    (tmp_path / model).touch()
    write_spec(tmp_path / "dogs.json", "dogs_int8.tflite")
    assert find_described(tmp_path / model) is None


def test_json_that_is_no_spec_is_named_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "dogs.tflite").touch()
    (tmp_path / "dogs.json").write_text("[1, 2]")
    with caplog.at_level(logging.WARNING):
        assert find_described(tmp_path / "dogs.tflite") is None
    assert "model 'dogs.tflite' is read without a spec" in caplog.text
