"""What an image classifier's file or spec says about its neighbours."""

from pathlib import Path

import pytest

from flowlace.inference.errors import ModelError
from flowlace.inference.image_classifier_spec import image_classifier_spec
from flowlace.inference.model_spec import ModelFile, ModelSpec, write_model_spec
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_metadata import TensorSaid, metadata
from tests.inference.tiny_models import TinyModel, answering

PICTURE = TensorSaid(name="image", mean=[127.5], std=[127.5])
SCORES = [[0.1, 0.7, 0.2]]
LABELS = {"labels.txt": "cat\ndog\nbird\n"}


def classifier(folder: Path, scores: object = SCORES, labels: dict[str, str] = LABELS) -> Path:
    said = metadata([PICTURE], [TensorSaid(name="probability", label_file="labels.txt")])
    model = TinyModel(
        graphs=[answering({"scores": scores})], metadata={"TFLITE_METADATA": said}, packed=labels
    )
    return model.write(folder / "classifier.tflite")


def test_labels_and_range_come_from_the_metadata(tmp_path: Path) -> None:
    spec = image_classifier_spec(TfliteFile(classifier(tmp_path)))
    assert spec.labels == ("cat", "dog", "bird")
    assert spec.options("ImageToTensorCalculator") == {
        "output_tensor_width": 4,
        "output_tensor_height": 4,
        "output_tensor_float_range": {"min": -1.0, "max": 1.0},
    }


def test_without_labels_classes_go_by_their_numbers(tmp_path: Path) -> None:
    assert image_classifier_spec(TfliteFile(classifier(tmp_path, labels={}))).labels == ()


def test_a_spec_beside_the_file_goes_before_what_it_says(tmp_path: Path) -> None:
    path = classifier(tmp_path)
    spec = ModelSpec(
        name="classifier",
        task="image_classification",
        labels=("a", "b", "c"),
        files={"float32": ModelFile(file=path.name, sha256="")},
        default="float32",
        nodes={"ImageToTensorCalculator": {"output_tensor_width": 4}},
    )
    write_model_spec(spec, tmp_path / "classifier.json")
    assert image_classifier_spec(TfliteFile(path)) == spec


def test_models_for_something_else_are_refused(tmp_path: Path) -> None:
    path = classifier(tmp_path)
    spec = ModelSpec(
        name="classifier",
        task="object_detection",
        files={"float32": ModelFile(file=path.name, sha256="")},
        default="float32",
    )
    write_model_spec(spec, tmp_path / "classifier.json")
    with pytest.raises(ModelError, match="is for object_detection; image classification needs"):
        image_classifier_spec(TfliteFile(path))


@pytest.mark.parametrize("scores", [[[[0.1, 0.2], [0.3, 0.4]]], [[0.5]]])
def test_outputs_that_are_no_scores_are_refused(tmp_path: Path, scores: object) -> None:
    with pytest.raises(ModelError, match=r"one output \[1, classes\] is needed, found scores"):
        image_classifier_spec(TfliteFile(classifier(tmp_path, scores)))


def test_as_many_labels_as_scores_are_needed(tmp_path: Path) -> None:
    path = classifier(tmp_path, labels={"labels.txt": "cat\ndog\n"})
    with pytest.raises(ModelError, match="gives 3 scores, but 2 labels are known"):
        image_classifier_spec(TfliteFile(path))
