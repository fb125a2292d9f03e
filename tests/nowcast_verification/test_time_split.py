import pytest

from flowlace.nowcast_verification.time_split import Part, TimeSplit
from flowlace.nowcasting.errors import NowcastError

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def test_four_weeks_are_split_as_three_and_one_and_less_is_not() -> None:
    found = TimeSplit.AUTO.resolved(28 * DAY_US)
    assert found is not None
    assert found.days == (21, 7)
    assert TimeSplit.AUTO.resolved(28 * DAY_US - 1) is None


def test_parts_take_turns() -> None:
    split = TimeSplit.parsed("3h/1h")
    assert split is not None
    hours = [split.part(one * HOUR_US, one * HOUR_US) for one in range(8)]
    assert hours == [*[Part.CALIBRATION] * 3, Part.SCORED, *[Part.CALIBRATION] * 3, Part.SCORED]


@pytest.mark.parametrize("start_h", [2.5, 3.5])
def test_a_nowcast_across_a_boundary_is_in_neither_part(start_h: float) -> None:
    split = TimeSplit.parsed("3h/1h")
    assert split is not None
    begin_us = round(start_h * HOUR_US)
    assert split.part(begin_us, begin_us + HOUR_US) is Part.NEITHER


def test_an_archive_that_ends_within_the_first_part_is_an_error() -> None:
    split = TimeSplit.parsed("6h/1h")
    assert split is not None
    with pytest.raises(NowcastError, match="the archive has 4 h, of which the first 6 h are for"):
        split.resolved(4 * HOUR_US)


@pytest.mark.parametrize("text", ["3w", "3x/1x", "0w/1w", "w/w", "3/1"])
def test_what_is_no_split_is_named(text: str) -> None:
    with pytest.raises(NowcastError, match=f"split='{text}' must be written as 3w/1w"):
        TimeSplit.parsed(text)


def test_none_is_no_split() -> None:
    assert TimeSplit.parsed("none") is None
