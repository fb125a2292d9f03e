import pytest

from flowlace.sources.backoff import Backoff


def test_delays_double_up_to_the_largest() -> None:
    backoff = Backoff(first_us=100, largest_us=500, jitter=0)
    assert [backoff.next_us() for _ in range(5)] == [100, 200, 400, 500, 500]


def test_starts_again_after_a_success() -> None:
    backoff = Backoff(first_us=100, largest_us=500, jitter=0)
    backoff.next_us()
    backoff.reset()
    assert backoff.next_us() == 100


def test_jitter_stays_within_its_share() -> None:
    backoff = Backoff(first_us=1000, largest_us=1000, jitter=0.2, seed=3)
    assert {800 <= backoff.next_us() <= 1200 for _ in range(100)} == {True}


def test_jitter_depends_on_the_seed_alone() -> None:
    one, same, other = (Backoff(seed=seed) for seed in (1, 1, 2))
    assert one.next_us() == same.next_us() != other.next_us()


def test_survives_a_camera_that_is_gone_for_years() -> None:
    backoff = Backoff(first_us=100, largest_us=500, jitter=0)
    delays = [backoff.next_us() for _ in range(2000)]
    assert delays[-1] == pytest.approx(500)
