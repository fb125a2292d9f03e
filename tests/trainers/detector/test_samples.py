import numpy as np
from flowlace_trainers.detector.samples import areas, clipped


def test_boxes_are_cut_at_all_four_edges() -> None:
    boxes = np.array([(-5, -6, 70, 50), (10, 10, 20, 20)])
    np.testing.assert_array_equal(clipped(boxes, 64, 48), [(0, 0, 64, 48), (10, 10, 20, 20)])


def test_a_box_outside_has_no_area() -> None:
    boxes = clipped(np.array([(-20.0, 5, -10, 15), (0, 0, 4, 5)]), 64, 48)
    np.testing.assert_array_equal(areas(boxes), [0, 20])


def test_a_box_turned_inside_out_has_no_area() -> None:
    assert areas(np.array([(10, 10, 5, 5)])).tolist() == [0]
