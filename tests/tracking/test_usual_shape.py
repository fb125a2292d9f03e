"""Usual shapes: walkers get that of walkers, cars keep the one they were seen with."""

from collections.abc import Sequence

import numpy as np
import pytest

from flowlace.tracking.usual_shape import FloatArray, SeenShapes, UsualShapes, weighted_median

SECOND_US = 1_000_000


def seen_as(widths: Sequence[float], shapes: UsualShapes, label: str = "person") -> FloatArray:
    """Returns the factor after an object of height 1 was seen with some widths, three a second."""
    seen, factor, before = SeenShapes(), np.ones(2), None
    for number, width in enumerate(widths):
        change = None if before is None else np.array([np.log(width / before), 0.0])
        seen = seen.and_then(float(np.log(width)), number * SECOND_US // 3)
        factor = shapes.factor(label, seen, change)
        before = width
    return factor


def test_the_first_detection_is_shown_as_it_is() -> None:
    assert seen_as([0.3], UsualShapes(2 * SECOND_US)).tolist() == [1.0, 1.0]


def test_a_walker_seen_with_its_feet_together_is_shown_as_wide_as_mostly() -> None:
    width, height = seen_as([0.5, 0.5, 0.2, 0.5, 0.5, 0.2], UsualShapes(2 * SECOND_US))
    assert 0.2 * width == pytest.approx(0.5, rel=0.05)
    assert height == pytest.approx(1.0, abs=0.02)


def test_a_thing_of_steady_shape_keeps_it() -> None:
    width, height = seen_as([2.0, 2.02, 1.98, 2.0, 2.1], UsualShapes(2 * SECOND_US), "car")
    assert width * 2.1 == pytest.approx(2.0, rel=0.06)
    assert height == pytest.approx(1.0, abs=0.06)


def test_a_new_walker_takes_on_the_shape_of_the_others() -> None:
    shapes = UsualShapes(2 * SECOND_US)
    for _ in range(3):
        seen_as([0.5, 0.2, 0.5, 0.5, 0.2, 0.5], shapes)
    width, _ = seen_as([0.2], shapes)
    assert 0.2 * width == pytest.approx(0.5, rel=0.1)


def test_a_new_car_from_the_side_is_not_like_cars_from_the_front() -> None:
    shapes = UsualShapes(2 * SECOND_US)
    for shape in (1.0, 1.0, 2.2):
        seen_as([shape] * 5, shapes, "car")
    width, _ = seen_as([2.4], shapes, "car")
    assert width == pytest.approx(1.0, abs=0.05)


def test_labels_do_not_learn_from_each_other() -> None:
    shapes = UsualShapes(2 * SECOND_US)
    seen_as([0.5, 0.2, 0.5, 0.2, 0.5, 0.2], shapes, "person")
    assert seen_as([0.2], shapes, "car").tolist() == [1.0, 1.0]


def test_old_shapes_fade() -> None:
    shapes = UsualShapes(SECOND_US // 10)
    width, _ = seen_as([0.5, 0.2, 0.5, 0.2, 0.5, 0.5, 0.2, 0.2], shapes)
    assert 0.2 * width == pytest.approx(0.2, rel=0.2)


def test_a_jump_in_size_is_no_change_of_shape_to_learn_from() -> None:
    shapes = UsualShapes(2 * SECOND_US)
    seen_as([1.0, 100.0, 1.0, 100.0], shapes, "car")
    assert seen_as([2.0], shapes, "car")[0] == pytest.approx(1.0, abs=0.05)


def test_many_shapes_take_no_more_memory() -> None:
    seen = SeenShapes()
    for number in range(1000):
        seen = seen.and_then(0.0, number)
    assert len(seen.shapes) == len(seen.times_us) == 32


def test_the_median_is_the_middle_by_weight() -> None:
    values, even = np.array([5.0, 1.0, 3.0]), np.ones(3)
    assert weighted_median(values, even) == 3
    assert weighted_median(values, np.array([0.1, 1.0, 0.1])) == 1
