import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.tracking.detection_look import looks, similarities

RED, BLUE = (40, 40, 200), (200, 60, 40)


def frame_with(*cards: tuple[int, int, tuple[int, int, int], int]) -> NDArray[np.uint8]:
    """Returns a gray wall with patterned cards of 60x40 at x, y."""
    frame = np.full((200, 400, 3), 128, np.uint8)
    for x, y, color, stripes in cards:
        card = np.full((40, 60, 3), color, np.uint8)
        card[:, :: max(stripes, 1)] = 255
        frame[y : y + 40, x : x + 60] = card
    return frame


def box(x: float, y: float) -> list[float]:
    return [x / 400, y / 200, (x + 60) / 400, (y + 40) / 200]


def test_looks_have_length_one() -> None:
    frame = frame_with((10, 10, RED, 6), (100, 50, BLUE, 9))
    found = looks(frame, np.array([box(10, 10), box(100, 50), box(300, 150)]))
    assert found.shape[0] == 3
    assert np.linalg.norm(found[:2], axis=1) == pytest.approx([1, 1], abs=1e-3)


def test_the_same_card_elsewhere_is_more_alike_than_another() -> None:
    first = frame_with((10, 10, RED, 6))
    second = frame_with((203, 101, RED, 6), (300, 30, BLUE, 9))
    known = looks(first, np.array([box(10, 10)]))
    found = looks(second, np.array([box(203, 101), box(300, 30)]))
    same, other = similarities(known, found)[0]
    assert same > 0.9
    assert other < 0.6


def test_a_look_survives_another_size_and_some_noise() -> None:
    first = frame_with((100, 60, RED, 6))
    half = cv2.resize(first, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).normal(0, 4, half.shape)
    half = np.clip(half + noise, 0, 255).astype(np.uint8)
    boxes = np.array([box(100, 60)])
    assert similarities(looks(first, boxes), looks(half, boxes))[0, 0] > 0.75


def test_many_looks_are_those_of_each_box_alone() -> None:
    frame = frame_with((10, 10, RED, 6), (100, 50, BLUE, 9))
    boxes = np.array([box(10, 10), box(100, 50)])
    alone = np.concatenate([looks(frame, boxes[:1]), looks(frame, boxes[1:])])
    assert looks(frame, boxes) == pytest.approx(alone, abs=1e-6)


def test_no_boxes_have_no_looks() -> None:
    nothing = looks(frame_with(), np.empty((0, 4)))
    assert len(nothing) == 0
    assert similarities(nothing, nothing).shape == (0, 0)


def test_boxes_beyond_the_frame_have_a_look_too() -> None:
    found = looks(frame_with(), np.array([[-0.5, -0.5, 0.1, 0.1], [0.9, 0.9, 2, 2]]))
    assert np.isfinite(found).all()
