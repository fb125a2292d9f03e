"""Reads a model's outputs and says which one is at fault where they are not as expected."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.inference.errors import ModelError

Floats = NDArray[np.float32]


def output_label(index: int, role: str, tensor: Tensor) -> str:
    """Returns how messages name an output: its place, its part, its own name."""
    name = f" {tensor.name!r}" if tensor.name else ""
    return f"tensor {index}{name} ({role})"


def output_listing(tensors: Sequence[Tensor]) -> str:
    """Returns the outputs with their shapes, for messages."""
    return ", ".join(
        f"{tensor.name or index} {list(tensor.shape)}" for index, tensor in enumerate(tensors)
    )


def shaped_output(
    tensors: Sequence[Tensor], index: int, role: str, wanted: tuple[int | None, ...]
) -> Floats:
    """Returns an output as floats of the shape `wanted`; leading dimensions of 1 are dropped.

    Args:
        tensors: the model's outputs.
        index: which one.
        role: what it is for.
        wanted: the shape; None stands for any size.

    Raises:
        ModelError: there is no such output, or it has another shape.
    """
    if not 0 <= index < len(tensors):
        raise ModelError(
            f"the {role} should be tensor {index}, but the model gives {len(tensors)}: "
            f"{output_listing(tensors)}"
        )
    tensor = tensors[index]
    extra = len(tensor.shape) - len(wanted)
    inner = tensor.shape[max(extra, 0) :]
    fits = extra >= 0 and all(size == 1 for size in tensor.shape[:extra])
    if not fits or any(w not in (None, given) for w, given in zip(wanted, inner, strict=True)):
        sizes = ", ".join("n" if size is None else str(size) for size in (1, *wanted))
        raise ModelError(
            f"{output_label(index, role, tensor)} has the shape {list(tensor.shape)}, but "
            f"[{sizes}] is expected; set the options to what the model gives"
        )
    return tensor.floats.reshape(inner)


def require_some_finite(values: NDArray[Any], index: int, role: str, tensor: Tensor) -> None:
    """Raises ModelError where an output holds values, but nothing but NaN and infinity."""
    if values.size and not np.isfinite(values).any():
        raise ModelError(
            f"{output_label(index, role, tensor)} holds nothing but NaN or infinity: the model or "
            f"its input is broken"
        )


def sigmoid(values: Floats) -> Floats:
    """Returns 1 / (1 + exp(-x)), without overflow at either end."""
    # exp of a number that is never positive can't overflow; the two halves mirror each other.
    falling = np.exp(-np.abs(values))
    made: Floats = np.where(values >= 0, 1, falling) / (1 + falling)
    return made
