import threading
import time

from flowlace.framework.clock import MonotonicClock


def test_starts_at_its_anchor() -> None:
    assert 7_000_000 <= MonotonicClock(7_000_000).now_us() < 8_000_000


def test_never_goes_back() -> None:
    clock = MonotonicClock()
    times = [clock.now_us() for _ in range(1000)]
    assert times == sorted(times)


def test_sleeps_as_long_as_asked() -> None:
    clock = MonotonicClock()
    clock.sleep_us(2000)
    assert clock.now_us() >= 2000


def test_does_not_sleep_into_the_past() -> None:
    MonotonicClock().sleep_us(-5)


def test_waits_for_an_event_until_the_time_is_over() -> None:
    assert not MonotonicClock().wait(threading.Event(), 1000)


def test_stops_waiting_when_the_event_comes() -> None:
    event = threading.Event()
    threading.Timer(0.002, event.set).start()
    started = time.monotonic()
    assert MonotonicClock().wait(event, 10_000_000)
    assert time.monotonic() - started < 5
