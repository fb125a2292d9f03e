"""Public models between the calculators; skips without the data folder."""

from math import pi
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from flowlace.calculators.inference.box_overlap import OverlapType
from flowlace.calculators.inference.detection_label_id_to_text import (
    DetectionLabelIdToTextCalculator,
    DetectionLabelIdToTextOptions,
)
from flowlace.calculators.inference.detection_projection import DetectionProjectionCalculator
from flowlace.calculators.inference.image_to_tensor import (
    FloatRange,
    ImageToTensorCalculator,
    ImageToTensorOptions,
    UIntRange,
)
from flowlace.calculators.inference.non_max_suppression import (
    NmsAlgorithm,
    NonMaxSuppressionCalculator,
    NonMaxSuppressionOptions,
)
from flowlace.calculators.inference.ssd_anchors import SsdAnchorsCalculator, SsdAnchorsOptions
from flowlace.calculators.inference.tensors_to_classification import (
    TensorsToClassificationCalculator,
    TensorsToClassificationOptions,
)
from flowlace.calculators.inference.tensors_to_detections import TensorsToDetectionsCalculator
from flowlace.calculators.inference.tensors_to_detections_options import (
    TensorsToDetectionsOptions,
)
from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.rect import NormalizedRect
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.calculator import Calculator
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.found_things import corner_and_size, keypoints

DATA = Path(__file__).parents[3].parent / "shared/data"
MODELS = DATA / "models"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not MODELS.exists(), reason=f"needs the public models in {MODELS}"),
]


def outputs_of(model: str, tensor: Tensor) -> list[Tensor]:
    """Runs a model on a tensor that is written into the model's own memory."""
    interpreter_class = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    interpreter = interpreter_class(str(MODELS / model), num_threads=1)
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    assert (tuple(given["shape"]), given["dtype"]) == (tensor.shape, tensor.dtype)
    tensor.write_into(interpreter.tensor(given["index"])())
    interpreter.invoke()
    return [_output(interpreter, each) for each in interpreter.get_output_details()]


def _output(interpreter: Any, details: Any) -> Tensor:
    scale, zero_point = details["quantization"]
    quantization = Quantization(scale, zero_point) if scale else None
    values = interpreter.get_tensor(details["index"])
    return Tensor(values, name=details["name"], quantization=quantization)


def picture(path: Path) -> Image:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return Image(ImageFormat.SRGB, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def street() -> Image:
    video = cv2.VideoCapture(str(DATA / "video/pedestrians_vtest_480.avi"))
    is_read, pixels = video.read()
    assert is_read
    return Image(ImageFormat.SRGB, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def ran(calculator: type[Calculator[Any]], options: Any = None, **streams: Any) -> CalculatorRun:
    side = streams.pop("side_packets", None)
    inputs = {tag: [at(0, payload)] for tag, payload in streams.items()}
    return run_calculator(calculator, options, inputs=inputs, side_packets=side)


def test_a_finished_detector_finds_people_on_the_street() -> None:
    options = ImageToTensorOptions(
        output_tensor_width=300,
        output_tensor_height=300,
        output_tensor_uint_range=UIntRange(min=0, max=255),
    )
    ((tensor,),) = ran(ImageToTensorCalculator, options, IMAGE=street()).payloads("TENSORS")
    outputs = outputs_of("coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", tensor)
    detector = TensorsToDetectionsOptions(num_classes=90, num_coords=4, min_score_thresh=0.5)
    run = ran(TensorsToDetectionsCalculator, detector, TENSORS=outputs)
    (found,) = run.payloads("DETECTIONS")
    names = DetectionLabelIdToTextOptions(label_map_path=str(MODELS / "labelmap.txt"))
    named = ran(DetectionLabelIdToTextCalculator, names, detections=found)
    boxes, classes, scores = (each.array[0] for each in outputs[:3])
    wanted = [tuple(row) for row in boxes[scores >= 0.5]]
    assert len(found) == len(wanted) >= 3
    assert [each.label_id[0] for each in found] == classes[scores >= 0.5].tolist()
    for each, (ymin, xmin, ymax, xmax) in zip(found, wanted, strict=True):
        assert corner_and_size(each) == pytest.approx(
            (xmin, ymin, xmax - xmin, ymax - ymin), abs=1e-6
        )
    labels = [each.label for each in named.payloads("detections")[0]]
    assert labels.count(("person",)) >= 3


FACE_ANCHORS = SsdAnchorsOptions(
    num_layers=4,
    min_scale=0.1484375,
    max_scale=0.75,
    input_size_height=128,
    input_size_width=128,
    strides=(8, 16, 16, 16),
    aspect_ratios=(1.0,),
    fixed_anchor_size=True,
)
FACE_BOXES = TensorsToDetectionsOptions(
    num_classes=1,
    num_boxes=896,
    num_coords=16,
    keypoint_coord_offset=4,
    num_keypoints=6,
    sigmoid_score=True,
    score_clipping_thresh=100.0,
    reverse_output_order=True,
    x_scale=128.0,
    y_scale=128.0,
    h_scale=128.0,
    w_scale=128.0,
    min_score_thresh=0.5,
)
FACE_SUPPRESSION = NonMaxSuppressionOptions(
    min_suppression_threshold=0.3,
    overlap_type=OverlapType.INTERSECTION_OVER_UNION,
    algorithm=NmsAlgorithm.WEIGHTED,
    return_empty_detections=True,
)


def faces_in(image: Image, region: NormalizedRect) -> list[Detection]:
    """Finds faces in a region as MediaPipe's graph for short range does."""
    options = ImageToTensorOptions(
        output_tensor_width=128,
        output_tensor_height=128,
        keep_aspect_ratio=True,
        output_tensor_float_range=FloatRange(min=-1.0, max=1.0),
    )
    prepared = ran(ImageToTensorCalculator, options, IMAGE=image, NORM_RECT=region)
    ((tensor,),) = prepared.payloads("TENSORS")
    anchors = run_calculator(SsdAnchorsCalculator, FACE_ANCHORS).side_packets["anchors"]
    decoded = ran(
        TensorsToDetectionsCalculator,
        FACE_BOXES,
        TENSORS=outputs_of("face_detection_front.tflite", tensor),
        side_packets={"ANCHORS": anchors},
    )
    (found,) = decoded.payloads("DETECTIONS")
    kept = ran(NonMaxSuppressionCalculator, FACE_SUPPRESSION, detections=found)
    projected = ran(
        DetectionProjectionCalculator,
        DETECTIONS=kept.payloads("detections")[0],
        PROJECTION_MATRIX=prepared.payloads("MATRIX")[0],
    )
    (faces,) = projected.payloads("DETECTIONS")
    assert isinstance(faces, list)
    return faces


HEADS = {
    "emergency/088acec1-51a6": (0.46, 0.25),
    "photo/3d9494c7-f3a4": (0.48, 0.48),
    "video/ff304331-caae": (0.54, 0.33),
}
"""Where a person's face is, by eye; a twelfth of the picture's height."""


@pytest.mark.parametrize("degrees", [0, -15, 10])
@pytest.mark.parametrize("name", HEADS)
def test_a_raw_detector_finds_the_face_in_a_region(name: str, degrees: float) -> None:
    image = picture(DATA / "actions/gesture_frames/dev" / f"{name}.jpg")
    x, y = HEADS[name]
    region = NormalizedRect(
        x_center=x, y_center=y, width=0.3, height=0.4, rotation=degrees * pi / 180
    )
    (face,) = faces_in(image, region)
    right_eye, left_eye, nose, mouth, *ears = keypoints(face)
    assert len(ears) == 2
    assert nose == pytest.approx((x, y), abs=0.03)
    assert right_eye[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < mouth[1]
    left, top, width, height = corner_and_size(face)
    assert left < nose[0] < left + width
    assert top < nose[1] < top + height
    assert 0.04 < height < 0.15


def test_a_quantised_classifier_gives_scores_that_mean_themselves() -> None:
    options = ImageToTensorOptions(
        output_tensor_width=224,
        output_tensor_height=224,
        output_tensor_uint_range=UIntRange(min=0, max=255),
    )
    ((tensor,),) = ran(ImageToTensorCalculator, options, IMAGE=street()).payloads("TENSORS")
    outputs = outputs_of("mobilenet_v2_1.0_224_quant.tflite", tensor)
    best = TensorsToClassificationOptions(top_k=5)
    run = ran(TensorsToClassificationCalculator, best, TENSORS=outputs)
    found = run.payloads("CLASSIFICATIONS")[0].classification
    logits = outputs[0].floats[0]
    assert [each.index for each in found] == np.argsort(-logits, kind="stable")[:5].tolist()
    assert found[0].score == pytest.approx(float(logits.max()))
