"""Tensors: read-only, dequantised on request, and made where they are needed."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.formats.tensor import Quantization, Tensor


def test_a_tensor_shows_its_array_without_copying_it() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.shares_memory(Tensor(array).array, array)
    assert np.shares_memory(Tensor(array).floats, array)


def test_a_tensor_cannot_be_written_to() -> None:
    tensor = Tensor(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="read-only"):
        tensor.array[0] = 1


def test_whole_numbers_are_read_with_scale_and_zero_point() -> None:
    tensor = Tensor(np.array([0, 128, 255], np.uint8), quantization=Quantization(0.5, 128))
    assert tensor.floats.dtype == np.float32
    assert tensor.floats.tolist() == [-64.0, 0.0, 63.5]


def test_a_deferred_tensor_is_written_straight_to_where_it_is_needed() -> None:
    places: list[NDArray[Any]] = []

    def fill(out: NDArray[Any]) -> None:
        places.append(out)
        out[...] = 7

    tensor = Tensor.deferred((1, 2), np.uint8, fill)
    target = np.zeros((1, 2), np.uint8)
    tensor.write_into(target)
    assert target.tolist() == [[7, 7]]
    assert places[0] is target


def test_a_deferred_tensor_is_made_once_when_it_is_looked_at() -> None:
    calls: list[int] = []

    def fill(out: NDArray[Any]) -> None:
        calls.append(1)
        out[...] = 3

    tensor = Tensor.deferred((2,), np.float32, fill)
    assert tensor.array is tensor.array
    assert tensor.array.tolist() == [3.0, 3.0]
    assert not tensor.array.flags.writeable
    assert len(calls) == 1


def test_an_existing_tensor_is_copied_into_the_place_it_is_needed() -> None:
    target = np.zeros(2, np.float32)
    Tensor(np.array([1, 2], np.float32)).write_into(target)
    assert target.tolist() == [1.0, 2.0]


def test_writing_into_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="Cannot cast"):
        Tensor(np.ones(2, np.float32)).write_into(np.zeros(2, np.uint8))
