import numpy as np
import pytest

from flowlace.calculators.audio.window_to_tensor import (
    WindowToTensorCalculator,
    WindowToTensorOptions,
)
from flowlace.formats.time_series import Matrix
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator

FRAMES = np.arange(12, dtype=np.float32).reshape(4, 3)
"""`[frame, value]`"""


def tensor_of(matrix: Matrix, *dimension: int) -> np.ndarray:
    run = run_calculator(
        WindowToTensorCalculator,
        WindowToTensorOptions(dimension=dimension),
        windows=[Packet(matrix, 70)],
    )
    assert run.timestamps("TENSORS") == [70]
    ((tensor,),) = run.payloads("TENSORS")
    return tensor.array


@pytest.mark.parametrize("dimension", [(1, 4, 3), (1, 4, 3, 1), (12,)])
def test_frames_lie_one_after_another(dimension: tuple[int, ...]) -> None:
    made = tensor_of(Matrix(FRAMES.T), *dimension)
    np.testing.assert_array_equal(made, FRAMES.reshape(dimension))


def test_frames_are_not_copied() -> None:
    assert np.shares_memory(tensor_of(Matrix(FRAMES.T), 1, 4, 3), FRAMES)


def test_a_window_laid_out_otherwise_is_copied_in_order() -> None:
    matrix = Matrix(np.ascontiguousarray(FRAMES.T))
    np.testing.assert_array_equal(tensor_of(matrix, 4, 3), FRAMES)


def test_a_window_of_another_size_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"4 frames of 3 values do not fill a tensor \[1, 96"):
        tensor_of(Matrix(FRAMES.T), 1, 96, 64)


@pytest.mark.parametrize("dimension", [(), (1, 0)])
def test_a_shape_is_required(dimension: tuple[int, ...]) -> None:
    with pytest.raises(FlowlaceError, match="dimension has to be sizes above 0"):
        tensor_of(Matrix(FRAMES.T), *dimension)
