"""What a detector learns from: pictures with boxes, wherever they come from."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One picture and what is on it."""

    image: Pixels
    """`[y, x, 3]` RGB."""
    boxes: Floats
    """`[n, 4]` left, top, right, bottom in pixels, cut at the picture's edges."""
    classes: NDArray[np.int64]
    """`[n]` numbers into the labels."""
    is_ignored: NDArray[np.bool_]
    """`[n]` True where neither a find nor a miss counts: hidden, tiny, a crowd."""
    scores: Floats
    """`[n]` how sure the label is: 1 for people's labels, less for a teacher's."""


class Samples(Protocol):
    """A list of samples that is read piece by piece."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes by number."""

    @property
    def digest(self) -> str:
        """Changes whenever any picture or box does."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> Sample:
        """Returns one."""


def clipped(boxes: NDArray[Any], width_px: float, height_px: float) -> Floats:
    """Returns `[n, 4]` boxes cut at the edges of a picture."""
    limits = np.array([width_px, height_px, width_px, height_px], np.float32)
    cut: Floats = np.clip(boxes, 0, limits).astype(np.float32)
    return cut


def areas(boxes: NDArray[Any]) -> Floats:
    """Returns `[n]` areas of `[n, 4]` boxes."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    products: Floats = (sides[:, 0] * sides[:, 1]).astype(np.float32)
    return products
