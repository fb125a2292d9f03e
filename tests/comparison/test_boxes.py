import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.comparison.boxes import corners_of, overlap
from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
)
from flowlace.formats.rect import NormalizedRect, Rect
from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.tracked_box import TimedBox

UPRIGHT = np.array([(1, 2), (4, 2), (4, 6), (1, 6)], float)


def shared(first: Any, second: Any) -> float:
    one, other = corners_of(first), corners_of(second)
    assert one is not None
    assert other is not None
    return overlap(one, other)


@pytest.mark.parametrize(
    "box",
    [
        {"x": 1, "y": 2, "w": 3, "h": 4},
        {"xmin": 1, "ymin": 2, "width": 3, "height": 4},
        Rect(x_center=2, y_center=4, width=2, height=4),
        NormalizedRect(x_center=2.5, y_center=4.0, width=3.0, height=4.0),
        TimedBox(timestamp_us=0, left=1, top=2, right=4, bottom=6),
        Detection(
            location_data=LocationData(
                format=LocationFormat.RELATIVE_BOUNDING_BOX,
                relative_bounding_box=RelativeBoundingBox(1, 2, 3, 4),
            )
        ),
    ],
)
def test_boxes_of_every_shape_have_corners(box: Any) -> None:
    corners = corners_of(box)
    assert corners is not None
    assert overlap(corners, UPRIGHT) == pytest.approx(2 / 3 if isinstance(box, Rect) else 1)


@pytest.mark.parametrize(
    "other", [3, "box", {"x": 1, "y": 2}, {"x": "1", "y": 2, "w": 3, "h": 4}, Detection(),
              SoundEvent(onset_us=0, offset_us=1, label="", score=0)],
)  # fmt: skip
def test_what_is_no_box_has_none(other: Any) -> None:
    assert corners_of(other) is None


@given(st.floats(0, 1), st.sampled_from([1e-3, 1.0, 1e4]))
def test_a_shift_leaves_the_share_that_geometry_says(part: float, size: float) -> None:
    here = {"x": 0, "y": 0, "w": size, "h": size}
    there = {**here, "x": part * size}
    assert shared(here, there) == pytest.approx((1 - part) / (1 + part), abs=1e-9)


@pytest.mark.parametrize("size", [0.02, 1.0, 1920.0])
def test_a_square_turned_by_45_degrees_shares_an_octagon(size: float) -> None:
    square = {"x_center": 5, "y_center": 5, "width": size, "height": size, "rotation": 0.0}
    octagon = 2 * (math.sqrt(2) - 1)
    turned = {**square, "rotation": math.pi / 4}
    assert shared(square, turned) == pytest.approx(octagon / (2 - octagon), rel=1e-4)


def test_a_quad_goes_before_the_box_around_it() -> None:
    box = TimedBox(timestamp_us=0, left=0, top=0, right=1, bottom=1, quad=(0, 0, 0, 1, 1, 1, 1, 0))
    half = TimedBox(
        timestamp_us=0, left=0, top=0, right=1, bottom=1, quad=(0, 0, 0, 1, 0.5, 1, 0.5, 0)
    )
    assert shared(box, half) == pytest.approx(0.5)


def test_an_empty_box_is_like_itself_only() -> None:
    empty = {"x": 1, "y": 1, "w": 0, "h": 0}
    assert shared(empty, empty) == 1
    assert shared(empty, {**empty, "x": 2}) == 0
    assert shared(empty, {**empty, "x": math.nan}) == 0
