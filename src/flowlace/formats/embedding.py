"""Vectors that stand for a picture, a sound or a text, and how alike two of them are.

Source of names: MediaPipe `tasks/cc/components/containers/proto/embeddings.proto`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """One vector, as one output of a model gives it."""

    values: NDArray[Any]
    """`[n]`, float32, or int8 where it is quantised: 128 steps stand for 1; read-only."""
    head_index: int = 0
    """Which output of the model it is."""
    head_name: str = ""
    """What the model calls that output."""

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype not in (np.float32, np.int8):
            raise ValueError(
                f"an embedding needs float32 or int8 values [n], but has {self.values.dtype} "
                f"{list(self.values.shape)}"
            )
        view = self.values.view()
        view.flags.writeable = False
        object.__setattr__(self, "values", view)

    @property
    def is_quantized(self) -> bool:
        """Whether the values are int8."""
        return bool(self.values.dtype == np.int8)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Embedding):
            return NotImplemented
        mine, theirs = (self.head_index, self.head_name), (other.head_index, other.head_name)
        return (
            mine == theirs
            and self.values.dtype == other.values.dtype
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is large


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    """The vectors of one run of a model."""

    embeddings: tuple[Embedding, ...] = ()
    """One for each output of the model."""
    timestamp_ms: int | None = None
    """Of the piece of a longer signal they are for."""


def cosine_similarity(first: Embedding, second: Embedding) -> float:
    """Returns how alike two vectors point: 1 for the same direction, -1 for the opposite one.

    Raises ValueError for vectors of different length or kind, and for one of nothing but zeros.
    """
    if first.values.shape != second.values.shape:
        raise ValueError(
            f"embeddings of {len(first.values)} and {len(second.values)} values can't be compared"
        )
    if first.is_quantized != second.is_quantized:
        raise ValueError("a quantised embedding can't be compared with one that is not")
    a, b = first.values.astype(np.float64), second.values.astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not lengths > 0:
        raise ValueError("an embedding of nothing but zeros points nowhere")
    return float(a @ b) / lengths
