"""What every way to run a model has in common: tensors in, tensors out, clear errors between."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.inference.errors import ModelError
from flowlace.inference.tflite_file import Signature, TensorInfo, TfliteFile


class ModelRunner(ABC):
    """A model ready to run; used by one thread at a time."""

    file: TfliteFile
    signature: Signature
    """What goes in and comes out."""
    device: str
    """Where it runs, for people: `CPU (XNNPACK), 1 thread`."""

    @abstractmethod
    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Returns the outputs for some inputs, both in the order of the signature.

        Raises:
            ModelError: a tensor that does not fit, an output that is not a number, or the
                runtime's own failure.
        """

    @abstractmethod
    def close(self) -> None:
        """Frees the model; outputs that are still held stay what they are."""

    def check_count(self, inputs: Sequence[Tensor]) -> None:
        """Raises ModelError unless there is one tensor for each input."""
        wanted = self.signature.inputs
        if len(inputs) != len(wanted):
            listed = "; ".join(map(str, wanted))
            raise ModelError(
                f"model {self.file.path.name!r} takes {len(wanted)} input tensors ({listed}), "
                f"but got {len(inputs)}"
            )

    def check_numbers(self, info: TensorInfo, array: NDArray[Any]) -> None:
        """Raises ModelError if an output holds NaN."""
        if array.dtype.kind != "f":
            return
        if has_nan(array):
            share = float(np.isnan(array).mean())
            raise ModelError(
                f"model {self.file.path.name!r}: output {info.name!r} has to hold numbers, but "
                f"{share:.0%} of its {array.size} values are NaN"
            )


def has_nan(array: NDArray[Any]) -> bool:
    """Returns whether an array of floats holds NaN."""
    # A sum is one pass without a temporary array; only a sum that is no number is looked into.
    with np.errstate(invalid="ignore", over="ignore"):
        total = array.sum()
    return bool(np.isnan(total)) and bool(np.isnan(array).any())


def fitting_shape(model: str, info: TensorInfo, tensor: Tensor) -> tuple[int, ...]:
    """Returns the shape an input takes for a tensor; dimensions of 1 may be missing or added.

    Raises:
        ModelError: the sizes differ where the model does not leave them open.
    """
    given, wanted = tensor.shape, info.shape
    if len(given) == len(wanted) and all(
        want in (-1, have) for have, want in zip(given, wanted, strict=True)
    ):
        return given
    if -1 not in wanted and _without_ones(given) == _without_ones(wanted):
        return wanted
    shape = list(given)
    raise ModelError(
        f"model {model!r}: input {info.name!r} expects "
        f"{str(info).removeprefix(info.name).strip()}, but got {tensor.dtype}{shape}"
    )


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    return [size for size in shape if size != 1]


def write_input(model: str, info: TensorInfo, tensor: Tensor, out: NDArray[Any]) -> None:
    """Writes a tensor into a model's input, quantised or widened where the types differ.

    Raises:
        ModelError: there is no safe way from one type to the other.
    """
    if tensor.dtype == out.dtype and tensor.quantization in (None, info.quantization):
        tensor.write_into(out if tensor.shape == out.shape else out.reshape(tensor.shape))
    elif info.quantization is not None and (tensor.dtype.kind == "f" or tensor.quantization):
        _quantise(model, info, tensor, out.reshape(tensor.shape))
    elif out.dtype == np.float32 and (tensor.quantization or tensor.dtype.kind in "iu"):
        np.copyto(out.reshape(tensor.shape), tensor.floats)
    elif np.can_cast(tensor.dtype, out.dtype, "same_kind"):
        _check_limits(model, info, tensor, out.dtype)
        np.copyto(out.reshape(tensor.shape), tensor.array, casting="same_kind")
    else:
        raise ModelError(
            f"model {model!r}: input {info.name!r} expects {out.dtype}, but got {tensor.dtype}; "
            f"convert it before"
        )


def _quantise(model: str, info: TensorInfo, tensor: Tensor, out: NDArray[Any]) -> None:
    assert info.quantization is not None
    whole = np.rint(tensor.floats / np.float32(info.quantization.scale))
    whole += info.quantization.zero_point
    if has_nan(whole):
        raise ModelError(
            f"model {model!r}: input {info.name!r} takes {out.dtype}, which has no NaN, but "
            f"{np.isnan(whole).mean():.0%} of the values given are NaN"
        )
    limits = np.iinfo(out.dtype)
    np.copyto(out, np.clip(whole, limits.min, limits.max), casting="unsafe")


def _check_limits(model: str, info: TensorInfo, tensor: Tensor, dtype: np.dtype[Any]) -> None:
    """Raises ModelError for whole numbers that the narrower type does not have."""
    if dtype.kind not in "iu" or np.can_cast(tensor.dtype, dtype) or not tensor.array.size:
        return
    limits, lowest, highest = np.iinfo(dtype), tensor.array.min(), tensor.array.max()
    if lowest < limits.min or highest > limits.max:
        raise ModelError(
            f"model {model!r}: input {info.name!r} takes {dtype} within {limits.min} and "
            f"{limits.max}, but got {tensor.dtype} within {lowest} and {highest}"
        )
