import pytest

from flowlace.calculators.audio.sample_clock import SampleClock


def clock(rate: float, seen: int) -> SampleClock:
    made = SampleClock(rate)
    made.start(100)
    made.advance(seen)
    return made


def test_time_is_counted_and_does_not_drift_over_ten_hours() -> None:
    made = SampleClock(44_100)
    made.start(7)
    for _ in range(36_000):
        made.advance(44_100)
    assert made.next_us == 36_000_000_000 + 7


@pytest.mark.parametrize(
    ("rate", "late_us", "is_gap"),
    [(16_000, 1000, False), (16_000, 1001, True), (100, 20_000, False), (100, 20_001, True)],
)
def test_more_than_rounding_is_a_gap(rate: float, late_us: int, is_gap: bool) -> None:
    made = clock(rate, 200)
    assert made.is_gap(made.next_us + late_us) is is_gap
    assert made.overlap(made.next_us + late_us) == 0


def test_nothing_is_missing_before_the_first_packet() -> None:
    assert not SampleClock(16_000).is_gap(5_000_000)
    assert SampleClock(16_000).overlap(5_000_000) == 0


def test_samples_that_come_twice_are_told() -> None:
    made = clock(16_000, 16_000)
    assert made.overlap(made.next_us - 500) == 0
    assert made.overlap(made.next_us - 10_000) == 160
