import numpy as np
import pytest

from flowlace.nowcasting.verification import (
    Contingency,
    brier,
    contingency,
    ensemble_crps,
    fractions_skill,
    mean_absolute_error,
    mean_squared_error,
    probability_counts,
    probability_crps,
)

NAN = float("nan")


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_counts_of_a_threshold_include_it() -> None:
    table = contingency(row(1, 1, 0, 0), row(1, 0, 2, 0), 1.0)
    assert table == Contingency(1, 1, 1, 1)
    assert table.csi == pytest.approx(1 / 3)
    assert (table.precision, table.recall, table.bias) == (0.5, 0.5, 1.0)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    table = Contingency(6, 2, 6, 9)
    assert table.f1 == pytest.approx(2 / (1 / table.precision + 1 / table.recall))


def test_squared_errors_weigh_large_ones_more() -> None:
    assert mean_squared_error(row(1, 4, 9), row(0, 1, NAN)).value == pytest.approx(5)


def test_pixels_that_were_not_seen_are_not_scored() -> None:
    assert contingency(row(1, 1), row(1, NAN), 1.0) == Contingency(1, 0, 0, 0)


def test_a_forecast_without_a_value_is_dry() -> None:
    assert contingency(row(NAN, NAN), row(1, 0), 1.0) == Contingency(0, 1, 0, 1)
    assert mean_absolute_error(row(NAN), row(3)).value == 3


def test_tables_are_pooled_by_adding() -> None:
    assert Contingency(1, 2, 3, 4) + Contingency(1, 1, 1, 1) == Contingency(2, 3, 4, 5)


def test_scores_of_nothing_are_nan() -> None:
    assert np.isnan(Contingency().csi)
    assert np.isnan(mean_absolute_error(row(1), row(NAN)).value)


def test_fss_is_one_for_the_same_and_grows_with_the_window_for_a_shift() -> None:
    seen = np.zeros((64, 64), np.float32)
    seen[30:34, 30:34] = 2
    said = np.roll(seen, 4, axis=1)
    assert fractions_skill(seen, seen, 1.0, 5).value == pytest.approx(1)
    assert fractions_skill(said, seen, 1.0, 1).value == pytest.approx(0)
    assert fractions_skill(said, seen, 1.0, 9).value < fractions_skill(said, seen, 1.0, 17).value


def test_brier_of_a_coin_is_a_quarter() -> None:
    assert brier(row(0.5, 0.5), row(2, 0), 1.0).value == pytest.approx(0.25)


def test_average_precision_of_a_perfect_order_is_one_and_of_none_the_frequency() -> None:
    perfect = probability_counts(row(0.9, 0.8, 0.1, 0.2), row(2, 2, 0, 0), 1.0)
    flat = probability_counts(row(0.5, 0.5, 0.5, 0.5), row(2, 0, 0, 0), 1.0)
    assert perfect.pr_area == pytest.approx(1)
    assert flat.pr_area == pytest.approx(0.25)


def test_average_precision_is_that_of_the_definition() -> None:
    counts = probability_counts(row(0.9, 0.8, 0.7, 0.6), row(2, 0, 2, 0), 1.0)
    assert counts.pr_area == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_calibrated_probabilities_lie_on_the_diagonal() -> None:
    random = np.random.default_rng(0)
    chance = random.uniform(0, 1, (1, 200_000)).astype(np.float32)
    seen = (random.uniform(0, 1, chance.shape) < chance).astype(np.float32)
    said, was, count = probability_counts(chance, seen, 1.0).reliability()
    assert was == pytest.approx(said, abs=0.02)
    assert count.sum() == chance.size


def test_crps_of_one_member_is_the_absolute_error() -> None:
    assert ensemble_crps(row(3, 1)[None], row(1, 1)).value == pytest.approx(1)


def test_crps_of_members_is_that_of_the_definition() -> None:
    members = np.array([[[0.0]], [[2.0]], [[5.0]]], np.float32)
    pairs = [abs(a - b) for a in (0, 2, 5) for b in (0, 2, 5)]
    wanted = (1 + 1 + 4) / 3 - np.mean(pairs) / 2
    assert ensemble_crps(members, row(1)).value == pytest.approx(wanted)


def test_crps_of_a_step_is_the_distance_to_what_was_seen() -> None:
    thresholds = np.linspace(0.01, 10, 1000, dtype=np.float32)
    said = (thresholds <= 6).astype(np.float32)[:, None, None]
    assert probability_crps(said, thresholds, row(2)).value == pytest.approx(4, abs=0.02)


def test_shapes_that_differ_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"of shape \(1, 2\), the observation of \(1, 1\)"):
        contingency(row(1, 1), row(1), 1.0)
