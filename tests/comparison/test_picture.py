from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.mismatch import NOTHING, Mismatch
from flowlace.comparison.picture import (
    CAPTION_PX,
    difference_picture,
    write_difference_picture,
)
from flowlace.comparison.streams import Comparison, Difference, compare_streams
from flowlace.drawing.rain_colours import UNKNOWN
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.packet import Packet

PIXELS = np.full((240, 320, 3), 90, np.uint8)
BORDER_PX = 2


def between(expected: Any, actual: Any) -> Difference:
    return Difference("frames", 0, Mismatch("differs", expected, actual), expected, actual)


def changed() -> Image:
    pixels = PIXELS.copy()
    pixels[100:110, 50:60] = (200, 90, 90)
    return Image(ImageFormat.SRGB, pixels)


ORIGINAL = Image(ImageFormat.SRGB, PIXELS)


def compared(expected: Any, actual: Any) -> Comparison:
    return compare_streams({"frames": [Packet(expected, 0)]}, {"frames": [Packet(actual, 0)]})


def third(picture: Any, number: int, width: int = 320, height: int = 240) -> Any:
    left = number * (width + 2 * BORDER_PX) + BORDER_PX
    return picture[CAPTION_PX : CAPTION_PX + height, left : left + width]


def test_expected_actual_and_difference_stand_beside_each_other() -> None:
    picture = difference_picture(between(ORIGINAL, changed()))
    assert picture is not None
    assert picture.shape == (240 + CAPTION_PX, 3 * 324, 3)
    assert (third(picture, 0) == PIXELS).all()
    assert (third(picture, 1) == changed().pixels).all()


def test_what_differs_is_red_and_nothing_else() -> None:
    picture = difference_picture(between(ORIGINAL, changed()))
    red = third(picture, 2)
    is_red = red[..., 0].astype(int) - red[..., 1] > 100
    assert is_red[100:110, 50:60].all()
    assert is_red.sum() == 100


def test_small_pictures_are_enlarged_by_whole_pixels() -> None:
    small = Image(ImageFormat.GRAY8, np.eye(10, dtype=np.uint8) * 255)
    picture = difference_picture(between(small, small))
    assert picture is not None
    assert (third(picture, 0, 200, 200)[::20, ::20, 0] == small.pixels).all()


def test_a_picture_that_only_one_side_has_stands_alone() -> None:
    picture = difference_picture(between(NOTHING, ORIGINAL))
    assert picture is not None
    assert picture.shape[1] == 324


def test_pictures_of_two_sizes_stand_beside_each_other_without_a_difference() -> None:
    picture = difference_picture(between(ORIGINAL, Image(ImageFormat.SRGB, PIXELS[:100])))
    assert picture is not None
    assert picture.shape[1] == 2 * 324


@pytest.mark.parametrize(
    "image_format", [each for each in ImageFormat if each not in (0, 5, 6)], ids=lambda f: f.name
)
def test_pictures_of_every_format_can_be_drawn(image_format: ImageFormat) -> None:
    shape = (8, 6) if image_format.channels == 1 else (8, 6, image_format.channels)
    image = Image(image_format, np.ones(shape, image_format.dtype))
    picture = difference_picture(between(image, image))
    assert picture is not None
    assert picture.dtype == np.uint8


def test_rain_is_drawn_in_its_colours() -> None:
    rain = np.zeros((200, 100), np.float32)
    rain[:50] = np.nan
    grid = RadarGrid(rain_rate_mm_h=rain, projection="", extent=Extent(0, 0, 1, 1), observed_us=0)
    picture = difference_picture(between(grid, grid.with_rain(rain + 5)))
    assert (third(picture, 0, 100, 200)[:50] == UNKNOWN).all()
    assert (third(picture, 1, 100, 200)[60] != third(picture, 0, 100, 200)[60]).any()


def test_of_a_nowcast_the_lead_that_differs_most_is_drawn() -> None:
    def nowcast(rain: Any) -> Nowcast:
        return Nowcast(
            method="m", observed_us=0, received_us=None, leads_minutes=(10.0, 20.0),
            rain_mm_h=rain, frames=1, history_minutes=0, pixel_km=1, projection="",
            extent=Extent(0, 0, 1, 1),
        )  # fmt: skip

    expected = np.zeros((2, 200, 100), np.float32)
    actual = expected.copy()
    actual[1, 20, 30] = 50
    picture = difference_picture(between(nowcast(expected), nowcast(actual)))
    marked = third(picture, 2, 100, 200).astype(int)
    assert np.argwhere(marked[..., 0] - marked[..., 1] > 100).tolist() == [[20, 30]]


def test_what_is_no_picture_has_none(tmp_path: Path) -> None:
    assert difference_picture(between(1, 2)) is None
    assert not write_difference_picture(compared(1, 2), tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_written_as_png(tmp_path: Path) -> None:
    assert write_difference_picture(compared(ORIGINAL, changed()), tmp_path / "out.png")
    read = cv2.imread(str(tmp_path / "out.png"))
    assert read is not None
    assert (third(read[..., ::-1], 1) == changed().pixels).all()


def test_a_picture_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match="can't be written: No such file"):
        write_difference_picture(compared(ORIGINAL, changed()), tmp_path / "none" / "out.png")


def test_the_picture_is_of_the_first_stream_that_has_one(tmp_path: Path) -> None:
    rows, frames = [Packet(1, 0)], [Packet(ORIGINAL, 0), Packet(ORIGINAL, 5)]
    later = [Packet(ORIGINAL, 0), Packet(changed(), 5)]
    result = compare_streams({"rows": rows, "frames": frames}, {"rows": [], "frames": later})
    assert result.first is not None
    assert result.first.stream == "rows"
    assert write_difference_picture(result, tmp_path / "out.png")
