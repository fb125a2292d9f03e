import numpy as np
import pytest

from flowlace.nowcasting.rank_histogram import probability_integral_transform, rank_histogram

LEVELS = (0.5, 1.0, 2.0, 4.0)
COUNT = 200_000


def chances(mean_mm_h: np.ndarray) -> np.ndarray:
    """Probabilities of an exponential distribution with such a mean, `[level, pixel]`."""
    return np.exp(-np.array(LEVELS)[:, None] / mean_mm_h).astype(np.float32)


def shares(placed: np.ndarray) -> np.ndarray:
    return np.histogram(placed, 10, (0, 1))[0] / len(placed)


def test_a_calibrated_forecast_has_an_even_histogram() -> None:
    random = np.random.default_rng(0)
    mean = random.uniform(0.3, 3, COUNT)
    seen = random.exponential(mean).astype(np.float32)
    placed = probability_integral_transform(chances(mean), LEVELS, seen, random)
    assert shares(placed) == pytest.approx(np.full(10, 0.1), abs=0.004)


def test_a_forecast_that_is_too_wet_has_too_many_low() -> None:
    random = np.random.default_rng(0)
    seen = random.exponential(1.0, COUNT).astype(np.float32)
    placed = probability_integral_transform(chances(np.full(COUNT, 2.0)), LEVELS, seen, random)
    assert (np.diff(shares(placed)) < 0).mean() > 0.7
    assert shares(placed)[0] > 0.15


def test_a_yes_or_no_puts_what_it_misses_at_the_ends() -> None:
    said = np.array([[1, 1], [1, 1], [0, 0], [0, 0]], np.float32)  # between 1 and 2 mm/h
    seen = np.array([0.7, 3.0], np.float32)
    placed = probability_integral_transform(said, LEVELS, seen, np.random.default_rng(0))
    assert placed.tolist() == [0, 1]


def test_a_level_likelier_than_a_lower_one_is_lowered_to_it() -> None:
    said = np.array([[0.5], [0.8], [0.2], [0.0]], np.float32)
    seen = np.array([0.7], np.float32)
    placed = probability_integral_transform(said, LEVELS, seen, np.random.default_rng(0))
    assert placed.tolist() == [0.5]


def test_the_same_seed_draws_the_same_places() -> None:
    mean, seen = np.ones(100), np.linspace(0, 5, 100, dtype=np.float32)
    first, second = (
        probability_integral_transform(chances(mean), LEVELS, seen, np.random.default_rng(3))
        for _ in range(2)
    )
    assert (first == second).all()


def test_ranks_of_members_of_the_same_kind_are_even() -> None:
    random = np.random.default_rng(0)
    drawn = random.exponential(1, (5, 300, 300)).astype(np.float32)
    counts = rank_histogram(drawn[:4], drawn[4], random)
    assert counts / counts.sum() == pytest.approx(np.full(5, 0.2), abs=0.01)


def test_ties_among_dry_members_are_drawn_evenly_and_the_unseen_do_not_count() -> None:
    dry, seen = np.zeros((3, 200, 200), np.float32), np.zeros((200, 200), np.float32)
    seen[:100] = np.nan
    counts = rank_histogram(dry, seen, np.random.default_rng(0))
    assert counts.sum() == 20_000
    assert counts / counts.sum() == pytest.approx(np.full(4, 0.25), abs=0.02)
