import numpy as np
import pytest

from flowlace.sources.testsrc.sprite import Sprite, draw, flipped, make_sprite, outline, stamp

RED = (200, 10, 10)


@pytest.fixture
def square() -> Sprite:
    """A red square of 20×20 in a canvas of 40×40, a metre to 20 pixels."""
    color = np.zeros((40, 40, 3), np.uint8)
    alpha = np.zeros((40, 40), np.uint8)
    color[10:30, 5:25] = RED
    alpha[10:30, 5:25] = 255
    return make_sprite(color, alpha, (15.0, 30.0), 20.0)


def test_stands_with_its_foot_where_it_is_placed(square: Sprite) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    draw(picture, square, square.placed((50.0, 80.0), 20.0))
    rows, columns = np.nonzero(picture[..., 0] > 100)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (60, 80, 40, 60)


@pytest.mark.parametrize("scale_px_m", [5.0, 9.0, 20.0, 55.0])
def test_the_outline_fits_what_is_drawn_at_any_size(square: Sprite, scale_px_m: float) -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    matrix = square.placed((100.3, 120.7), scale_px_m)
    draw(picture, square, matrix)
    rows, columns = np.nonzero(picture[..., 0] > 100)
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert outline(square, matrix) == pytest.approx(seen, abs=1.0 + 0.02 * scale_px_m)


def test_a_flipped_figure_keeps_its_foot(square: Sprite) -> None:
    matrix = square.placed((50, 50), 20.0)
    mirror = flipped(square)
    left, _, right, _ = outline(square, matrix)
    m_left, _, m_right, _ = outline(mirror, mirror.placed((50, 50), 20.0))
    assert (50 - left, right - 50) == pytest.approx((m_right - 50, 50 - m_left))


def test_half_transparent_pixels_let_the_picture_through() -> None:
    sprite = make_sprite(
        np.full((30, 30, 3), 200, np.uint8), np.full((30, 30), 128, np.uint8), (15, 30), 30
    )
    picture = np.full((60, 60, 3), 100, np.uint8)
    draw(picture, sprite, sprite.placed((30, 45), 30))
    assert abs(int(picture[30, 30, 0]) - 150) <= 1


def test_a_stamp_covers_the_solid_area(square: Sprite) -> None:
    owners = np.zeros((100, 100), np.uint16)
    stamp(owners, square, square.placed((50, 80), 20.0), 7)
    assert (owners == 7).sum() == square.area_px == 400


def test_what_lies_outside_is_not_drawn(square: Sprite) -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    draw(picture, square, square.placed((500, 500), 20.0))
    assert not picture.any()


def test_what_lies_across_the_edge_is_cut(square: Sprite) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    draw(picture, square, square.placed((0, 80), 20.0))
    assert np.nonzero(picture[..., 0] > 100)[1].max() + 1 == 10
