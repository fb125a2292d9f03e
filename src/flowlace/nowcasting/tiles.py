"""A large grid in parts of one size that overlap, so that a network of fixed size can do it all."""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple


class Tile(NamedTuple):
    """One part of a grid."""

    outer: tuple[slice, slice]
    """Rows and columns a network looks at; less than a whole tile where the grid is small."""
    kept: tuple[slice, slice]
    """Rows and columns its result is for; those of all tiles cover the grid once."""
    inner: tuple[slice, slice]
    """The same, counted from where `outer` starts."""


def tiles(shape: tuple[int, int], side: int, margin: int, alignment: int = 1) -> Iterator[Tile]:
    """Yields tiles of `side` pixels a side; each result keeps `margin` from its tile's edge.

    But for the edges of the grid, where there is nothing beyond. The last tiles are smaller where
    the grid ends.

    Args:
        shape: rows and columns of the grid.
        side: of a tile.
        margin: within the tile, where a network sees too little around.
        alignment: tiles start at multiples of it. A network that halves the resolution several
            times gives slightly other results for a picture that is shifted by less.

    >>> [(one.outer[1], one.kept[1]) for one in tiles((4, 14), 8, 1)]
    [(slice(0, 8, None), slice(0, 7, None)), (slice(6, 14, None), slice(7, 14, None))]
    """
    spacing = (side - 2 * margin) // alignment * alignment
    if margin < 0 or spacing < 1:
        raise ValueError(
            f"tiles of {side} pixels have no room for margins of {margin}, aligned to {alignment}"
        )
    for row, column in product(*(list(_spans(size, side, spacing)) for size in shape)):
        yield Tile(*zip(row, column, strict=True))


def _spans(size: int, side: int, spacing: int) -> Iterator[tuple[slice, slice, slice]]:
    count = 1 + max(0, -(-(size - side) // spacing))
    starts = [one * spacing for one in range(count)]
    # Neighbours meet in the middle of what both see.
    borders = [0, *((one + side + other) // 2 for one, other in pairwise(starts)), size]
    for start, (first, end) in zip(starts, pairwise(borders), strict=True):
        outer = slice(start, min(start + side, size))
        yield outer, slice(first, end), slice(first - start, end - start)
