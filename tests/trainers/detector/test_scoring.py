import numpy as np
import pytest
from flowlace_trainers.detector.decoding import Found
from flowlace_trainers.detector.scoring import coco_scores

from tests.trainers.detector.toys import LABELS, sample

BOXES = [(10.0, 10, 30, 30), (50.0, 10, 62, 40)]


def found(boxes: list[tuple[float, ...]], classes: list[int], scores: list[float]) -> Found:
    return Found(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
        np.array(scores, np.float32),
    )


def test_finding_everything_scores_one() -> None:
    scores = coco_scores([sample(BOXES, [0, 1])], [found(BOXES, [0, 1], [0.9, 0.8])], LABELS)
    assert scores["mAP"] == pytest.approx(1.0)
    assert scores["AP50 bar"] == pytest.approx(1.0)


def test_finding_nothing_scores_zero() -> None:
    scores = coco_scores([sample(BOXES, [0, 1])], [found([], [], [])], LABELS)
    assert scores["mAP"] == 0.0


def test_the_wrong_class_scores_zero() -> None:
    scores = coco_scores([sample(BOXES, [0, 1])], [found(BOXES, [1, 0], [0.9, 0.8])], LABELS)
    assert scores["AP50"] == 0.0


def test_a_loose_box_counts_at_half_overlap_but_not_at_three_quarters() -> None:
    loose = [(10.0, 10, 30, 42)]  # IoU 20 / 32
    scores = coco_scores([sample(BOXES[:1], [0])], [found(loose, [0], [0.9])], LABELS)
    assert (scores["AP50"], scores["AP75"]) == (pytest.approx(1.0), 0.0)
    assert scores["mAP"] == pytest.approx(0.3)  # 0.50, 0.55 and 0.60 of ten


def test_finds_in_ignored_objects_count_neither_way() -> None:
    truth = [sample(BOXES, [0, 0], ignored=(1,))]
    both = found([BOXES[1], BOXES[1], BOXES[0]], [0, 0, 0], [0.9, 0.8, 0.7])
    assert coco_scores(truth, [both], LABELS)["mAP"] == pytest.approx(1.0)


def test_a_sure_wrong_find_costs() -> None:
    truth = [sample(BOXES[:1], [0])]
    both = found([BOXES[1], BOXES[0]], [0, 0], [0.9, 0.8])
    assert coco_scores(truth, [both], LABELS)["AP50"] == pytest.approx(0.5)


def test_labels_without_objects_are_left_out() -> None:
    scores = coco_scores([sample(BOXES[:1], [0])], [found(BOXES[:1], [0], [0.9])], LABELS)
    assert "AP50 bar" not in scores
    assert scores["AP50"] == pytest.approx(1.0)
