import threading

import pytest

from flowlace.framework.clock import MonotonicClock
from flowlace.sources.newest import Newest


def test_gives_the_newest_item_and_counts_the_ones_it_replaced() -> None:
    box: Newest[int] = Newest()
    box.put(1)
    box.put(2)
    box.put(3)
    assert (box.take(MonotonicClock()), box.dropped) == (3, 2)


def test_a_taken_item_is_not_given_again() -> None:
    box: Newest[int] = Newest()
    box.put(1)
    box.take(MonotonicClock())
    with pytest.raises(TimeoutError):
        box.take(MonotonicClock(), timeout_us=0)


def test_a_taken_item_is_not_counted_as_dropped() -> None:
    box: Newest[int] = Newest()
    box.put(1)
    box.take(MonotonicClock())
    box.put(2)
    assert box.dropped == 0


def test_gives_what_is_left_and_then_the_end_once_closed() -> None:
    box: Newest[int] = Newest()
    box.put(1)
    box.close()
    assert [box.take(MonotonicClock()) for _ in range(3)] == [1, None, None]


def test_can_throw_away_what_is_left_when_it_is_closed() -> None:
    box: Newest[int] = Newest()
    box.put(1)
    box.close(keep=False)
    assert box.take(MonotonicClock()) is None


def test_takes_nothing_once_closed() -> None:
    box: Newest[int] = Newest()
    box.close()
    box.put(1)
    assert box.take(MonotonicClock()) is None


def test_raises_the_error_it_was_closed_with_to_every_reader() -> None:
    box: Newest[int] = Newest()
    box.close(OSError("gone"))
    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            box.take(MonotonicClock())


def test_closing_wakes_a_reader_that_waits() -> None:
    box: Newest[int] = Newest()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(box.take(MonotonicClock())))
    reader.start()
    box.close()
    reader.join(5)
    assert got == [None]


def test_a_larger_box_gives_the_oldest_first_and_drops_the_oldest() -> None:
    clock = MonotonicClock()
    box: Newest[int] = Newest(limit=3)
    for number in range(5):
        box.put(number)
    box.close()
    assert [box.take(clock) for _ in range(4)] == [2, 3, 4, None]
    assert box.dropped == 2
