import pytest

from flowlace.framework.timestamp import (
    DONE,
    MAX,
    MIN,
    ONE_OVER_POST_STREAM,
    POST_STREAM,
    PRE_STREAM,
    UNSET,
    UNSTARTED,
    add_offset,
    describe,
    from_seconds,
    is_allowed_in_stream,
    is_range_value,
    next_allowed,
    previous_allowed,
)


def test_special_values_are_mediapipes() -> None:
    low, high = -(2**63), 2**63 - 1
    assert [low, low + 1, low + 2, low + 3] == [UNSET, UNSTARTED, PRE_STREAM, MIN]
    assert [high - 3, high - 2, high - 1, high] == [MAX, POST_STREAM, ONE_OVER_POST_STREAM, DONE]


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (UNSTARTED, MIN),
        (PRE_STREAM, ONE_OVER_POST_STREAM),
        (MIN, MIN + 1),
        (0, 1),
        (MAX - 1, MAX),
        (MAX, ONE_OVER_POST_STREAM),
        (POST_STREAM, ONE_OVER_POST_STREAM),
    ],
)
def test_next_allowed_follows_the_order_of_a_stream(timestamp: int, expected: int) -> None:
    assert next_allowed(timestamp) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [(PRE_STREAM, UNSTARTED), (MIN, UNSTARTED), (1, 0), (MAX, MAX - 1), (DONE, MAX)],
)
def test_previous_allowed_is_what_a_bound_settles(bound: int, expected: int) -> None:
    assert previous_allowed(bound) == expected


def test_packets_may_carry_pre_stream_to_post_stream() -> None:
    allowed = (UNSET, UNSTARTED, PRE_STREAM, 0, POST_STREAM, DONE)
    assert [is_allowed_in_stream(t) for t in allowed] == [False, False, True, True, True, False]


def test_an_offset_clamps_to_the_range() -> None:
    assert add_offset(MAX, 5) == MAX
    assert add_offset(MIN, -5) == MIN
    assert add_offset(10, -3) == 7


def test_special_values_have_no_arithmetic() -> None:
    assert not is_range_value(PRE_STREAM)
    with pytest.raises(ValueError, match="PRE_STREAM has no arithmetic"):
        add_offset(PRE_STREAM, 1)


def test_describe_names_special_values() -> None:
    assert (describe(DONE), describe(7)) == ("DONE", "7")


def test_seconds_round_to_microseconds() -> None:
    assert from_seconds(1 / 3) == 333_333
