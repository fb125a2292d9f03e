"""ObjectDetectionSubgraph: any detector, set by what its file says, from picture to labels."""

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.inference.tiny_metadata import Decoding, TensorSaid, metadata
from tests.inference.tiny_models import TinyModel, answering

PICTURE = TensorSaid(name="image", mean=[127.5], std=[127.5])
LABELS = {"labels.txt": "person\ncar\nbus\n"}
ANCHORS = [(0.25, 0.75, 0.5, 0.25), (0.5, 0.5, 1.0, 0.5)]
"""x_center, y_center, width, height"""
RAW_BOXES = [[[1.0, 0.5, log(2), 0.0], [0.0, 0.0, 0.0, 0.0]]]
"""y, x, h, w for each anchor"""
RAW_SCORES = [[[-9.0, 2.0, -9.0], [-9.0, -9.0, 1.0]]]


def logistic(value: float) -> float:
    return 1 / (1 + exp(-value))


def written(
    folder: Path, outputs: Mapping[str, Any], said: bytes, packed: Mapping[str, str] = LABELS
) -> Path:
    model = TinyModel(
        graphs=[answering(outputs)], metadata={"TFLITE_METADATA": said}, packed=packed
    )
    return model.write(folder / "detector.tflite")


def found(model: Path, more: str = "") -> list[Detection]:
    graph = CalculatorGraph(f"""
        input_stream: "pictures"
        output_stream: "detections"
        node {{
          calculator: "ObjectDetectionSubgraph"
          input_stream: "IMAGE:pictures"
          output_stream: "DETECTIONS:detections"
          options {{ [flowlace.ObjectDetectionOptions.ext] {{ model_path: "{model}" {more} }} }}
        }}
    """)
    results: list[list[Detection]] = []
    graph.observe_output_stream("detections", lambda packet: results.append(packet.payload))
    graph.start_run()
    picture = Image(ImageFormat.SRGB, np.zeros((40, 60, 3), np.uint8))
    graph.add_packet_to_input_stream("pictures", Packet(picture, 0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    (only,) = results
    return only


def box(detection: Detection) -> tuple[float, ...]:
    relative = detection.location_data.relative_bounding_box
    assert relative is not None
    return relative.xmin, relative.ymin, relative.width, relative.height


def raw_detector(
    folder: Path,
    names: Sequence[str] = ("location", "score"),
    *,
    threshold: float | None = None,
    **more: Any,
) -> Path:
    values = {"location": RAW_BOXES, "score": RAW_SCORES}
    said = metadata(
        [PICTURE],
        [
            TensorSaid(name=name, label_file="labels.txt", score_threshold=threshold)
            for name in names
        ],
        Decoding(anchors=ANCHORS, num_classes=3, scales=(2.0, 4.0, 1.0, 1.0), **more).entry(),
    )
    return written(folder, {name: values[name] for name in names}, said)


def test_raw_boxes_are_decoded_by_the_anchors_and_scales_of_the_metadata(tmp_path: Path) -> None:
    car, bus = found(raw_detector(tmp_path), "min_score_threshold: 0.5")
    assert (car.label, bus.label) == (("car",), ("bus",))
    assert car.score == pytest.approx([logistic(2)])
    assert bus.score == pytest.approx([logistic(1)])
    # x 0.25 + 0.5 / 2 · 0.5, y 0.75 + 1 / 4 · 0.25; 0.5 wide and 0.25 · 2 high.
    assert box(car) == pytest.approx((0.375 - 0.25, 0.8125 - 0.25, 0.5, 0.5))
    assert box(bus) == pytest.approx((0.0, 0.25, 1.0, 0.5))


def test_scores_may_come_before_boxes(tmp_path: Path) -> None:
    usual = found(raw_detector(tmp_path), "min_score_threshold: 0.5")
    turned = raw_detector(tmp_path, names=("score", "location"))
    assert found(turned, "min_score_threshold: 0.5") == usual


def test_raw_scores_have_the_threshold_of_the_metadata(tmp_path: Path) -> None:
    (car,) = found(raw_detector(tmp_path, threshold=0.8))
    assert car.label == ("car",)


def test_scores_of_four_classes_are_told_from_boxes_by_their_name(tmp_path: Path) -> None:
    scores = np.full((1, 2, 4), -9.0)
    scores[0, 1, 3] = 1
    said = metadata(
        [PICTURE],
        [TensorSaid(name="score", label_file="labels.txt"), TensorSaid(name="location")],
        Decoding(anchors=ANCHORS, num_classes=4).entry(),
    )
    labels = {"labels.txt": "person\ncar\nbus\ntrain\n"}
    model = written(tmp_path, {"score": scores, "location": RAW_BOXES}, said, labels)
    (train,) = found(model, "min_score_threshold: 0.5")
    assert train.label == ("train",)
    assert box(train) == pytest.approx((0.0, 0.25, 1.0, 0.5))


def test_outputs_of_one_size_without_names_are_refused(tmp_path: Path) -> None:
    said = metadata([PICTURE], [], Decoding(anchors=ANCHORS, num_classes=4).entry())
    outputs = {"a": np.zeros((1, 2, 4)), "b": np.zeros((1, 2, 4))}
    with pytest.raises(GraphConfigError, match="which of its outputs holds boxes"):
        found(written(tmp_path, outputs, said))


def test_metadata_without_a_size_of_keypoints_will_do(tmp_path: Path) -> None:
    assert len(found(raw_detector(tmp_path, num_values_per_keypoint=0))) == 2


def test_a_number_of_anchors_other_than_that_of_boxes_is_an_error(tmp_path: Path) -> None:
    said = metadata(
        [PICTURE],
        [TensorSaid(name="location"), TensorSaid(name="score")],
        Decoding(anchors=[*ANCHORS, ANCHORS[0]], num_classes=3).entry(),
    )
    model = written(tmp_path, {"location": RAW_BOXES, "score": RAW_SCORES}, said)
    with pytest.raises(FlowlaceError, match=r"\[1, 2, 4\], but \[1, 3, 4\] is expected"):
        found(model)


def decoded_detector(folder: Path, said: Sequence[TensorSaid], **changes: Any) -> Path:
    values = {
        "location": [[[0.1, 0.2, 0.5, 0.8], [0.0, 0.0, 1.0, 1.0]]],
        "category": [[2.0, 0.0]],
        "score": [[0.9, 0.3]],
        "number of detections": [2.0],
    } | changes
    names = [one.name for one in said] if len(said) == 4 else list(values)
    outputs = {name: np.array(values[name]) for name in names}
    return written(folder, outputs, metadata([PICTURE], said))


SAID = (
    TensorSaid(name="location", box_order=(1, 0, 3, 2)),
    TensorSaid(name="category", label_file="labels.txt"),
    TensorSaid(name="score", score_threshold=0.5),
    TensorSaid(name="number of detections"),
)


def test_finished_boxes_get_labels_and_the_threshold_of_the_metadata(tmp_path: Path) -> None:
    (bus,) = found(decoded_detector(tmp_path, SAID))
    assert bus.label == ("bus",)
    assert box(bus) == pytest.approx((0.2, 0.1, 0.6, 0.4))


def test_finished_outputs_come_in_the_order_the_metadata_says(tmp_path: Path) -> None:
    usual = found(decoded_detector(tmp_path, SAID))
    assert found(decoded_detector(tmp_path, SAID[::-1])) == usual


def test_boxes_start_left_where_the_metadata_names_no_order(tmp_path: Path) -> None:
    said = (TensorSaid(name="location", box_order=()), *SAID[1:])
    (bus,) = found(decoded_detector(tmp_path, said))
    assert box(bus) == pytest.approx((0.1, 0.2, 0.4, 0.6))


def test_boxes_start_at_the_top_where_nothing_is_said_about_them(tmp_path: Path) -> None:
    said = (TensorSaid(name="location"), *SAID[1:])
    (bus,) = found(decoded_detector(tmp_path, said))
    assert box(bus) == pytest.approx((0.2, 0.1, 0.6, 0.4))


def test_metadata_about_fewer_outputs_than_there_are_is_not_used_for_them(tmp_path: Path) -> None:
    first, second = found(decoded_detector(tmp_path, SAID[:1]))
    assert (first.label, second.label) == (("bus",), ("person",))


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (TensorSaid(name="location", box_order=(0, 1, 2, 3), box_type=3), "boxes by their CENTER"),
        (TensorSaid(name="location", box_order=(0, 1, 2, 3), coordinates=1), "BOUNDARIES in PIXEL"),
    ],
)
def test_boxes_of_kinds_nobody_decodes_are_refused(
    tmp_path: Path, odd: TensorSaid, message: str
) -> None:
    with pytest.raises(GraphConfigError, match=message):
        found(decoded_detector(tmp_path, (odd, *SAID[1:])))


def test_classes_without_a_label_keep_their_number(tmp_path: Path) -> None:
    model = decoded_detector(tmp_path, SAID, category=[[7.0, 0.0]])
    (unknown,) = found(model)
    assert (unknown.label, unknown.label_id) == ((), (7,))


def test_a_wrong_number_of_outputs_is_refused_with_their_shapes(tmp_path: Path) -> None:
    model = written(tmp_path, {"a": np.zeros((1, 2, 4))}, metadata([PICTURE], []))
    with pytest.raises(GraphConfigError, match=r"expected 4 outputs .* found 1: a float32\[1, 2"):
        found(model)


def test_only_the_labels_asked_for_are_found(tmp_path: Path) -> None:
    (car,) = found(raw_detector(tmp_path), 'allow_labels: "car" min_score_threshold: 0.5')
    assert car.label == ("car",)


def test_a_label_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphConfigError, match="no label 'cat'; it has: person, car, bus"):
        found(raw_detector(tmp_path), 'allow_labels: "cat"')


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("max_results: 0", "1 or more, or -1 for all, not 0"),
        ("max_results: -5", "1 or more, or -1 for all, not -5"),
        ("min_suppression_threshold: 7", "within 0 and 1, not at 7"),
        ('allow_labels: "car" ignore_labels: "bus"', "exclude each other"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: str, message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        found(raw_detector(tmp_path), options)


@pytest.mark.parametrize("kind", [raw_detector, lambda folder: decoded_detector(folder, SAID)])
def test_no_more_than_the_best_results_are_found(
    tmp_path: Path, kind: Callable[[Path], Path]
) -> None:
    assert len(found(kind(tmp_path), "max_results: 1 min_score_threshold: 0.1")) == 1
