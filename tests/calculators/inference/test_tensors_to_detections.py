"""Detections out of raw boxes, compared with the formula one box at a time, and finished ones."""

from math import exp, inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowlace.calculators.inference.box_decoding import BoxFormat
from flowlace.calculators.inference.tensors_to_detections import TensorsToDetectionsCalculator
from flowlace.calculators.inference.tensors_to_detections_options import (
    BoxBoundariesIndices,
    TensorMapping,
    TensorsToDetectionsOptions,
)
from flowlace.formats.anchors import Anchors
from flowlace.formats.detection import Detection, LocationFormat, RelativeKeypoint
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError, FlowlaceError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in

UNIT: dict[str, Any] = {"x_scale": 1.0, "y_scale": 1.0, "w_scale": 1.0, "h_scale": 1.0}
ONE_ANCHOR = np.array([[0.5, 0.5, 1, 1]], np.float32)


def run_on(
    tensors: list[Any], anchors: Any = None, side: dict[str, Any] | None = None, **options: Any
) -> CalculatorRun:
    options = {"num_classes": 3, "num_coords": 4, **options}
    side_packets = dict(side or {})
    if anchors is not None:
        side_packets["ANCHORS"] = Anchors(np.asarray(anchors, np.float32))
    made = [each if isinstance(each, Tensor) else Tensor(np.float32(each)) for each in tensors]
    return run_calculator(
        TensorsToDetectionsCalculator,
        TensorsToDetectionsOptions(**options),
        TENSORS=[at(3, made)],
        side_packets=side_packets,
    )


def detections_of(*args: Any, **options: Any) -> list[Detection]:
    run = run_on(*args, **options)
    assert run.timestamps("DETECTIONS") == [3]
    (found,) = run.payloads("DETECTIONS")
    assert isinstance(found, list)
    return found


def box(detection: Detection) -> tuple[float, ...]:
    assert detection.location_data.format is LocationFormat.RELATIVE_BOUNDING_BOX
    found = detection.location_data.relative_bounding_box
    assert found is not None
    return found.xmin, found.ymin, found.width, found.height


def raw(boxes: Any, scores: Any, anchors: Any = ONE_ANCHOR, **options: Any) -> list[Detection]:
    count = len(scores)
    options = {"num_boxes": count, "num_classes": np.shape(scores)[1], **UNIT, **options}
    return detections_of([[boxes], [scores]], anchors, **options)


# Raw boxes.


def test_a_raw_box_is_relative_to_its_anchor() -> None:
    anchors = [[0.4, 0.3, 0.2, 0.1]]
    (found,) = raw([[1.0, 2.0, 3.0, 4.0]], [[0.1, 0.9, 0.2]], anchors, x_scale=10.0, y_scale=5.0)
    assert (found.label_id, found.score) == ((1,), (pytest.approx(0.9),))
    width, height = 4 * 0.1, 3 * 0.2
    x, y = 2 / 10 * 0.1 + 0.3, 1 / 5 * 0.2 + 0.4
    assert box(found) == pytest.approx((x - width / 2, y - height / 2, width, height), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ({}, [0.2, 0.1, 0.4, 0.3]),
        ({"box_format": BoxFormat.UNSPECIFIED}, [0.2, 0.1, 0.4, 0.3]),
        ({"box_format": BoxFormat.YXHW}, [0.2, 0.1, 0.4, 0.3]),
        ({"box_format": BoxFormat.YXHW, "reverse_output_order": True}, [0.2, 0.1, 0.4, 0.3]),
        ({"reverse_output_order": True}, [0.1, 0.2, 0.3, 0.4]),
        ({"box_format": BoxFormat.XYWH}, [0.1, 0.2, 0.3, 0.4]),
        # Distances to the edges: left 0.05, top 0, right 0.25, bottom 0.4.
        ({"box_format": BoxFormat.XYXY}, [0.05, 0.0, 0.25, 0.4]),
    ],
)
def test_every_box_format_gives_the_same_box(options: dict[str, Any], row: list[float]) -> None:
    (found,) = raw([row], [[1.0]], [[0.5, 0.5, 1, 1]], **options)
    x, y, width, height = (0.6, 0.7, 0.3, 0.4)
    assert box(found) == pytest.approx((x - width / 2, y - height / 2, width, height), abs=1e-6)


def test_sizes_may_be_logarithms() -> None:
    options = {"w_scale": 5.0, "h_scale": 2.0, "apply_exponential_on_box_size": True}
    (found,) = raw([[0, 0, 1.0, -1.0]], [[1.0]], [[0.5, 0.5, 0.1, 0.2]], **options)
    assert box(found)[2:] == pytest.approx((exp(-1 / 5) * 0.2, exp(1 / 2) * 0.1))


def test_keypoints_are_decoded_as_boxes_are() -> None:
    options = {"num_coords": 8, "num_keypoints": 2, "keypoint_coord_offset": 4}
    anchors = [[0.5, 0.25, 2, 4]]
    row = [0, 0, 1, 1, 0.1, 0.2, 0.3, 0.4]
    (first,) = raw([row], [[1.0]], anchors, x_scale=2.0, **options)
    assert [(k.x, k.y) for k in first.location_data.relative_keypoints] == [
        pytest.approx((0.2 / 2 * 4 + 0.25, 0.1 * 2 + 0.5)),
        pytest.approx((0.4 / 2 * 4 + 0.25, 0.3 * 2 + 0.5)),
    ]
    (second,) = raw([row], [[1.0]], anchors, x_scale=2.0, reverse_output_order=True, **options)
    assert [(k.x, k.y) for k in second.location_data.relative_keypoints] == [
        pytest.approx((0.1 / 2 * 4 + 0.25, 0.2 * 2 + 0.5)),
        pytest.approx((0.3 / 2 * 4 + 0.25, 0.4 * 2 + 0.5)),
    ]


def test_the_box_may_stand_after_the_keypoints() -> None:
    options = {"num_coords": 6, "num_keypoints": 1, "box_coord_offset": 2}
    (found,) = raw([[0.1, 0.2, 0, 0, 0.5, 0.5]], [[1.0]], **options)
    assert box(found) == pytest.approx((0.25, 0.25, 0.5, 0.5))
    assert found.location_data.relative_keypoints[0].x == pytest.approx(0.7)


def test_y_may_count_from_the_bottom() -> None:
    options = {"num_coords": 6, "num_keypoints": 1, "keypoint_coord_offset": 4}
    row = [0.1, 0, 0.2, 0.4, 0.3, 0.0]
    (found,) = raw([row], [[1.0]], flip_vertically=True, **options)
    assert box(found) == pytest.approx((0.3, 1 - 0.7, 0.4, 0.2), abs=1e-6)
    assert found.location_data.relative_keypoints[0].y == pytest.approx(1 - 0.8)


NUMBERS = st.floats(-6, 6, width=32)


def reference(
    boxes: NDArray[Any], scores: NDArray[Any], anchors: NDArray[Any], threshold: float
) -> list[tuple[int, float, tuple[float, ...]]]:
    """Decodes one box at a time, as the formula is written."""
    found = []
    for row, logits, (y, x, h, w) in zip(boxes, scores, anchors, strict=True):
        best = max(range(len(logits)), key=lambda index: float(logits[index]))
        score = 1 / (1 + exp(-min(max(float(logits[best]), -4.0), 4.0)))
        middle_y, middle_x = row[0] / 10 * h + y, row[1] / 10 * w + x
        height, width = exp(row[2] / 5) * h, exp(row[3] / 5) * w
        if score >= threshold:
            corner = (middle_x - width / 2, middle_y - height / 2, width, height)
            found.append((best, score, corner))
    return found


@given(
    rows=st.lists(
        st.tuples(st.tuples(*[NUMBERS] * 4), st.tuples(*[NUMBERS] * 3)), min_size=1, max_size=12
    ),
    threshold=st.sampled_from([0.01, 0.3, 0.5, 0.7, 0.95, 0.99]),
    seed=st.integers(0, 9),
)
def test_all_boxes_at_once_are_what_they_are_one_by_one(
    rows: list[Any], threshold: float, seed: int
) -> None:
    boxes, scores = (np.array(part, np.float32) for part in zip(*rows, strict=True))
    anchors = np.random.default_rng(seed).uniform(0.1, 1, (len(rows), 4)).astype(np.float32)
    found = raw(
        boxes,
        scores,
        anchors,
        x_scale=10.0,
        y_scale=10.0,
        w_scale=5.0,
        h_scale=5.0,
        apply_exponential_on_box_size=True,
        sigmoid_score=True,
        score_clipping_thresh=4.0,
        min_score_thresh=threshold,
    )
    wanted = reference(boxes, scores, anchors, threshold)
    assert [each.label_id[0] for each in found] == [label for label, _, _ in wanted]
    assert [each.score[0] for each in found] == pytest.approx([score for _, score, _ in wanted])
    for each, (_, _, corner) in zip(found, wanted, strict=True):
        assert box(each) == pytest.approx(corner, abs=1e-5)


# Scores and classes.


def test_without_a_threshold_every_box_is_reported() -> None:
    found = raw(np.zeros((4, 4)), [[-5.0], [0.0], [5.0], [1.0]], np.ones((4, 4)))
    assert [each.score for each in found] == [(-5.0,), (0.0,), (5.0,), (1.0,)]


@pytest.mark.parametrize(("threshold", "kept"), [(0.5, 2), (0.500001, 1), (0.0, 3), (1.0, 0)])
def test_a_score_at_the_threshold_is_high_enough(threshold: float, kept: int) -> None:
    found = raw(
        np.zeros((3, 4)),
        [[-1.0], [0.0], [1.0]],
        np.ones((3, 4)),
        sigmoid_score=True,
        min_score_thresh=threshold,
    )
    assert len(found) == kept


def test_a_threshold_of_one_is_reached_by_a_sure_model() -> None:
    options = {"sigmoid_score": True, "min_score_thresh": 1.0}
    assert len(raw([[0, 0, 1, 1]], [[30.0]], **options)) == 1


@pytest.mark.parametrize(("limit", "kept"), [(0.5, 0), (3.0, 1), (None, 1)])
def test_clipped_scores_are_compared_as_they_are_reported(limit: float | None, kept: int) -> None:
    # sigmoid(0.5) is 0.62.
    options = {"sigmoid_score": True, "min_score_thresh": 0.7, "score_clipping_thresh": limit}
    assert len(raw([[0, 0, 1, 1]], [[2.0]], **options)) == kept


def test_clipping_lifts_what_is_below() -> None:
    options = {"sigmoid_score": True, "min_score_thresh": 0.3, "score_clipping_thresh": 0.5}
    (found,) = raw([[0, 0, 1, 1]], [[-50.0]], **options)
    assert found.score == (pytest.approx(1 / (1 + exp(0.5))),)


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({}, 0),
        ({"ignore_classes": (0,)}, 2),
        ({"ignore_classes": (0, 2)}, 1),
        ({"allow_classes": (1,)}, 1),
        ({"allow_classes": (1, 2, 77)}, 2),
    ],
)
def test_the_best_class_among_those_wanted_is_reported(options: dict[str, Any], label: int) -> None:
    (found,) = raw([[0, 0, 1, 1]], [[0.9, 0.1, 0.5]], **options)
    assert found.label_id == (label,)


def test_nothing_is_reported_where_no_class_is_wanted() -> None:
    assert raw([[0, 0, 1, 1]], [[0.9, 0.1, 0.5]], allow_classes=(7,)) == []


def test_a_side_packet_takes_the_place_of_ignored_classes() -> None:
    (found,) = raw(
        [[0, 0, 1, 1]],
        [[0.9, 0.1, 0.5]],
        ignore_classes=(2,),
        side={"IGNORE_CLASSES": [0]},
    )
    assert found.label_id == (2,)


def test_only_the_first_results_are_kept() -> None:
    scores = [[0.1], [0.8], [0.7], [0.9]]
    options = {"min_score_thresh": 0.5, "max_results": 2}
    found = raw(np.zeros((4, 4)), scores, np.ones((4, 4)), **options)
    assert [each.score[0] for each in found] == pytest.approx([0.8, 0.7])


# Tensors.


def test_quantised_outputs_are_read_as_what_they_stand_for() -> None:
    boxes = Tensor(
        np.array([[[10, 20, 30, 40]]], np.uint8),
        quantization=Quantization(scale=0.1, zero_point=10),
    )
    scores = Tensor(
        np.array([[[-128, 127]]], np.int8),
        quantization=Quantization(scale=1 / 256, zero_point=-128),
    )
    (found,) = detections_of([boxes, scores], ONE_ANCHOR, num_boxes=1, num_classes=2, **UNIT)
    assert (found.label_id, found.score) == ((1,), (pytest.approx(255 / 256),))
    assert box(found) == pytest.approx((0.5 + 1 - 1.5, 0.5 + 0 - 1, 3, 2), abs=1e-6)


def test_outputs_of_four_dimensions_are_the_same() -> None:
    options = {"num_boxes": 1, "num_classes": 1, **UNIT}
    boxes, scores = np.float32([[[[0, 0, 1, 1]]]]), np.float32([[[[0.5]]]])
    (found,) = detections_of([boxes, scores], ONE_ANCHOR, **options)
    assert box(found) == (0, 0, 1, 1)


def test_anchors_may_be_an_output_of_the_model() -> None:
    options = {"num_boxes": 1, "num_classes": 1, **UNIT}
    boxes, scores = [[[0, 0, 1, 1]]], [[[0.5]]]
    (found,) = detections_of([boxes, scores, [[0.5, 0.25, 0.2, 0.1]]], **options)
    assert box(found) == pytest.approx((0.2, 0.4, 0.1, 0.2))


def test_outputs_may_come_in_another_order() -> None:
    mapping = TensorMapping(
        detections_tensor_index=2, scores_tensor_index=0, anchors_tensor_index=1
    )
    options = {"num_boxes": 1, "num_classes": 1, "tensor_mapping": mapping, **UNIT}
    tensors = [[[[0.5]]], [[0.5, 0.25, 0.2, 0.1]], [[[0, 0, 1, 1]]]]
    assert box(*detections_of(tensors, **options)) == pytest.approx((0.2, 0.4, 0.1, 0.2))


# Finished boxes.

CORNERS = [[0.1, 0.2, 0.5, 0.4], [0.0, 0.0, 1.0, 1.0], [0.3, 0.3, 0.6, 0.9]]
"""ymin, xmin, ymax, xmax"""


def finished(**options: Any) -> list[Detection]:
    return detections_of([[CORNERS], [[2, 0, 1]], [[0.9, 0.6, 0.4]], [3]], **options)


def test_finished_boxes_come_in_the_order_of_the_operation_in_the_model() -> None:
    first, second, third = finished()
    assert box(first) == pytest.approx((0.2, 0.1, 0.2, 0.4))
    assert (first.label_id, first.score) == ((2,), (pytest.approx(0.9),))
    assert (second.label_id, third.label_id) == ((0,), (1,))


def test_finished_boxes_may_come_in_another_order() -> None:
    mapping = TensorMapping(
        detections_tensor_index=1,
        classes_tensor_index=3,
        scores_tensor_index=0,
        num_detections_tensor_index=2,
    )
    tensors = [[[0.9, 0.6, 0.4]], [CORNERS], [3], [[2, 0, 1]]]
    assert detections_of(tensors, tensor_mapping=mapping) == finished()


def test_edges_may_come_in_another_order() -> None:
    swapped = np.array(CORNERS)[:, [1, 0, 3, 2]]
    edges = BoxBoundariesIndices(ymin=1, xmin=0, ymax=3, xmax=2)
    tensors = [[swapped], [[2, 0, 1]], [[0.9, 0.6, 0.4]], [3]]
    assert detections_of(tensors, box_boundaries_indices=edges) == finished()


def test_finished_boxes_are_filtered_by_score_class_and_number() -> None:
    assert [each.label_id for each in finished(min_score_thresh=0.5)] == [(2,), (0,)]
    assert [each.label_id for each in finished(ignore_classes=(0,))] == [(2,), (1,)]
    assert [each.label_id for each in finished(allow_classes=(1,))] == [(1,)]
    assert [each.label_id for each in finished(max_results=1)] == [(2,)]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_unused_slots_are_not_read(number: int) -> None:
    padded = [*CORNERS[:number], *[[0, 0, 0, 0]] * (4 - number)]
    tensors = [[padded], [[2, 0, 1, 0][:number] + [0] * (4 - number)], [[0.9] * 4], [number]]
    found = detections_of(tensors)
    assert [each.label_id for each in found] == [(label,) for label in (2, 0, 1)[:number]]


def test_a_box_that_repeats_has_several_classes() -> None:
    repeated = np.repeat(CORNERS[:2], 2, axis=0)
    tensors = [[repeated], [[2, 0, 1, 2]], [[0.9, 0.6, 0.8, 0.1]], [2]]
    first, second = detections_of(tensors, min_score_thresh=0.2)
    assert first.label_id == (2, 0)
    assert first.score == pytest.approx((0.9, 0.6))
    assert (second.label_id, box(second)) == ((1,), (0, 0, 1, 1))


def test_repeated_boxes_are_understood_when_slots_are_left() -> None:
    repeated = [*np.repeat(CORNERS[:2], 2, axis=0), *np.zeros((2, 4))]
    tensors = [[repeated], [[2, 0, 1, 2, 0, 0]], [[0.9, 0.6, 0.8, 0.1, 0, 0]], [2]]
    assert [each.label_id for each in detections_of(tensors)] == [(2, 0), (1, 2)]


def test_finished_boxes_may_have_keypoints() -> None:
    rows = [[0.1, 0.2, 0.5, 0.4, 0.3, 0.7]]
    options = {"num_coords": 6, "num_keypoints": 1, "keypoint_coord_offset": 4}
    (found,) = detections_of([[rows], [[0]], [[1.0]], [1]], **options)
    (point,) = found.location_data.relative_keypoints
    assert point == RelativeKeypoint(pytest.approx(0.3), pytest.approx(0.7))


# What is broken.


@pytest.mark.parametrize("bad", [nan, inf, -inf])
@pytest.mark.parametrize("threshold", [None, 0.1])
def test_boxes_with_a_broken_number_are_dropped_and_counted(
    bad: float, threshold: float | None
) -> None:
    boxes = np.zeros((4, 4))
    boxes[1, 2] = bad
    scores = np.full((4, 2), 0.5)
    scores[3, 1] = bad
    run = run_on(
        [[boxes], [scores]],
        np.ones((4, 4)),
        num_boxes=4,
        num_classes=2,
        min_score_thresh=threshold,
        **UNIT,
    )
    assert len(run.payloads("DETECTIONS")[0]) == 2
    assert run.counters == {"non_finite_boxes": 2}


def test_finished_boxes_with_a_broken_number_are_dropped_and_counted() -> None:
    corners = np.array(CORNERS)
    corners[1, 0] = nan
    run = run_on([[corners], [[2, nan, 1]], [[0.9, 0.6, 0.4]], [3]])
    assert [each.label_id for each in run.payloads("DETECTIONS")[0]] == [(2,), (1,)]
    assert run.counters == {"non_finite_boxes": 1}


def test_boxes_inside_out_are_dropped_and_counted() -> None:
    run = run_on([[[[0.5, 0, 0.1, 1], [0, 0, 0, 0]]], [[0, 0]], [[0.9, 0.9]], [2]])
    assert len(run.payloads("DETECTIONS")[0]) == 1
    assert run.counters == {"negative_boxes": 1}


def test_a_size_no_number_can_hold_is_dropped_and_counted() -> None:
    run = run_on(
        [[[[0, 0, 1000, 0]]], [[[1.0]]]],
        ONE_ANCHOR,
        num_boxes=1,
        num_classes=1,
        apply_exponential_on_box_size=True,
        **UNIT,
    )
    assert run.payloads("DETECTIONS") == [[]]
    assert run.counters == {"non_finite_boxes": 1}


@pytest.mark.parametrize(
    ("which", "role"), [(0, r"tensor 0 'loc' \(boxes\)"), (1, r"tensor 1 'conf' \(scores\)")]
)
def test_an_output_of_nothing_but_nan_is_an_error(which: int, role: str) -> None:
    values = [np.zeros((1, 2, 4), np.float32), np.zeros((1, 2, 3), np.float32)]
    values[which][:] = nan
    tensors = [Tensor(v, name=n) for v, n in zip(values, ("loc", "conf"), strict=True)]
    with pytest.raises(CalculatorError, match=f"{role} holds nothing but NaN"):
        run_on(tensors, np.ones((2, 4)), num_boxes=2, min_score_thresh=0.5, **UNIT)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_wrong_number_of_outputs_is_an_error(count: int) -> None:
    with pytest.raises(CalculatorError, match=f"2, 3 or 4 tensors are expected.*gives {count}"):
        run_on([[0.0]] * count)


def test_a_wrong_shape_is_an_error_that_says_what_was_expected() -> None:
    tensors = [Tensor(np.zeros((1, 2, 4), np.float32)), Tensor(np.zeros((1, 2, 5), np.float32))]
    wanted = r"tensor 1 \(scores\) has the shape \[1, 2, 5\], but \[1, 2, 3\] is expected"
    with pytest.raises(CalculatorError, match=wanted):
        run_on(tensors, np.ones((2, 4)), num_boxes=2, **UNIT)
    with pytest.raises(CalculatorError, match=r"tensor 0 \(boxes\) .* \[1, n, 4\] is expected"):
        run_on([np.zeros((1, 3, 5)), [[0] * 3], [[0] * 3], [3]])


@pytest.mark.parametrize("number", [-1, 4, nan])
def test_a_number_of_boxes_that_cannot_be_is_an_error(number: float) -> None:
    with pytest.raises(CalculatorError, match=r"\(number of boxes\) is .* have room for 3"):
        run_on([[CORNERS], [[2, 0, 1]], [[0.9, 0.6, 0.4]], [number]])


def test_raw_boxes_need_anchors() -> None:
    with pytest.raises(CalculatorError, match="raw boxes need anchors"):
        run_on([[[[0, 0, 1, 1]]], [[[0.5]]]], num_boxes=1, num_classes=1, **UNIT)


def test_raw_boxes_need_scales_and_their_number() -> None:
    with pytest.raises(GraphConfigError, match="need the options x_scale"):
        run_on([], ONE_ANCHOR, num_boxes=1)
    with pytest.raises(GraphConfigError, match="need the option num_boxes"):
        run_on([], ONE_ANCHOR, **UNIT)
    with pytest.raises(CalculatorError, match="need the options x_scale"):
        run_on([[[[0, 0, 1, 1]]], [[[0.5]]], [[0, 0, 1, 1]]], num_boxes=1, num_classes=1)


def test_anchors_have_to_be_as_many_as_boxes() -> None:
    with pytest.raises(FlowlaceError, match="num_boxes is 2, but there are 1 anchors"):
        run_on([], ONE_ANCHOR, num_boxes=2, **UNIT)


def test_edges_are_for_finished_boxes_only() -> None:
    with pytest.raises(GraphConfigError, match="box_boundaries_indices are for finished boxes"):
        edges = BoxBoundariesIndices()
        run_on([], ONE_ANCHOR, num_boxes=1, box_boundaries_indices=edges, **UNIT)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"num_classes": None}, "needs num_classes"),
        ({"num_coords": None}, "num_coords is None, but a box and 0 keypoints have 4"),
        ({"num_coords": 6}, "num_coords is 6, but a box and 0 keypoints have 4"),
        ({"num_values_per_keypoint": 3}, "num_values_per_keypoint has to be 2"),
        ({"max_results": 0}, "max_results can't be 0"),
        ({"box_coord_offset": 1}, "box_coord_offset is 1, which does not fit"),
        ({"allow_classes": (1,), "ignore_classes": (2,)}, "exclude each other"),
        ({"box_boundaries_indices": BoxBoundariesIndices(ymin=1)}, "have to be 0, 1, 2 and 3"),
        ({"tensor_mapping": TensorMapping()}, "needs detections_tensor_index"),
        (
            {"tensor_mapping": TensorMapping(detections_tensor_index=0, scores_tensor_index=2)},
            "has to name tensors 0 to 1, each once; it names 0, 2",
        ),
        (
            {
                "tensor_mapping": TensorMapping(
                    detections_tensor_index=0, scores_tensor_index=1, classes_tensor_index=2
                )
            },
            "go together",
        ),
        (
            {
                "tensor_mapping": TensorMapping(
                    detections_tensor_index=0,
                    scores_tensor_index=1,
                    classes_tensor_index=2,
                    num_detections_tensor_index=3,
                    anchors_tensor_index=4,
                )
            },
            "finished boxes have no anchors_tensor_index",
        ),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        run_on([], **options)


def test_a_mapping_that_lacks_an_output_is_an_error() -> None:
    mapping = TensorMapping(detections_tensor_index=0, scores_tensor_index=1)
    tensors = [[[[0, 0, 1, 1]]], [[[0.5]]], [[0.5, 0.5, 1, 1]]]
    with pytest.raises(CalculatorError, match="which tensor holds the anchors"):
        run_on(tensors, num_boxes=1, num_classes=1, tensor_mapping=mapping, **UNIT)


def test_a_side_packet_and_wanted_classes_exclude_each_other() -> None:
    with pytest.raises(GraphConfigError, match="IGNORE_CLASSES exclude each other"):
        run_on([], side={"IGNORE_CLASSES": [1]}, allow_classes=(2,))


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        num_classes: 91 num_boxes: 1917 num_coords: 4 box_coord_offset: 0
        ignore_classes: 0 ignore_classes: 1 sigmoid_score: true score_clipping_thresh: 100.0
        tensor_mapping { detections_tensor_index: 1 scores_tensor_index: 0 }
        box_boundaries_indices { ymin: 1 xmin: 0 ymax: 3 xmax: 2 }
        box_format: XYXY
    """
    assert options_in(text, TensorsToDetectionsOptions) == TensorsToDetectionsOptions(
        num_classes=91,
        num_boxes=1917,
        num_coords=4,
        ignore_classes=(0, 1),
        sigmoid_score=True,
        score_clipping_thresh=100.0,
        tensor_mapping=TensorMapping(detections_tensor_index=1, scores_tensor_index=0),
        box_boundaries_indices=BoxBoundariesIndices(ymin=1, xmin=0, ymax=3, xmax=2),
        box_format=BoxFormat.XYXY,
    )
