import numpy as np
import pytest

from flowlace.nowcasting.amounts import expected_amounts, match_amounts


def test_amounts_are_given_in_order() -> None:
    field = np.array([[3, 1], [2, 0]], np.float32)
    amounts = np.array([0.5, 4.0], np.float32)
    assert match_amounts(field, amounts).tolist() == [[4.0, 0.0], [0.5, 0.0]]


def test_without_amounts_all_is_dry() -> None:
    assert not match_amounts(np.ones((3, 3), np.float32), np.zeros(0, np.float32)).any()


def test_as_many_pixels_get_each_amount_as_are_expected() -> None:
    areas, limits = [900.0, 400.0, 100.0, 10.0], [0.1, 1.0, 5.0, 20.0]
    amounts = expected_amounts(areas, limits, 60.0)
    field = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
    rain = match_amounts(field, amounts)
    counts = [int((rain >= limit).sum()) for limit in limits]
    assert counts == pytest.approx(areas, abs=1)
    assert rain.max() <= 60


def test_amounts_rise_and_none_is_above_the_largest() -> None:
    amounts = expected_amounts([500.0, 200.0, 200.0, 0.0], [0.1, 1.0, 5.0, 20.0], 30.0)
    assert len(amounts) == 500
    assert (np.diff(amounts) >= 0).all()
    assert amounts[-1] <= 20.5


def test_no_rain_expected_gives_no_amounts() -> None:
    assert not len(expected_amounts([0.2, 0.1], [0.1, 1.0], 5.0))
