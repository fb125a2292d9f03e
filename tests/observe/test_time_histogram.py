import pytest

from flowlace.observe.time_histogram import TimeHistogram


@pytest.mark.parametrize("duration_ns", [1, 415_500_000, 278_200_000])
def test_no_quantile_is_longer_than_the_longest(duration_ns: int) -> None:
    times = TimeHistogram()
    times.add(duration_ns)
    assert times.quantile_us(0.95) <= times.longest_ns / 1e3
