"""Boxes are found again by their picture, in place, size and turn, and not found elsewhere."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TimedBox
from flowlace.tracking.box_detector import BoxDetector, BoxDetectorOptions
from tests.tracking.tracking_scenes import pasted, texture

Gray = NDArray[np.uint8]
POSTER = texture(120, 140, seed=21, smoothness_px=1.2)
WALL = np.full((360, 480), 110, np.uint8)


def box_px(x: float, y: float, width: float, height: float, **more: object) -> TimedBox:
    return TimedBox(
        timestamp_us=0,
        left=x / 480,
        top=y / 360,
        right=(x + width) / 480,
        bottom=(y + height) / 360,
        id=4,
        **more,  # type: ignore[arg-type]
    )


def knowing(box: TimedBox, options: BoxDetectorOptions | None = None) -> BoxDetector:
    detector = BoxDetector(options)
    detector.add(pasted(WALL, POSTER, 100, 80), [box])
    return detector


def test_a_lost_box_is_found_where_it_went() -> None:
    detector = knowing(box_px(100, 80, 140, 120))
    (found,) = detector.detect(pasted(WALL, POSTER, 260, 150), 5, set())
    assert found.pixels(480, 360) == pytest.approx((260, 150, 140, 120), abs=2)
    assert (found.id, found.timestamp_us) == (4, 5)


def test_a_box_is_found_at_another_size() -> None:
    detector = knowing(box_px(100, 80, 140, 120))
    small = cv2.resize(POSTER, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    (found,) = detector.detect(pasted(WALL, np.asarray(small, np.uint8), 50, 60), 5, set())
    assert found.pixels(480, 360) == pytest.approx((50, 60, 98, 84), abs=4)


def test_a_quad_is_found_by_its_corners() -> None:
    left, top, right, bottom = 100 / 480, 80 / 360, 240 / 480, 200 / 360
    quad = (left, top, left, bottom, right, bottom, right, top)
    detector = knowing(box_px(100, 80, 140, 120, quad=quad))
    (found,) = detector.detect(pasted(WALL, POSTER, 200, 100), 5, set())
    wanted = np.add(np.array(quad).reshape(4, 2), (100 / 480, 20 / 360))
    np.testing.assert_allclose(np.array(found.quad).reshape(4, 2), wanted, atol=0.01)


def test_another_picture_is_not_mistaken_for_the_box() -> None:
    detector = knowing(box_px(100, 80, 140, 120))
    other = pasted(WALL, texture(120, 140, seed=99, smoothness_px=1.2), 260, 150)
    assert detector.detect(other, 5, set()) == []


@pytest.mark.parametrize("frame", [WALL, np.zeros((8, 8), np.uint8)])
def test_a_flat_or_tiny_frame_gives_nothing(frame: Gray) -> None:
    assert knowing(box_px(100, 80, 140, 120)).detect(frame, 5, set()) == []


def test_a_live_box_is_not_looked_for() -> None:
    detector = knowing(box_px(100, 80, 140, 120))
    assert detector.detect(pasted(WALL, POSTER, 260, 150), 5, {4}) == []


def test_every_second_frame_looks_for_live_boxes_too() -> None:
    detector = knowing(box_px(100, 80, 140, 120), BoxDetectorOptions(detect_every_n_frame=2))
    frame = pasted(WALL, POSTER, 260, 150)
    assert [len(detector.detect(frame, k, {4})) for k in range(4)] == [0, 1, 0, 1]


def test_a_forgotten_box_is_not_found() -> None:
    detector = knowing(box_px(100, 80, 140, 120))
    detector.forget(4)
    assert detector.detect(pasted(WALL, POSTER, 260, 150), 5, set()) == []


def test_a_box_without_texture_is_not_kept() -> None:
    detector = knowing(box_px(5, 5, 60, 60))
    assert detector.ids == []


def test_a_colour_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="expects a gray frame"):
        BoxDetector().add(np.zeros((8, 8, 3), np.uint8), [])
