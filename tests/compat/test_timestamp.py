import pytest

import flowlace.compat.mediapipe as mp


def test_a_timestamp_equals_its_number_and_its_copy() -> None:
    assert mp.Timestamp(100) == 100 == mp.Timestamp(mp.Timestamp(100))
    assert mp.Timestamp(100).value == mp.Timestamp(100).microseconds() == 100


def test_timestamps_are_ordered_among_each_other_and_with_integers() -> None:
    assert mp.Timestamp(100) < mp.Timestamp(101) < 102
    assert mp.Timestamp(101) >= mp.Timestamp(100)
    assert mp.Timestamp(5) > mp.Timestamp.MIN


def test_a_timestamp_differs_from_what_is_no_time() -> None:
    assert mp.Timestamp(5) != "5"
    with pytest.raises(TypeError):
        _ = mp.Timestamp(5) < "6"  # type: ignore[operator]


@pytest.mark.parametrize(
    "name", ["UNSET", "UNSTARTED", "PRESTREAM", "MIN", "MAX", "POSTSTREAM", "DONE"]
)
def test_special_values_print_their_names(name: str) -> None:
    special = getattr(mp.Timestamp, name)
    assert str(special) == f"<mediapipe.Timestamp with value: {name}>"
    assert special.is_special_value()
    assert mp.Timestamp(special.value) == special


def test_min_is_both_special_and_in_range() -> None:
    assert mp.Timestamp.MIN.is_range_value()
    assert mp.Timestamp.PRESTREAM.is_allowed_in_stream()
    assert not mp.Timestamp.DONE.is_allowed_in_stream()
    assert not mp.Timestamp(0).is_special_value()


def test_seconds_are_rounded_to_microseconds() -> None:
    assert mp.Timestamp.from_seconds(1.5) == 1_500_000
    assert mp.Timestamp.from_seconds(6e-7) == 1
    assert mp.Timestamp(2_500_000).seconds() == 2.5


@pytest.mark.parametrize("value", [5.5, "a", None, 2**63])
def test_only_integers_of_64_bits_are_times(value: object) -> None:
    with pytest.raises(TypeError, match="int64"):
        mp.Timestamp(value)  # type: ignore[arg-type]
