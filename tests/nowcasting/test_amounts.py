import numpy as np
import pytest

from flowlace.nowcasting.amounts import match_amounts, spread_amounts


def test_amounts_are_given_in_order() -> None:
    field = np.array([[3, 1], [2, 0]], np.float32)
    amounts = np.array([0.5, 4.0], np.float32)
    assert match_amounts(field, amounts).tolist() == [[4.0, 0.0], [0.5, 0.0]]


def test_ties_for_the_last_place_do_not_lift_what_is_above_them() -> None:
    field = np.array([5.0, 4.0, 1.0, 1.0, 1.0, 0.0], np.float32)[None]
    rain = match_amounts(field, np.array([1, 10, 100], np.float32))
    assert rain.tolist() == [[100.0, 10.0, 1.0, 1.0, 1.0, 0.0]]


def test_without_amounts_all_is_dry() -> None:
    assert not match_amounts(np.ones((3, 3), np.float32), np.zeros(0, np.float32)).any()


def test_amounts_spread_over_more_pixels_keep_their_distribution() -> None:
    amounts = np.sort(np.random.default_rng(0).lognormal(0, 1, 500).astype(np.float32))
    more, fewer = spread_amounts(amounts, 1700), spread_amounts(amounts, 90)
    assert (len(more), len(fewer)) == (1700, 90)
    for made in (more, fewer):
        assert (np.diff(made) >= 0).all()
        assert made.mean() == pytest.approx(amounts.mean(), rel=0.05)
        assert np.median(made) == pytest.approx(np.median(amounts), rel=0.05)
        assert amounts[0] <= made[0] <= made[-1] <= amounts[-1]


def test_as_many_as_there_are_stay_as_they_are() -> None:
    amounts = np.array([0.5, 1, 8], np.float32)
    assert spread_amounts(amounts, 3).tolist() == amounts.tolist()


def test_no_pixels_or_no_amounts_give_none() -> None:
    assert not len(spread_amounts(np.array([1], np.float32), 0))
    assert not len(spread_amounts(np.zeros(0, np.float32), 5))
