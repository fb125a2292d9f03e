import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.calculators.inference.box_overlap import OverlapType, overlaps

LEFT = (0.0, 0.0, 2.0, 1.0)
RIGHT = (1.0, 0.0, 3.0, 2.0)


def overlap(kind: OverlapType, *pair: tuple[float, ...]) -> float:
    first, second = (np.array([box], np.float32) for box in pair)
    (value,) = overlaps(kind, first, second).ravel()
    return float(value)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (OverlapType.JACCARD, 1 / 6),
        (OverlapType.MODIFIED_JACCARD, 1 / 4),
        (OverlapType.INTERSECTION_OVER_UNION, 1 / 5),
    ],
)
def test_the_shared_area_is_divided_by_what_the_measure_says(
    kind: OverlapType, wanted: float
) -> None:
    assert overlap(kind, LEFT, RIGHT) == pytest.approx(wanted)


def test_the_modified_measure_is_of_the_second_box() -> None:
    assert overlap(OverlapType.MODIFIED_JACCARD, RIGHT, LEFT) == pytest.approx(1 / 2)


KINDS = list(OverlapType)[1:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "other", [(2, 0, 3, 1), (5, 5, 6, 6), (1, 0, 1, 1), (0.5, 0.5, 0.5, 0.5), (3, 3, 2, 2)]
)
def test_boxes_that_touch_or_hold_nothing_share_nothing(
    kind: OverlapType, other: tuple[float, ...]
) -> None:
    assert overlap(kind, LEFT, other) == 0
    assert overlap(kind, other, LEFT) == 0
    assert overlap(kind, (1, 1, 1, 1), (1, 1, 1, 1)) == 0


BOX = st.tuples(
    st.floats(-1, 1, width=16),
    st.floats(-1, 1, width=16),
    st.floats(0.25, 1, width=16),
    st.floats(0.25, 1, width=16),
).map(lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3]))


@pytest.mark.parametrize("kind", KINDS)
@given(first=BOX, second=BOX)
def test_overlap_is_between_nothing_and_all_and_whole_with_itself(
    kind: OverlapType, first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    assert 0 <= overlap(kind, first, second) <= 1 + 1e-5
    assert overlap(kind, first, first) == pytest.approx(1)


@given(first=BOX, second=BOX)
def test_stretching_the_picture_changes_no_overlap(
    first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    stretched = [tuple(np.array(box) * (640, 480, 640, 480)) for box in (first, second)]
    before = [overlap(kind, first, second) for kind in KINDS]
    assert [overlap(kind, *stretched) for kind in KINDS] == pytest.approx(before, abs=1e-4)


def test_every_pair_is_measured() -> None:
    boxes = np.array([LEFT, RIGHT, (9, 9, 10, 10)], np.float32)
    table = overlaps(OverlapType.INTERSECTION_OVER_UNION, boxes[:2], boxes)
    assert table.shape == (2, 3)
    assert table == pytest.approx(np.array([[1, 0.2, 0], [0.2, 1, 0]]))
