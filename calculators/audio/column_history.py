"""Keeps the latest columns of a stream, and shows stretches of them without copying.

Columns are appended to a block that is never written twice, so what was shown stays as it was,
for as long as somebody keeps it. A full block is left to those who look at it, and a new one
begins with the columns that are still needed: one copy a block, not one a window. Memory is laid
out column after column, so a stretch of columns is contiguous.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

_STRETCHES: Final = 16
"""Length of a block in the stretches its user asks for."""
_FEWEST_VALUES: Final = 16_384


class ColumnHistory:
    """The columns that may still be needed, oldest first.

    Args:
        rows: values a column.
        stretch: columns that are usually needed at once.
        dtype: of the values.
    """

    __slots__ = ("_block", "_end", "_size", "_start")

    def __init__(self, rows: int, stretch: int, dtype: DTypeLike = np.float32) -> None:
        self._size = max(_STRETCHES * stretch, _FEWEST_VALUES // rows)
        self._block: NDArray[Any] = np.empty((self._size, rows), dtype)
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def append(self, values: NDArray[Any]) -> None:
        """Adds columns `[row, column]` after the latest one."""
        columns = values.shape[1]
        if self._end + columns > len(self._block):
            self._move_on(columns)
        self._block[self._end : self._end + columns] = values.T
        self._end += columns

    def drop(self, columns: int) -> int:
        """Forgets the oldest columns, and returns how many there were to forget."""
        dropped = min(columns, len(self))
        self._start += dropped
        return dropped

    def clear(self) -> None:
        """Forgets all columns."""
        self._start = self._end

    def columns(self, first: int, count: int) -> NDArray[Any]:
        """Returns columns counted from the oldest one as `[row, column]`, a view."""
        begin = self._start + first
        return self._block[begin : min(begin + count, self._end)].T

    def frames(self, first: int, count: int, length: int, step: int) -> NDArray[Any]:
        """Returns overlapping stretches as `[frame, column, row]`, a view."""
        block, begin = self._block, self._start + first
        assert begin + (count - 1) * step + length <= self._end
        column, row = block.strides
        # What `as_strided` makes, without the time it takes.
        return np.ndarray(
            (count, length, block.shape[1]),
            block.dtype,
            buffer=block,
            offset=begin * column,
            strides=(step * column, column, row),
        )

    def _move_on(self, columns: int) -> None:
        kept = self._block[self._start : self._end]
        needed = len(kept) + columns
        # A packet longer than a block gets one of just its size, which the next packet leaves.
        block = np.empty((max(self._size, needed), self._block.shape[1]), self._block.dtype)
        block[: len(kept)] = kept
        self._block, self._start, self._end = block, 0, len(kept)
