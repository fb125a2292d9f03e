"""The detector that ships finds what it claims to find, decoded as MediaPipe decodes it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from flowlace.inference.model_spec import ModelSpec, read_model_spec
from flowlace.sources.testsrc.scene import LABELS, SceneBox
from flowlace.sources.testsrc.street import StreetOptions, StreetSource

FOLDER = Path(__file__).parents[2] / "models" / "object_detection"
SPEC = read_model_spec(FOLDER / "street_detector.json")
UNSEEN_SEEDS = (1, 7)  # training, development and evaluation begin at 10 000
Boxes = NDArray[np.float32]


@pytest.fixture(scope="module", params=["float32", "int8"])
def detect(request: pytest.FixtureRequest) -> Callable[[NDArray[np.uint8]], tuple[Boxes, Boxes]]:
    interpreter = Interpreter(str(FOLDER / SPEC.files[request.param].file), num_threads=1)
    interpreter.allocate_tensors()

    def run(image: NDArray[np.uint8]) -> tuple[Boxes, Boxes]:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], prepared(image, SPEC))
        interpreter.invoke()
        boxes, logits = (
            interpreter.get_tensor(one["index"])[0] for one in interpreter.get_output_details()
        )
        return decoded(boxes, SPEC), 1 / (1 + np.exp(-logits))

    return run


def prepared(image: NDArray[np.uint8], spec: ModelSpec) -> NDArray[np.float32]:
    options = spec.options("ImageToTensorCalculator")
    width, height = options["output_tensor_width"], options["output_tensor_height"]
    rows = round(image.shape[0] * width / image.shape[1])
    scaled = cv2.resize(image, (width, rows), interpolation=cv2.INTER_LINEAR)
    bar = (height - rows) // 2
    whole = cv2.copyMakeBorder(scaled, bar, height - rows - bar, 0, 0, cv2.BORDER_CONSTANT)
    return (whole.astype(np.float32) / 127.5 - 1)[None]


def decoded(raw: Boxes, spec: ModelSpec) -> Boxes:
    """Corners as shares of the picture with its bars."""
    anchors = spec.options("SsdAnchorsCalculator")
    centres = []
    for stride in anchors["strides"]:
        rows, columns = (
            anchors["input_size_height"] // stride,
            anchors["input_size_width"] // stride,
        )
        y, x = np.mgrid[:rows, :columns]
        centres.append(np.stack([(x + 0.5) / columns, (y + 0.5) / rows], -1).reshape(-1, 2))
    options = spec.options("TensorsToDetectionsCalculator")
    shares = raw / [options[name] for name in ("x_scale", "y_scale", "w_scale", "h_scale")]
    middles = np.concatenate(centres) + shares[:, :2]
    return np.concatenate([middles - shares[:, 2:] / 2, middles + shares[:, 2:] / 2], 1)


def overlaps(truth: SceneBox, boxes: Boxes) -> Boxes:
    """Of a box in a 640×360 frame with boxes as shares of 384×224, which shows it at 384×216."""
    corners = np.array([truth.x, truth.y, truth.x + truth.w, truth.y + truth.h])
    shown = np.clip(corners, 0, (640, 360, 640, 360)) * 0.6 + (0, 4, 0, 4)
    found = boxes * (384, 224, 384, 224)
    shared = np.minimum(found[:, 2:], shown[2:]) - np.maximum(found[:, :2], shown[:2])
    area = np.maximum(shared, 0).prod(1)
    whole = (found[:, 2:] - found[:, :2]).prod(1) + (shown[2:] - shown[:2]).prod()
    return area / (whole - area)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_files_are_those_of_the_spec_and_the_card(precision: str) -> None:
    one = SPEC.files[precision]
    digest = hashlib.sha256((FOLDER / one.file).read_bytes()).hexdigest()
    assert digest == one.sha256
    assert digest in (FOLDER / "card.md").read_text()


def test_the_spec_fits_the_model() -> None:
    interpreter = Interpreter(str(FOLDER / SPEC.files[SPEC.default].file))
    boxes, scores = interpreter.get_output_details()
    options = SPEC.options("TensorsToDetectionsCalculator")
    assert boxes["shape"].tolist() == [1, options["num_boxes"], options["num_coords"]]
    assert scores["shape"].tolist() == [1, options["num_boxes"], options["num_classes"]]
    assert SPEC.labels == LABELS


@pytest.mark.parametrize("seed", UNSEEN_SEEDS)
def test_what_is_plain_to_see_on_an_unseen_street_is_found(
    detect: Callable[[NDArray[np.uint8]], tuple[Boxes, Boxes]], seed: int
) -> None:
    source = StreetSource(StreetOptions(seed=seed, seconds=0))
    least = SPEC.options("TensorsToDetectionsCalculator")["min_score_thresh"]
    hits = []
    for number in range(0, 600, 100):
        boxes, scores = detect(source.image(number).pixels)
        kinds, sure = scores.argmax(1), scores.max(1) >= least
        plain = [
            box
            for box in source.ground_truth(number)
            if box.visible_fraction > 0.8 and min(box.w, box.h) >= 16
        ]
        hits += [
            bool(((overlaps(box, boxes) > 0.5) & sure & (kinds == LABELS.index(box.label))).any())
            for box in plain
        ]
    assert len(hits) >= 30
    assert np.mean(hits) > 0.9


def test_an_empty_street_is_empty(
    detect: Callable[[NDArray[np.uint8]], tuple[Boxes, Boxes]],
) -> None:
    source = StreetSource(StreetOptions(seed=3, density=0.0, seconds=0))
    least = SPEC.options("TensorsToDetectionsCalculator")["min_score_thresh"]
    shown = (detect(source.image(number).pixels) for number in range(0, 300, 60))
    finds = [int((scores.max(1) >= least).sum()) for _, scores in shown]
    assert sum(finds) <= 1
