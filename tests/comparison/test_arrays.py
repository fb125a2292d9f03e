from typing import Any

import numpy as np
import pytest

from flowlace.comparison.arrays import array_mismatch
from flowlace.comparison.mismatch import Mismatch

NAN, INF = np.nan, np.inf


def compared(
    expected: Any, actual: Any, dtype: str = "f4", *, number: float = 0.0, relative: float = 0.0,
    outliers: float = 0.0,
) -> Mismatch | None:  # fmt: skip
    first, second = np.array(expected, dtype), np.array(actual, dtype)
    return array_mismatch(first, second, number=number, relative=relative, outliers=outliers)


def test_nan_equals_nan_and_infinity_itself() -> None:
    assert compared([1, NAN, INF, -INF], [1, NAN, INF, -INF]) is None


def test_the_largest_error_is_told_with_its_place() -> None:
    found = compared([[1, 2], [3, 4]], [[1, 2.5], [3, 6]])
    assert found is not None
    assert found.what == "2 of 4 values are off; the largest error is 2 at [1][1]"
    assert (found.expected, found.actual, found.deviation) == (4, 6, 2)


def test_errors_up_to_the_tolerance_are_allowed() -> None:
    assert compared([1, 100], [1.5, 100.5], number=0.5) is None
    assert compared([1, 100], [1.5, 110], number=0.5, relative=0.1) is None
    assert compared([1, 100], [1.75, 100], number=0.5) is not None


def test_a_value_that_is_nan_on_one_side_only_is_off_whatever_is_allowed() -> None:
    found = compared([1, NAN, 3], [1, 2, 3], number=1e9)
    assert found is not None
    assert "1 of them NaN on one side only; the first at [1]" in found.what


def test_infinity_is_far_from_every_number() -> None:
    found = compared([1, INF], [1, 2], number=1e9)
    assert found is not None
    assert found.deviation is None


def test_a_share_of_values_may_be_off() -> None:
    expected = np.zeros(100)
    actual = expected.copy()
    actual[:2] = 5, NAN
    assert compared(expected, actual, outliers=0.02) is None
    assert compared(expected, actual, outliers=0.019) is not None


def test_whole_numbers_too_large_for_floats_are_told_apart() -> None:
    assert compared([2**60], [2**60 + 1], "i8") is not None


@pytest.mark.parametrize(
    ("actual", "what"),
    [
        (np.zeros((2, 3), "f8"), "float32 became float64"),
        (np.zeros((3, 2), "f4"), r"shape [2, 3] became [3, 2]"),
    ],
)
def test_another_shape_or_type_is_told(actual: Any, what: str) -> None:
    found = array_mismatch(np.zeros((2, 3), "f4"), actual, number=9, relative=0, outliers=1)
    assert found is not None
    assert found.what == what


def test_arrays_of_every_kind_are_compared() -> None:
    assert compared(["a", "b"], ["a", "c"], "U1") is not None
    assert compared([True, False], [True, True], "?") is not None
    assert compared([1 + 1j], [1 + 2j], "c8", number=1) is None
    assert compared(3.0, 4.0) is not None
    assert compared([], []) is None
