import numpy as np
import pytest

from flowlace.formats.anchors import Anchors


def test_boxes_are_float32_and_cannot_be_written() -> None:
    anchors = Anchors(np.ones((3, 4), np.float32))
    assert (len(anchors), anchors.boxes.dtype, repr(anchors)) == (3, np.float32, "Anchors(3)")
    with pytest.raises(ValueError, match="read-only"):
        anchors.boxes[0] = 0


def test_anchors_are_equal_by_content() -> None:
    boxes = np.arange(8, dtype=np.float32).reshape(2, 4)
    assert Anchors(boxes) == Anchors(boxes.copy())
    assert Anchors(boxes) != Anchors(boxes + 1)
    assert Anchors(boxes) != "anchors"


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"need the shape \[n, 4\], but they have \[5\]"):
        Anchors(np.zeros(5, np.float32))
