"""Model specs: written, read back, and refused when they are not what they should be."""

from dataclasses import replace
from pathlib import Path

import pytest

from flowlace.inference.errors import ModelError
from flowlace.inference.model_spec import (
    ModelFile,
    ModelSpec,
    read_model_spec,
    write_model_spec,
)

SPEC = ModelSpec(
    name="street",
    task="object_detection",
    licence="Apache-2.0",
    labels=("car", "van"),
    files={"int8": ModelFile(file="street_int8.tflite", sha256="00")},
    default="int8",
    nodes={"ImageToTensorCalculator": {"output_tensor_width": 320}},
)


def test_a_spec_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "street.json"
    write_model_spec(SPEC, path)
    assert read_model_spec(path) == SPEC


def test_a_calculator_the_spec_does_not_name_keeps_its_defaults() -> None:
    assert SPEC.options("ImageToTensorCalculator") == {"output_tensor_width": 320}
    assert SPEC.options("SsdAnchorsCalculator") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "can't be read"),
        ("[]", r"the spec has to be an object, but is \[\]"),
        ("null", "the spec has to be an object, but is None"),
        pytest.param("[" * 100_000, "can't be read", id="deep"),
        ('{"name": "a"}', "task"),
        ('{"name": "a", "task": "b", "colour": 1}', "colour"),
        ('{"name": "a", "task": "b", "files": {"int8": {"file": "x"}}}', "sha256"),
        ('{"name": 5, "task": "b"}', "name has to be a text, but is 5"),
        ('{"name": "a", "task": "b", "labels": "car"}', "labels has to be a list, but is 'car'"),
        ('{"name": "a", "task": "b", "labels": [1]}', "a label has to be a text, but is 1"),
        ('{"name": "a", "task": "b", "files": []}', "files has to be an object"),
        ('{"name": "a", "task": "b", "files": {"int8": "x"}}', r"files\.int8 has to be an object"),
        (
            '{"name": "a", "task": "b", "files": {"int8": {"file": "../x", "sha256": ""}}}',
            r"files\.int8\.file has to lie beside the spec, but is '\.\./x'",
        ),
        ('{"name": "a", "task": "b", "nodes": {"C": 5}}', r"nodes\.C has to be an object"),
        ('{"name": "a", "task": "b", "default": "int8"}', "files has: none"),
    ],
)
def test_a_spec_that_is_none_says_why(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=reason):
        read_model_spec(path)


def test_a_missing_spec_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.json"):
        read_model_spec(tmp_path / "nowhere.json")


def test_a_default_that_is_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "street.json"
    write_model_spec(replace(SPEC, default="float32"), path)
    with pytest.raises(ModelError, match="'float32', but files has: int8"):
        read_model_spec(path)
