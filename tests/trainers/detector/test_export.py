"""The files a trained detector becomes, and that MediaPipe's formulas decode them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from flowlace_trainers import tflite
from flowlace_trainers.detector import export
from flowlace_trainers.detector.export import export_detector, tflite_detector
from flowlace_trainers.detector.network import Detector, cell_middles, corners
from flowlace_trainers.detector.task import torch_detector
from flowlace_trainers.errors import TrainerError

from flowlace.inference.model_spec import ModelSpec, read_model_spec
from tests.trainers.detector.toys import CONFIG, HEIGHT, LABELS, NETWORK, WIDTH, Shapes

SAMPLES = Shapes(12, 1)


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(1)
    made = Detector(NETWORK)
    for _ in range(30):  # norms learn what pictures look like
        made(torch.from_numpy(_pictures()).permute(0, 3, 1, 2))
    return made.eval()


@pytest.fixture(scope="module")
def folder(detector: Detector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    export_detector(detector, CONFIG, SAMPLES, made, {"seed": 1})
    return made


@pytest.fixture(scope="module")
def spec(folder: Path) -> ModelSpec:
    return read_model_spec(folder / "shapes.json")


def _pictures() -> np.ndarray:
    return np.stack([SAMPLES[n].image for n in range(12)]).astype(np.float32) / 255


def test_the_spec_names_both_files_with_their_digests(spec: ModelSpec, folder: Path) -> None:
    assert {name: one.file for name, one in spec.files.items()} == {
        "float32": "shapes_f32.tflite",
        "int8": "shapes_int8.tflite",
    }
    for one in spec.files.values():
        assert hashlib.sha256((folder / one.file).read_bytes()).hexdigest() == one.sha256
    assert (spec.task, spec.labels, spec.default) == ("object_detection", LABELS, "int8")


def test_inputs_and_outputs_are_floats_of_the_contract(spec: ModelSpec, folder: Path) -> None:
    cells = spec.options("TensorsToDetectionsCalculator")["num_boxes"]
    for one in spec.files.values():
        interpreter = Interpreter(str(folder / one.file))
        (entry,) = interpreter.get_input_details()
        boxes, scores = interpreter.get_output_details()
        assert entry["shape"].tolist() == [1, HEIGHT, WIDTH, 3]
        assert boxes["shape"].tolist() == [1, cells, 4]
        assert scores["shape"].tolist() == [1, cells, len(LABELS)]
        assert {one["dtype"] for one in (entry, boxes, scores)} == {np.float32}


def test_the_float_file_says_what_torch_says(detector: Detector, folder: Path) -> None:
    content = (folder / "shapes_f32.tflite").read_bytes()
    for wanted, given in zip(
        torch_detector(detector)(_pictures()[:2]),
        tflite_detector(content)(_pictures()[:2]),
        strict=True,
    ):
        np.testing.assert_allclose(given, wanted, atol=2e-3, rtol=2e-3)


def test_models_stay_within_four_dimensions_and_safe_operations(folder: Path) -> None:
    interpreter = Interpreter(str(folder / "shapes_int8.tflite"))
    names = {one["op_name"] for one in interpreter._get_ops_details()}
    assert "BROADCAST_TO" not in names
    assert max(len(one["shape"]) for one in interpreter.get_tensor_details()) <= 4


def test_facts_are_in_the_files(folder: Path) -> None:
    facts, labels = tflite.read_card((folder / "shapes_int8.tflite").read_bytes())
    assert (facts["seed"], facts["precision"], tuple(labels)) == (1, "int8", LABELS)
    assert facts["agreement_db"] > export.INT8_LEAST_DB


def test_mediapipes_formulas_give_the_boxes_that_were_trained(
    detector: Detector, spec: ModelSpec
) -> None:
    raw = detector(torch.from_numpy(_pictures()[:1]).permute(0, 3, 1, 2))
    with torch.no_grad():
        trained = corners(raw.boxes, cell_middles(WIDTH, HEIGHT)[0])[0].numpy()
    decoded = mediapipe_boxes(raw.boxes[0].detach().numpy(), spec)
    np.testing.assert_allclose(decoded * (WIDTH, HEIGHT, WIDTH, HEIGHT), trained, atol=1e-3)


def mediapipe_boxes(raw: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """Left, top, right, bottom as shares, after ssd_anchors_ and tensors_to_detections_…cc."""
    anchors = spec.options("SsdAnchorsCalculator")
    assert (anchors["fixed_anchor_size"], anchors["aspect_ratios"]) == (True, [1.0])
    assert anchors["interpolated_scale_aspect_ratio"] == 0
    assert len(set(anchors["strides"])) == anchors["num_layers"]
    centres = []
    for stride in anchors["strides"]:
        rows = int(np.ceil(anchors["input_size_height"] / stride))
        columns = int(np.ceil(anchors["input_size_width"] / stride))
        y, x = np.mgrid[:rows, :columns]
        centres.append(np.stack([(x + 0.5) / columns, (y + 0.5) / rows], -1).reshape(-1, 2))
    middles = np.concatenate(centres)
    options = spec.options("TensorsToDetectionsCalculator")
    assert len(middles) == options["num_boxes"]
    assert options["box_format"] == "XYWH"
    scales = np.array([options[name] for name in ("x_scale", "y_scale", "w_scale", "h_scale")])
    shares = raw / scales
    centre = shares[:, :2] + middles
    return np.concatenate([centre - shares[:, 2:] / 2, centre + shares[:, 2:] / 2], 1)


def test_a_model_that_conversion_changed_is_not_written(
    detector: Detector, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (folder / "shapes_f32.tflite").read_bytes()
    monkeypatch.setattr(export, "FLOAT_LEAST_DB", 500.0)
    monkeypatch.setattr(tflite, "converted", lambda model, shape: content)
    monkeypatch.setattr(tflite, "quantized", lambda content, inputs, keep_float: content)
    with pytest.raises(TrainerError, match=r"shapes_f32\.tflite: exported and trained model agree"):
        export_detector(detector, CONFIG, SAMPLES, tmp_path, {})
    assert list(tmp_path.glob("*.tflite")) == []
