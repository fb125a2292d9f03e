"""The detection subgraph on real detectors: MediaPipe's own results, and the packaged one."""

from pathlib import Path

import pytest

from flowlace.formats.detection import Detection
from flowlace.formats.image import Image
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.sources.testsrc.street import StreetOptions, StreetSource
from flowlace.sources.video_file import VideoFileSource
from tests.inference.test_tflite_file import MODELS, needs_models
from tests.inference.tiny_models import TinyModel, adding

COCO_SSD = MODELS / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
BLAZEFACE = MODELS / "face_detection_front.tflite"
STREET = MODELS.parent / "video" / "pedestrians_vtest_480.avi"

TASK_RESULTS = [
    ("person", 0.73046875, 312, 100, 17, 42),
    ("car", 0.69921875, 456, 28, 25, 27),
    ("person", 0.6875, 157, 134, 20, 57),
    ("person", 0.64453125, 402, 151, 21, 47),
    ("skis", 0.55078125, 402, 195, 25, 8),
    ("person", 0.5234375, 104, 119, 6, 8),
    ("car", 0.51171875, 402, 25, 49, 36),
]
"""What MediaPipe 1.2.2's object detector finds in the first frame, whole pixels."""


def graph_text(options: str = "", region: str = "") -> str:
    return f"""
    input_stream: "pictures"
    {'input_stream: "regions"' if region else ""}
    node {{
      calculator: "ObjectDetectionSubgraph"
      input_stream: "IMAGE:pictures"
      {region}
      output_stream: "DETECTIONS:found"
      options {{ [flowlace.ObjectDetectionOptions.ext] {{ {options} }} }}
    }}"""


def detect(image: Image, options: str) -> list[Detection]:
    graph = CalculatorGraph(load_graph_config(graph_text(options)))
    found: list[list[Detection]] = []
    graph.observe_output_stream("found", lambda packet: found.append(packet.payload))
    graph.start_run()
    graph.add_packet_to_input_stream("pictures", Packet(image, 0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return found[0]


def node_kinds(options: str, region: str = "") -> list[str]:
    plan = validate_graph(graph_text(options, region))
    return [node.contract.calculator.removesuffix("Calculator") for node in plan.nodes]


@needs_models
@pytest.mark.data
def test_a_detector_gives_what_mediapipe_s_task_gives() -> None:
    frame = VideoFileSource(STREET).read()
    assert frame is not None
    found = detect(frame.payload, f'model_path: "{COCO_SSD}" min_score_threshold: 0.5')
    assert [(each.label[0], each.score[0]) for each in found] == [
        (label, score) for label, score, *_ in TASK_RESULTS
    ]
    for each, (_, _, *wanted) in zip(found, TASK_RESULTS, strict=True):
        box = each.location_data.relative_bounding_box
        assert box is not None
        pixels = (box.xmin * 480, box.ymin * 360, box.width * 480, box.height * 360)
        assert pixels == pytest.approx(wanted, abs=1)


@needs_models
@pytest.mark.data
def test_labels_are_allowed_and_ignored_by_name() -> None:
    frame = VideoFileSource(STREET).read()
    assert frame is not None
    options = f'model_path: "{COCO_SSD}" min_score_threshold: 0.5'
    cars = detect(frame.payload, options + ' allow_labels: "car"')
    assert [each.label for each in cars] == [("car",), ("car",)]
    others = detect(frame.payload, options + ' ignore_labels: "person" ignore_labels: "car"')
    assert [each.label for each in others] == [("skis",)]


@needs_models
@pytest.mark.data
def test_no_more_than_the_best_results_are_given() -> None:
    frame = VideoFileSource(STREET).read()
    assert frame is not None
    found = detect(frame.payload, f'model_path: "{COCO_SSD}" max_results: 2')
    assert [each.score[0] for each in found] == [0.73046875, 0.69921875]


@needs_models
@pytest.mark.data
def test_a_decoded_detector_needs_no_anchors_and_no_suppression() -> None:
    assert node_kinds(f'model_path: "{COCO_SSD}"') == [
        "ImageToTensor",
        "Inference",
        "TensorsToDetections",
        "DetectionLabelIdToText",
    ]


@needs_models
@pytest.mark.data
def test_a_region_is_projected_back_to_the_whole_picture() -> None:
    region = 'input_stream: "NORM_RECT:regions"'
    assert "DetectionProjection" in node_kinds(f'model_path: "{COCO_SSD}"', region)


@needs_models
@pytest.mark.data
def test_a_public_model_without_metadata_is_known_by_its_digest() -> None:
    kinds = node_kinds(f'model_path: "{BLAZEFACE}"')
    assert {"SsdAnchors", "NonMaxSuppression", "DetectionProjection"} <= set(kinds)


@needs_models
@pytest.mark.data
def test_an_unknown_label_lists_those_there_are() -> None:
    with pytest.raises(GraphConfigError, match=r"has no label 'unicorn'; it has: person, bicycle"):
        validate_graph(graph_text(f'model_path: "{COCO_SSD}" allow_labels: "unicorn"'))


def test_a_model_that_is_no_detector_tells_its_outputs(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding(shape=(1, 4, 4, 3))]).write(tmp_path / "add.tflite")
    with pytest.raises(GraphConfigError, match=r"'add.tflite' .*range of floats.*mean and std"):
        validate_graph(graph_text(f'model_path: "{path}"'))


def test_a_model_that_takes_no_picture_tells_its_inputs(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite")
    with pytest.raises(GraphConfigError, match=r"expects no picture.* x float32\[1, 3\]"):
        validate_graph(graph_text(f'model_path: "{path}"'))


def test_the_packaged_detector_finds_what_is_in_the_test_street() -> None:
    source = StreetSource(StreetOptions(seed=3, seconds=1))
    found = detect(source.image(0), "min_score_threshold: 0.5")
    truth = [box for box in source.ground_truth(0) if box.visible_fraction > 0.6 and box.w > 30]
    assert truth
    assert {each.label[0] for each in found} >= {box.label for box in truth}
