"""The look of a box corrects it, is not learned from something else, and finds it again."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.box_states import BoxStates
from tests.tracking.tracking_scenes import box_around, pasted, texture

Bgr = NDArray[np.uint8]
SIZE = (320, 240)
PATCH = texture(48, 40, seed=11, smoothness_px=2)
BACKGROUND = (texture(240, 320, seed=12) // 3 + 60).astype(np.uint8)


def scene(x: float, y: float, *, scale: float = 1.0) -> Bgr:
    patch = cv2.resize(PATCH, None, fx=scale, fy=scale)
    corner = x - patch.shape[1] / 2, y - patch.shape[0] / 2
    return np.asarray(cv2.cvtColor(pasted(BACKGROUND, patch, *corner), cv2.COLOR_GRAY2BGR))


def states_at(*centers: tuple[float, float]) -> BoxStates:
    boxes = [
        box_around(np.array([x / SIZE[0], y / SIZE[1]]), (40 / SIZE[0], 48 / SIZE[1]), 0, id_=k)
        for k, (x, y) in enumerate(centers)
    ]
    return BoxStates.start(boxes, SIZE[0] / SIZE[1])


def stepped(states: BoxStates, **changes: object) -> BoxStates:
    return replace(states, age_us=states.age_us + 33_333, **changes)  # type: ignore[arg-type]


def center_px(states: BoxStates, row: int = 0) -> np.ndarray:
    return states.center[row] * SIZE[0]


def learned(model: AppearanceModel, frames: int = 10) -> BoxStates:
    states = model.correct(scene(150, 120), states_at((150, 120)))
    for _ in range(frames):
        states = model.correct(scene(150, 120), stepped(states))
    return states


@pytest.mark.parametrize("off", [(6, 0), (0, -7), (-5, 8)])
def test_a_box_beside_its_object_is_brought_back(off: tuple[float, float]) -> None:
    model = AppearanceModel()
    states = learned(model)
    slid = stepped(states, center=states.center + np.array(off) / SIZE[0])
    corrected = model.correct(scene(150, 120), slid)
    np.testing.assert_allclose(center_px(corrected), (150, 120), atol=1.0)


def test_a_box_too_large_for_its_object_shrinks() -> None:
    model = AppearanceModel()
    states = learned(model)
    for _ in range(4):
        states = model.correct(scene(150, 120, scale=0.88), stepped(states))
    assert states.scale[0] == pytest.approx(0.88, abs=0.04)


def test_a_hidden_object_is_neither_believed_nor_learned() -> None:
    model = AppearanceModel()
    states = learned(model)
    empty = np.asarray(cv2.cvtColor(BACKGROUND, cv2.COLOR_GRAY2BGR))
    hidden = stepped(states)
    for _ in range(30):
        hidden = model.correct(empty, stepped(hidden))
    assert model.last_look is not None
    assert not model.last_look.is_sure[0]
    np.testing.assert_allclose(center_px(hidden), (150, 120), atol=1.5)


def test_an_object_that_comes_back_elsewhere_is_found() -> None:
    model = AppearanceModel()
    states = learned(model)
    empty = np.asarray(cv2.cvtColor(BACKGROUND, cv2.COLOR_GRAY2BGR))
    for _ in range(8):
        states = model.correct(empty, stepped(states))
    for _ in range(6):
        states = model.correct(scene(205, 130), stepped(states))
    np.testing.assert_allclose(center_px(states), (205, 130), atol=2.0)


def test_boxes_are_corrected_independently_of_each_other() -> None:
    alone, together = AppearanceModel(), AppearanceModel()
    one = alone.correct(scene(150, 120), states_at((150, 120)))
    two = together.correct(scene(150, 120), states_at((150, 120), (60, 60)))
    for _ in range(3):
        one = alone.correct(scene(154, 121), stepped(one))
        two = together.correct(scene(154, 121), stepped(two))
    np.testing.assert_allclose(one.center[0], two.center[0], atol=1e-4)


def test_boxes_that_come_and_go_keep_their_own_models() -> None:
    model = AppearanceModel()
    both = model.correct(scene(150, 120), states_at((60, 60), (150, 120)))
    second = stepped(both).select(np.array([1]))
    for _ in range(3):
        second = model.correct(scene(156, 120), stepped(second))
    np.testing.assert_allclose(center_px(second), (156, 120), atol=1.0)


def test_a_gray_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="expects a BGR frame"):
        AppearanceModel().correct(np.zeros((10, 10), np.uint8), states_at((5, 5)))


def test_no_boxes_are_no_work() -> None:
    states = BoxStates.none()
    assert AppearanceModel().correct(scene(1, 1), states) is states


def test_the_confidence_falls_while_the_object_is_hidden() -> None:
    model = AppearanceModel()
    states = learned(model)
    empty = np.asarray(cv2.cvtColor(BACKGROUND, cv2.COLOR_GRAY2BGR))
    hidden = stepped(states)
    for _ in range(20):
        hidden = model.correct(empty, stepped(hidden))
    assert hidden.confidence[0] < states.confidence[0] - 0.3


def test_a_hundred_boxes_are_corrected_at_once() -> None:
    model = AppearanceModel()
    centers = [(60.0 + 2 * k, 120.0) for k in range(100)]
    states = model.correct(scene(150, 120), states_at(*centers))
    states = model.correct(scene(150, 120), stepped(states))
    assert len(states) == 100
    assert np.isfinite(states.center).all()


def test_what_was_lost_at_the_edge_is_not_looked_for() -> None:
    model = AppearanceModel()
    states = model.correct(scene(24, 120), states_at((24, 120)))
    for _ in range(10):
        states = model.correct(scene(24, 120), stepped(states))
    for _ in range(10):
        # The object has gone; one that looks like it stands where a search would find it.
        states = model.correct(scene(70, 120), stepped(states))
    np.testing.assert_allclose(center_px(states), (24, 120), atol=3.0)
