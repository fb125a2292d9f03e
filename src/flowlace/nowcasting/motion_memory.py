"""Keeps what motion was found from, so that the next picture costs one pair and not three."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class MotionMemory:
    """Remembers results by the pictures they were made from, until those are not asked for again.

    Pictures are told apart by which array they are, not by what is in it, so they must not be
    written to. What motion is found is the same with and without it.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Sequence[NDArray[np.float32]], Any]] = {}
        self._used: dict[Hashable, tuple[Sequence[NDArray[np.float32]], Any]] = {}

    def recall(
        self, kind: Hashable, pictures: Sequence[NDArray[np.float32]], make: Callable[[], T]
    ) -> T:
        """Returns what `make` once gave for these pictures, and calls it where it did not."""
        key = (kind, *(id(one) for one in pictures))
        if key not in self._used:
            # The pictures are kept with it: an id may be given again once its array is gone.
            self._used[key] = self._kept.get(key) or (pictures, make())
        found: T = self._used[key][1]
        return found

    def forget_unused(self) -> None:
        """Forgets all that was not recalled since the last time."""
        self._kept, self._used = self._used, {}
