import numpy as np
from numpy.typing import NDArray

from flowlace.sinks.gif_palette import GifPalette


def with_colours(first: int, count: int) -> NDArray[np.uint8]:
    number = np.arange(first, first + count)
    return np.stack([number % 256, number // 256, number * 0], axis=-1)[None].astype(np.uint8)


def shown(palette: GifPalette, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    indices, colours = palette.apply(pixels)
    assert (colours[:, 0] == 255).all()
    return colours[indices, 1:]


def test_256_colours_are_kept() -> None:
    np.testing.assert_array_equal(shown(GifPalette(), with_colours(0, 256)), with_colours(0, 256))


def test_pictures_share_a_palette_while_it_has_room() -> None:
    palette = GifPalette()
    _, first = palette.apply(with_colours(0, 100))
    _, second = palette.apply(with_colours(100, 100))
    np.testing.assert_array_equal(first[:100], second[:100])


def test_a_picture_that_does_not_fit_in_any_more_begins_another() -> None:
    palette = GifPalette()
    shown(palette, with_colours(0, 200))
    np.testing.assert_array_equal(shown(palette, with_colours(150, 200)), with_colours(150, 200))
    np.testing.assert_array_equal(shown(palette, with_colours(0, 50)), with_colours(0, 50))


def test_more_colours_in_one_picture_are_dithered_and_stay_near_on_average() -> None:
    ramp = np.tile(np.linspace(0, 255, 300)[:, None, None], (1, 300, 3)).astype(np.uint8)
    found = shown(GifPalette(), ramp + np.arange(300, dtype=np.uint8)[None, :, None] % 2)
    blocks = found.reshape(10, 30, 10, 30, 3).mean(axis=(1, 3))
    expected = ramp.reshape(10, 30, 10, 30, 3).mean(axis=(1, 3))
    assert np.abs(blocks - expected).max() < 24
