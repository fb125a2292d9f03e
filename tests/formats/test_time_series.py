import numpy as np
import pytest

from flowlace.formats.time_series import Matrix, duration_us


def test_a_matrix_can_be_read_and_not_written() -> None:
    matrix = Matrix(np.zeros((2, 3), np.float32))
    assert (matrix.rows, matrix.columns) == (2, 3)
    with pytest.raises(ValueError, match="read-only"):
        matrix.values[0, 0] = 1


def test_a_matrix_looks_at_the_array_it_was_given() -> None:
    values = np.zeros((1, 4), np.float32)
    assert np.shares_memory(Matrix(values).values, values)


@pytest.mark.parametrize(
    "values", [np.zeros(3, np.float32), np.zeros((1, 3), np.int16), np.zeros((1, 3), np.float64)]
)
def test_other_shapes_and_types_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"needs float32 or complex64 values \[row, column\]"):
        Matrix(values)


def test_matrices_are_equal_by_content() -> None:
    ones = np.ones((1, 2), np.float32)
    assert Matrix(ones) == Matrix(ones.copy())
    assert Matrix(ones) != Matrix(ones.astype(np.complex64))
    assert Matrix(ones) != Matrix(ones * 2)


def test_durations_do_not_drift_over_a_day() -> None:
    assert duration_us(44_100 * 86_400, 44_100) == 86_400_000_000
