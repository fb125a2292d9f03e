import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.runner.boxes import parse_box, start_boxes
from flowlace.runner.errors import RunnerError
from flowlace.sources.source import Frame

FRAME = Frame(Image(ImageFormat.SRGB, np.zeros((100, 200, 3), np.uint8)), 40)


def test_boxes_are_pixels_unless_all_numbers_are_at_most_one() -> None:
    pixels, normalised = start_boxes(["20,10,40,30", "0.1,0.1,0.2,0.3"])({})(FRAME)
    assert (pixels.left, pixels.top, pixels.right, pixels.bottom) == (0.1, 0.1, 0.3, 0.4)
    assert (normalised.left, normalised.top) == (0.1, 0.1)
    assert normalised.right == pytest.approx(0.3)
    assert [pixels.id, normalised.id, pixels.timestamp_us] == [0, 1, 40]


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "1,2,3,4,5", "1,2,0,4", "1,2,nan,4"])
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(RunnerError, match="--box"):
        parse_box(text)


def test_truth_needs_a_source_that_knows_it() -> None:
    with pytest.raises(RunnerError, match="--box truth needs a source that knows its objects"):
        start_boxes(["truth"])({})(FRAME)


@pytest.mark.parametrize("text", ["200,10,20,20", "10,100,20,20", "-20,0,20,20", "0,-0.5,0.5,0.5"])
def test_a_box_outside_the_frame_is_refused(text: str) -> None:
    with pytest.raises(RunnerError, match=f"box {text} lies outside the frame of 200×100 pixels"):
        start_boxes([text])({})(FRAME)


def test_a_box_that_reaches_into_the_frame_is_taken() -> None:
    (box,) = start_boxes(["-10,-10,30,30"])({})(FRAME)
    assert (box.left, box.top) == (-0.05, -0.1)
