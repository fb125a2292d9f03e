from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from flowlace.comparison.alignment import align
from flowlace.framework.packet import Packet

TIMES = st.lists(st.integers(0, 60), unique=True, max_size=12).map(sorted)


def pairs(
    expected: Iterable[int], actual: Iterable[int], tolerance_us: float = 0
) -> list[tuple[int | None, int | None]]:
    streams = [[Packet("", time) for time in side] for side in (expected, actual)]
    return [(e and e.timestamp, a and a.timestamp) for e, a in align(*streams, tolerance_us)]


def test_packets_of_one_time_belong_together() -> None:
    assert pairs([1, 2, 4], [2, 3, 4]) == [(1, None), (2, 2), (None, 3), (4, 4)]


def test_neighbours_belong_together_within_the_tolerance() -> None:
    assert pairs([10, 20], [12, 25], 2) == [(10, 12), (20, None), (None, 25)]


def test_the_same_time_goes_before_a_near_one() -> None:
    assert pairs([1, 2], [2], 5) == [(1, None), (2, 2)]
    assert pairs([2], [1, 2], 5) == [(None, 1), (2, 2)]


def test_an_end_on_one_side_leaves_the_rest_without_partners() -> None:
    assert pairs([1], [], 5) == [(1, None)]
    assert pairs([], [1, 2]) == [(None, 1), (None, 2)]


@given(TIMES, TIMES, st.integers(0, 10))
def test_every_packet_comes_once_and_no_pair_is_too_far_apart(
    expected: Sequence[int], actual: Sequence[int], tolerance: int
) -> None:
    found = pairs(expected, actual, tolerance)
    assert [e for e, _ in found if e is not None] == expected
    assert [a for _, a in found if a is not None] == actual
    assert all(abs(e - a) <= tolerance for e, a in found if e is not None and a is not None)
    assert {e for e, a in found if e == a} == set(expected) & set(actual)


def test_streams_are_read_no_further_than_needed() -> None:
    read: list[int] = []

    def endless() -> Iterable[Packet[int]]:
        for time in range(10**9):
            read.append(time)
            yield Packet(time, time)

    found = align(endless(), endless(), 3)
    assert [next(found)[0] for _ in range(3)] == [Packet(i, i) for i in range(3)]
    assert len(read) <= 6
