"""One detection of those that overlap is kept, as the plain algorithm would."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flowlace.calculators.inference.box_overlap import OverlapType
from flowlace.calculators.inference.non_max_suppression import (
    NmsAlgorithm,
    NonMaxSuppressionCalculator,
    NonMaxSuppressionOptions,
)
from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.found_things import (
    corner_and_size,
    in_pixels,
    keypoints,
    relative,
)
from tests.calculators.inference.graph_text import options_in

IOU: dict[str, Any] = {
    "overlap_type": OverlapType.INTERSECTION_OVER_UNION,
    "min_suppression_threshold": 0.3,
}


def run_on(detections: list[Detection], **options: Any) -> CalculatorRun:
    return run_calculator(
        NonMaxSuppressionCalculator,
        NonMaxSuppressionOptions(**options),
        detections=[at(2, detections)],
    )


def kept(detections: list[Detection], **options: Any) -> list[Detection]:
    (found,) = run_on(detections, **options).payloads("detections")
    assert isinstance(found, list)
    return found


BEST = relative(0.1, 0.1, 0.4, 0.4, score=0.9, points=[(0.2, 0.2)])
NEAR = relative(0.12, 0.1, 0.4, 0.4, score=0.6, points=[(0.4, 0.1)])
FAR = relative(0.6, 0.6, 0.2, 0.2, score=0.7)


def test_the_best_of_those_that_overlap_is_kept_by_falling_score() -> None:
    assert kept([NEAR, FAR, BEST], **IOU) == [BEST, FAR]


def test_by_default_nothing_is_suppressed() -> None:
    assert kept([NEAR, FAR, BEST]) == [BEST, FAR, NEAR]


def test_what_a_suppressed_box_overlaps_is_kept() -> None:
    left, middle, right = (
        relative(x, 0.0, 0.3, 0.3, score=score) for x, score in ((0, 0.9), (0.2, 0.8), (0.4, 0.7))
    )
    options = {**IOU, "min_suppression_threshold": 0.15}
    assert kept([left, middle, right], **options) == [left, right]


def test_an_overlap_at_the_threshold_suppresses_nothing() -> None:
    first = relative(0, 0, 1, 1, score=0.9)
    half = relative(0, 0, 0.5, 1, score=0.8)
    assert len(kept([first, half], **{**IOU, "min_suppression_threshold": 0.5})) == 2
    assert len(kept([first, half], **{**IOU, "min_suppression_threshold": 0.49})) == 1


@pytest.mark.parametrize(
    ("kind", "threshold", "count"),
    [
        # Shared 0.04, together 0.28, around both 0.36, the second alone 0.16.
        (OverlapType.JACCARD, 0.10, 1),
        (OverlapType.JACCARD, 0.12, 2),
        (OverlapType.INTERSECTION_OVER_UNION, 0.13, 1),
        (OverlapType.INTERSECTION_OVER_UNION, 0.15, 2),
        (OverlapType.MODIFIED_JACCARD, 0.24, 1),
        (OverlapType.MODIFIED_JACCARD, 0.26, 2),
    ],
)
def test_overlap_is_measured_as_asked(kind: OverlapType, threshold: float, count: int) -> None:
    pair = [relative(0, 0, 0.4, 0.4, score=0.9), relative(0.2, 0.2, 0.4, 0.4, score=0.8)]
    found = kept(pair, overlap_type=kind, min_suppression_threshold=threshold)
    assert len(found) == count


def test_the_modified_measure_divides_by_the_box_that_may_go() -> None:
    large, small = relative(0, 0, 1, 1, score=0.9), relative(0, 0, 0.1, 0.1, score=0.8)
    options = {"overlap_type": OverlapType.MODIFIED_JACCARD, "min_suppression_threshold": 0.5}
    assert kept([large, small], **options) == [large]
    swapped = [replace(large, score=(0.8,)), replace(small, score=(0.9,))]
    assert len(kept(swapped, **options)) == 2


def test_only_the_best_are_returned() -> None:
    assert kept([NEAR, FAR, BEST], max_num_detections=2) == [BEST, FAR]
    weighted = {"algorithm": NmsAlgorithm.WEIGHTED, "max_num_detections": 1}
    assert kept([NEAR, FAR, BEST], **weighted) == [BEST]


def test_low_scores_are_dropped() -> None:
    assert kept([NEAR, FAR, BEST], min_score_threshold=0.7) == [BEST, FAR]
    weighted = {"algorithm": NmsAlgorithm.WEIGHTED, "min_score_threshold": 0.8}
    assert kept([NEAR, FAR, BEST], **weighted) == [BEST]


def test_a_detection_keeps_its_best_class_only() -> None:
    several = relative(0, 0, 1, 1, label_id=(4, 5, 6), score=(0.1, 0.7, 0.2))
    (found,) = kept([several])
    assert (found.label_id, found.score) == ((5,), (0.7,))
    named = replace(several, label_id=(), label=("a", "b", "c"), display_name=("A", "B", "C"))
    (found,) = kept([named])
    assert (found.label, found.display_name) == (("b",), ("B",))


def test_a_detection_without_a_class_is_dropped_and_counted() -> None:
    run = run_on([replace(BEST, label_id=()), FAR])
    assert run.payloads("detections") == [[FAR]]
    assert run.counters == {"detections_without_class": 1}
    run = run_on([replace(BEST, label_id=()), FAR], multiclass_nms=True)
    assert run.payloads("detections") == [[FAR]]


def test_the_mean_is_weighted_by_score() -> None:
    first, second = kept([NEAR, FAR, BEST], algorithm=NmsAlgorithm.WEIGHTED, **IOU)
    mean_x = (0.1 * 0.9 + 0.12 * 0.6) / 1.5
    assert corner_and_size(first) == pytest.approx((mean_x, 0.1, 0.4, 0.4), abs=1e-6)
    assert keypoints(first) == [
        pytest.approx(((0.2 * 0.9 + 0.4 * 0.6) / 1.5, (0.2 * 0.9 + 0.1 * 0.6) / 1.5))
    ]
    assert first.score == (0.9,)
    assert second == FAR


def test_the_mean_is_over_all_that_overlap_the_best_and_not_each_other() -> None:
    boxes = [relative(x, 0.0, 0.4, 0.4, score=1.0) for x in (0.1, 0.0, 0.2)]
    (found,) = kept(boxes, algorithm=NmsAlgorithm.WEIGHTED, **IOU)
    assert corner_and_size(found) == pytest.approx((0.1, 0.0, 0.4, 0.4), abs=1e-6)


def test_scores_of_nothing_weigh_the_same() -> None:
    boxes = [relative(x, 0.0, 0.4, 0.4, score=0.0) for x in (0.0, 0.1)]
    (found,) = kept(boxes, algorithm=NmsAlgorithm.WEIGHTED, **IOU)
    assert corner_and_size(found) == pytest.approx((0.05, 0.0, 0.4, 0.4), abs=1e-6)


def test_boxes_without_an_area_are_kept_by_both_algorithms() -> None:
    dots = [relative(0.5, 0.5, 0.0, 0.0, score=score) for score in (0.9, 0.8)]
    assert kept(dots, **IOU) == dots
    assert kept(dots, algorithm=NmsAlgorithm.WEIGHTED, **IOU) == dots


def test_classes_do_not_suppress_each_other_where_asked_for() -> None:
    cat = relative(0.1, 0.1, 0.4, 0.4, label_id=2, score=0.5)
    second_cat = relative(0.1, 0.1, 0.4, 0.39, label_id=2, score=0.4)
    assert kept([second_cat, cat, BEST, NEAR], **IOU) == [BEST]
    assert kept([second_cat, cat, BEST, NEAR], multiclass_nms=True, **IOU) == [BEST, cat]
    limited = {**IOU, "multiclass_nms": True, "max_num_detections": 1}
    assert kept([cat, BEST], **limited) == [BEST]


def test_a_detection_of_two_classes_counts_for_both() -> None:
    both = relative(0.1, 0.1, 0.4, 0.4, label_id=(0, 2), score=(0.3, 0.8))
    found = kept([both, NEAR], multiclass_nms=True, **IOU)
    assert [(each.label_id, each.score) for each in found] == [((2,), (0.8,)), ((0,), (0.6,))]


def test_named_classes_are_told_apart_too() -> None:
    named = [
        replace(BEST, label_id=(), label=(name,), score=(score,))
        for name, score in (("cat", 0.9), ("dog", 0.8), ("cat", 0.7))
    ]
    found = kept(named, multiclass_nms=True, **IOU)
    assert [each.label for each in found] == [("cat",), ("dog",)]


def test_boxes_in_pixels_are_compared_in_pixels() -> None:
    boxes = [in_pixels(10, 10, 40, 40, score=0.9), in_pixels(12, 10, 40, 40, score=0.8)]
    assert kept(boxes, **IOU) == boxes[:1]


def test_a_picture_makes_pixels_and_fractions_comparable() -> None:
    pixels = in_pixels(10, 20, 40, 80, score=0.9)
    fractions = relative(0.1, 0.1, 0.4, 0.4, score=0.8)
    with pytest.raises(CalculatorError, match="mixed; connect IMAGE"):
        kept([pixels, fractions], **IOU)
    run = run_calculator(
        NonMaxSuppressionCalculator,
        NonMaxSuppressionOptions(**IOU),
        detections=[at(2, [fractions, pixels])],
        IMAGE=[at(2, Image(ImageFormat.GRAY8, np.zeros((200, 100), np.uint8)))],
    )
    assert run.payloads("detections") == [[pixels]]


def test_several_streams_are_taken_together() -> None:
    run = run_calculator(
        NonMaxSuppressionCalculator,
        NonMaxSuppressionOptions(num_detection_streams=2, **IOU),
        inputs={"detections": [at(0, [NEAR]), at(1, [FAR])], "1": [at(0, [BEST])]},
        outputs=["detections"],
    )
    assert run.timestamps("detections") == [0, 1]
    assert run.payloads("detections") == [[BEST], [FAR]]


def test_without_detections_there_is_an_empty_list_where_asked_for() -> None:
    assert run_on([]).packets("detections") == []
    assert kept([], return_empty_detections=True) == []


BOX = st.tuples(*[st.floats(0.0, 0.6)] * 2, *[st.floats(0.05, 0.6)] * 2)


def plain_iou(first: Detection, second: Detection) -> float:
    (ax, ay, aw, ah), (bx, by, bw, bh) = corner_and_size(first), corner_and_size(second)
    shared = max(0.0, min(ax + aw, bx + bw) - max(ax, bx)) * max(
        0.0, min(ay + ah, by + bh) - max(ay, by)
    )
    return shared / (aw * ah + bw * bh - shared)


def plain_suppression(detections: list[Detection], threshold: float) -> list[Detection]:
    found: list[Detection] = []
    for each in sorted(detections, key=lambda one: -one.score[0]):
        if all(plain_iou(one, each) <= threshold for one in found):
            found.append(each)
    return found


@given(boxes=st.lists(BOX, max_size=20), threshold=st.sampled_from([0.123, 0.321, 0.5678]))
def test_what_is_kept_is_what_the_plain_algorithm_keeps(
    boxes: list[tuple[float, ...]], threshold: float
) -> None:
    found = [relative(*box, score=1 - 0.01 * place) for place, box in enumerate(boxes)]
    # Ours are float32; an overlap within its rounding of the threshold may go either way.
    assume(all(abs(plain_iou(a, b) - threshold) > 1e-5 for a, b in combinations(found, 2)))
    options = {**IOU, "min_suppression_threshold": threshold, "return_empty_detections": True}
    assert kept(found, **options) == plain_suppression(found, threshold)


def test_many_boxes_are_handled_block_by_block() -> None:
    random = np.random.default_rng(5)
    rows = np.concatenate(
        [random.uniform(0, 0.8, (300, 2)), random.uniform(0.02, 0.2, (300, 2))], 1
    )
    found = [
        relative(*row, score=s) for row, s in zip(rows.tolist(), random.random(300), strict=True)
    ]
    wanted = plain_suppression(found, 0.1)
    assert len(wanted) > 64
    assert kept(found, **{**IOU, "min_suppression_threshold": 0.1}) == wanted


def test_a_score_for_each_class_is_needed() -> None:
    with pytest.raises(CalculatorError, match="a score for each class, but one has 1 scores"):
        kept([relative(0, 0, 1, 1, label_id=(1, 2), score=0.5)])
    with pytest.raises(CalculatorError, match="a score for each class, but one has 0 scores"):
        kept([relative(0, 0, 1, 1, label_id=1, score=())])


def test_detections_need_boxes() -> None:
    with pytest.raises(CalculatorError, match="one has a place of GLOBAL"):
        kept([Detection(label_id=(1,), score=(0.5,))])


def test_the_mean_needs_boxes_in_fractions_and_the_same_keypoints() -> None:
    with pytest.raises(CalculatorError, match="needs RELATIVE_BOUNDING_BOX"):
        kept([in_pixels(1, 1, 2, 2)], algorithm=NmsAlgorithm.WEIGHTED)
    with pytest.raises(CalculatorError, match="as many keypoints in every detection"):
        kept([BEST, relative(0.1, 0.1, 0.4, 0.4)], algorithm=NmsAlgorithm.WEIGHTED, **IOU)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"num_detection_streams": 2}, "has 1 streams of detections, but .* is 2"),
        ({"max_num_detections": 0}, "max_num_detections can't be 0"),
        ({"overlap_type": OverlapType.UNSPECIFIED_OVERLAP_TYPE}, "overlap_type has to be said"),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        kept([], **options)


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        num_detection_streams: 2 max_num_detections: 10 min_suppression_threshold: 0.2
        overlap_type: MODIFIED_JACCARD algorithm: WEIGHTED min_score_threshold: 0.5
        multiclass_nms: true return_empty_detections: true
    """
    assert options_in(text, NonMaxSuppressionOptions) == NonMaxSuppressionOptions(
        num_detection_streams=2,
        max_num_detections=10,
        min_suppression_threshold=0.2,
        overlap_type=OverlapType.MODIFIED_JACCARD,
        algorithm=NmsAlgorithm.WEIGHTED,
        min_score_threshold=0.5,
        multiclass_nms=True,
        return_empty_detections=True,
    )


def test_the_modified_measure_of_the_mean_is_of_the_best_box() -> None:
    large, small = relative(0, 0, 1, 1, score=0.9), relative(0, 0, 0.1, 0.1, score=0.8)
    options = {
        "overlap_type": OverlapType.MODIFIED_JACCARD,
        "min_suppression_threshold": 0.5,
        "algorithm": NmsAlgorithm.WEIGHTED,
    }
    assert len(kept([large, small], **options)) == 2
    swapped = [replace(large, score=(0.8,)), replace(small, score=(0.9,))]
    assert len(kept(swapped, **options)) == 1


@given(boxes=st.lists(BOX, max_size=12))
def test_the_mean_of_each_group_is_what_the_plain_algorithm_makes(
    boxes: list[tuple[float, ...]],
) -> None:
    left = [relative(*box, score=1 - 0.01 * place) for place, box in enumerate(boxes)]
    assume(all(abs(plain_iou(a, b) - 0.3) > 1e-5 for a, b in combinations(left, 2)))
    options = {**IOU, "algorithm": NmsAlgorithm.WEIGHTED, "return_empty_detections": True}
    means = [corner_and_size(each) for each in kept(left, **options)]
    for mean in means:
        group = [each for each in left if plain_iou(left[0], each) > 0.3]
        left = [each for each in left if each not in group]
        rows = np.array([corner_and_size(each) for each in group])
        weights = [each.score[0] for each in group]
        assert mean == pytest.approx(tuple(np.average(rows, axis=0, weights=weights)), abs=1e-5)
    assert left == []
