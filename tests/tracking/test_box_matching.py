import numpy as np
import pytest

from flowlace.tracking.box_matching import (
    areas,
    overlaps,
    pairs_one_to_one,
    shared_areas,
    visible_shares,
)
from flowlace.tracking.evaluation import intersection_over_union

RNG = np.random.default_rng(4)
LOW = RNG.uniform(0, 1, (20, 2))
BOXES = np.concatenate((LOW, LOW + RNG.uniform(0.05, 0.6, (20, 2))), axis=1)


def test_overlaps_agree_with_the_score_of_single_pairs() -> None:
    as_sizes = np.concatenate((BOXES[:, :2], BOXES[:, 2:] - BOXES[:, :2]), axis=1)
    first, second = np.repeat(as_sizes, 20, axis=0), np.tile(as_sizes, (20, 1))
    expected = intersection_over_union(first, second).reshape(20, 20)
    assert overlaps(BOXES, BOXES) == pytest.approx(expected)


def test_a_box_shares_all_of_itself_with_itself() -> None:
    assert np.diag(shared_areas(BOXES, BOXES)) == pytest.approx(areas(BOXES))


def test_empty_boxes_overlap_with_nothing() -> None:
    empty = np.array([[0.5, 0.5, 0.5, 0.5], [0.6, 0.6, 0.2, 0.2]])
    assert not overlaps(empty, empty).any()
    assert not visible_shares(empty).any()


def test_the_visible_share_is_the_part_in_the_frame() -> None:
    boxes = np.array([[0.2, 0.2, 0.4, 0.4], [-0.1, 0, 0.1, 1], [-1, -1, 2, 2], [2, 2, 3, 3]])
    assert visible_shares(boxes) == pytest.approx([1, 0.5, 1 / 9, 0])


def test_pairs_share_no_row_and_no_column_and_the_best_come_first() -> None:
    scores = RNG.uniform(0, 1, (6, 9))
    pairs = pairs_one_to_one(scores, 0.0)
    rows, columns = zip(*pairs, strict=True)
    assert len(set(rows)) == len(set(columns)) == 6
    found = [scores[pair] for pair in pairs]
    assert found == sorted(found, reverse=True)
    assert found[0] == scores.max()


def test_pairs_below_the_least_score_are_none() -> None:
    assert pairs_one_to_one(np.array([[0.2, 0.1], [-np.inf, 0.6]]), 0.5) == [(1, 1)]
    assert pairs_one_to_one(np.array([[0.2, np.nan], [-np.inf, 0.4]]), 0.5) == []


def test_what_can_not_be_a_pair_is_none_whatever_the_least_score() -> None:
    scores = np.array([[-np.inf, 0.3], [-np.inf, -np.inf]])
    assert pairs_one_to_one(scores, -np.inf) == [(0, 1)]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nothing_pairs_with_nothing(shape: tuple[int, int]) -> None:
    assert pairs_one_to_one(np.zeros(shape), 0.0) == []
    assert overlaps(np.zeros((shape[0], 4)), np.zeros((shape[1], 4))).shape == shape
