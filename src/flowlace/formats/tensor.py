"""What goes into a model and comes out of it: an array, and how its whole numbers are read.

A tensor may be *deferred*: known by shape and type, and made only where it is needed. The node
that prepares a picture for a model so hands on a recipe, and the node that runs the model has it
carried out in the model's own input memory: one pass over the pixels, no copy between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

Fill = Callable[[NDArray[Any]], None]
"""Writes every value of an array it is given."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """Whole numbers q stand for `scale * (q - zero_point)`."""

    scale: float
    """What one step is worth; greater than 0."""
    zero_point: int
    """The whole number that stands for 0."""


class Tensor:
    """A read-only array with its name and quantisation; made at once or where it is needed.

    Args:
        array: the values; seen through a read-only view, never copied.
        name: what the model calls it; empty where nothing does.
        quantization: how whole numbers are read; None where values mean themselves.
    """

    __slots__ = ("_array", "_fill", "_lock", "dtype", "name", "quantization", "shape")

    def __init__(
        self, array: NDArray[Any], *, name: str = "", quantization: Quantization | None = None
    ) -> None:
        view = array.view()
        view.flags.writeable = False
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.name = name
        self.quantization = quantization
        self._array: NDArray[Any] | None = view
        self._fill: Fill | None = None
        self._lock: Lock | None = None

    @classmethod
    def deferred(
        cls, shape: tuple[int, ...], dtype: DTypeLike, fill: Fill, *, name: str = ""
    ) -> Self:
        """Returns a tensor that `fill` writes, once it is known where to.

        Args:
            shape: of the array `fill` gets.
            dtype: of the same.
            fill: writes all values; may be called several times and has to write the same each
                time, on any thread, so it may hold nothing that changes.
            name: as for the class.
        """
        tensor = cls.__new__(cls)
        tensor.shape, tensor.dtype = shape, np.dtype(dtype)
        tensor.name, tensor.quantization = name, None
        tensor._array, tensor._fill, tensor._lock = None, fill, Lock()
        return tensor

    @property
    def array(self) -> NDArray[Any]:
        """The values, read-only; a deferred tensor is made now and kept."""
        if self._array is None:
            assert self._lock is not None
            with self._lock:
                if self._array is None:
                    made = np.empty(self.shape, self.dtype)
                    self.write_into(made)
                    made.flags.writeable = False
                    self._array = made
        return self._array

    @property
    def floats(self) -> NDArray[np.float32]:
        """The values as float32: dequantised, or the array itself where it is float32."""
        if self.quantization is None:
            return self.array.astype(np.float32, copy=False)
        made: NDArray[np.float32]
        made = np.subtract(self.array, self.quantization.zero_point, dtype=np.float32)
        made *= np.float32(self.quantization.scale)
        return made

    def write_into(self, out: NDArray[Any]) -> None:
        """Writes the values into an array of the same shape and type, without one between."""
        if self._array is None:
            assert self._fill is not None
            self._fill(out)
        else:
            np.copyto(out, self._array, casting="no")

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Tensor({name}{self.dtype}{list(self.shape)})"
