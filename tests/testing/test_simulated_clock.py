import threading

import pytest

from flowlace.framework.clock import Clock
from flowlace.testing import SimulatedClock


def test_a_sleep_jumps_without_waiting() -> None:
    clock: Clock = SimulatedClock(start_us=100)
    clock.sleep_us(3_600_000_000)
    assert clock.now_us() == 3_600_000_100


def test_a_sleep_that_is_not_positive_returns_at_once() -> None:
    clock = SimulatedClock()
    clock.sleep_us(-5)
    assert clock.now_us() == 0


def test_waiting_ends_with_the_event_or_the_time() -> None:
    clock = SimulatedClock()
    is_set = threading.Event()
    is_set.set()
    assert clock.wait(is_set, 1_000)
    assert clock.now_us() == 0
    assert not clock.wait(threading.Event(), 1_000)
    assert clock.now_us() == 1_000


def test_an_event_of_another_thread_ends_an_endless_wait() -> None:
    clock = SimulatedClock()
    event = threading.Event()
    threading.Timer(0.01, event.set).start()
    assert clock.wait(event)
    assert clock.now_us() == 0


def test_threads_wake_in_the_order_of_their_times() -> None:
    clock = SimulatedClock()
    woken: list[tuple[str, int]] = []
    ready = threading.Barrier(3)

    def sleeper(name: str, *durations_us: int) -> None:
        with clock.thread():
            ready.wait(20)
            for duration_us in durations_us:
                clock.sleep_us(duration_us)
                woken.append((name, clock.now_us()))

    threads = [
        threading.Thread(target=sleeper, args=("slow", 300, 300)),
        threading.Thread(target=sleeper, args=("quick", 100, 100, 350)),
        threading.Thread(target=sleeper, args=("late", 1000)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert woken == [
        ("quick", 100), ("quick", 200), ("slow", 300), ("quick", 550), ("slow", 600), ("late", 1000)
    ]  # fmt: skip


def test_time_stands_still_while_a_thread_is_awake() -> None:
    clock = SimulatedClock()
    slept = threading.Event()

    def sleep() -> None:
        clock.sleep_us(500)
        slept.set()

    with clock.thread():
        other = threading.Thread(target=sleep)
        other.start()
        assert not slept.wait(0.05)
        assert clock.now_us() == 0
    other.join(20)
    assert clock.now_us() == 500


def test_time_can_be_moved_by_hand() -> None:
    clock = SimulatedClock()
    clock.advance_us(7)
    assert clock.now_us() == 7


@pytest.mark.parametrize("rounds", range(5))
def test_the_same_program_sees_the_same_times(rounds: int) -> None:
    clock = SimulatedClock()
    seen: list[int] = []

    def tick(period_us: int) -> None:
        with clock.thread():
            ready.wait(20)
            for _ in range(20):
                clock.sleep_us(period_us)
                seen.append(clock.now_us())

    ready = threading.Barrier(2)
    threads = [threading.Thread(target=tick, args=(period_us,)) for period_us in (7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    expected = sorted([7 * n for n in range(1, 21)] + [11 * n for n in range(1, 21)])
    assert seen == expected
