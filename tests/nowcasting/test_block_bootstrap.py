import numpy as np
import pytest

from flowlace.nowcasting.block_bootstrap import block_weights, interval, resampled


def test_each_draw_has_as_many_blocks_as_there_are() -> None:
    weights = block_weights(12, 50, seed=0)
    assert weights.sum(axis=1) == pytest.approx(12)
    assert weights.mean() == pytest.approx(1)


def test_intervals_cover_the_mean_at_their_rate() -> None:
    random = np.random.default_rng(1)
    datasets = random.normal(3, 1, (60, 600))  # 60 blocks, 600 times over
    low, high = interval(resampled(block_weights(60, 500, seed=2), datasets) / 60)
    assert ((low < 3) & (high > 3)).mean() == pytest.approx(0.94, abs=0.025)


def test_forecasts_of_one_block_count_as_one() -> None:
    random = np.random.default_rng(1)
    blocks = random.normal(0, 1, (40, 300))
    starts = np.repeat(blocks, 10, axis=0)  # ten starts a block that say the same
    by_block = interval(resampled(block_weights(40, 300, 0), 10 * blocks) / 400)
    by_start = interval(resampled(block_weights(400, 300, 0), starts) / 400)
    widths = [np.mean(high - low) for low, high in (by_block, by_start)]
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(10), rel=0.1)


def test_the_same_seed_draws_the_same() -> None:
    assert (block_weights(5, 20, 7) == block_weights(5, 20, 7)).all()
    assert (block_weights(5, 20, 7) != block_weights(5, 20, 8)).any()


def test_scores_that_most_draws_lack_have_no_interval() -> None:
    values = np.array([[1.0, np.nan, 1.0], [2.0, np.nan, np.nan], [3.0, np.nan, 3.0]])
    low, high = interval(values)
    assert np.isfinite(low).tolist() == [True, False, True]
    assert high[2] == pytest.approx(3, abs=0.1)
