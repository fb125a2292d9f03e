import numpy as np
import pytest

from flowlace.nowcasting.tiles import tiles


@pytest.mark.parametrize("shape", [(1, 1), (5, 8), (8, 9), (64, 30), (100, 7), (33, 61)])
@pytest.mark.parametrize(("side", "margin"), [(8, 0), (8, 1), (16, 5)])
def test_every_pixel_is_kept_once(shape: tuple[int, int], side: int, margin: int) -> None:
    count = np.zeros(shape, int)
    for one in tiles(shape, side, margin):
        count[one.kept] += 1
    assert (count == 1).all()


@pytest.mark.parametrize(("side", "margin"), [(8, 0), (8, 1), (16, 5)])
def test_what_is_kept_lies_at_its_place_in_the_tile(side: int, margin: int) -> None:
    grid = np.arange(40 * 61).reshape(40, 61)
    made = np.zeros_like(grid)
    for one in tiles((40, 61), side, margin):
        made[one.kept] = grid[one.outer][one.inner]
    assert np.array_equal(made, grid)


def test_no_tile_is_larger_than_asked_for_or_leaves_the_grid() -> None:
    sizes = {tuple(end.stop - end.start for end in one.outer) for one in tiles((40, 61), 16, 3)}
    assert max(sizes) == (16, 16)
    assert max(one.outer[1].stop for one in tiles((40, 61), 16, 3)) == 61


@pytest.mark.parametrize("size", [512, 513, 700, 960, 7000])
def test_aligned_tiles_start_at_multiples_and_still_keep_their_margin(size: int) -> None:
    made = list(tiles((16, size), 512, 30, 16))
    assert all(one.outer[1].start % 16 == 0 for one in made)
    assert sum(one.kept[1].stop - one.kept[1].start for one in made) == size
    inner = [one for one in made if one.kept[1].stop < size]
    assert all(one.outer[1].stop - one.kept[1].stop >= 30 for one in inner)


@pytest.mark.parametrize("margin", [0, 1, 3, 5])
def test_results_keep_the_margin_but_at_the_edges_of_the_grid(margin: int) -> None:
    kept = [(one.outer[1], one.kept[1]) for one in tiles((16, 100), 16, margin)]
    assert all(k.start - o.start >= margin for o, k in kept if k.start > 0)
    assert all(o.stop - k.stop >= margin for o, k in kept if k.stop < 100)


def test_a_grid_as_large_as_a_tile_is_one_tile() -> None:
    (only,) = tiles((512, 512), 512, 32)
    assert only.kept == (slice(0, 512), slice(0, 512))


def test_margins_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        list(tiles((10, 10), 8, 4))
