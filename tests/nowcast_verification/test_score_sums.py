import numpy as np
import pytest

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.nowcast_verification.score_sums import Records, ScoreKinds, score_forecast
from flowlace.nowcasting.methods import exceedance
from flowlace.nowcasting.power_spectrum import scale_bands
from flowlace.nowcasting.verification import (
    contingency,
    fractions_skill,
    mean_absolute_error,
    mean_squared_error,
    probability_counts,
)
from tests.nowcasting.made_rain import moving_rain

LEVELS = (0.2, 1.0, 2.0, 5.0)
SHAPE = (96, 80)


def kinds(margin_px: int = 0) -> ScoreKinds:
    return ScoreKinds(
        thresholds_mm_h=(1.0, 5.0),
        levels_mm_h=LEVELS,
        windows_px=(1, 5),
        bands=scale_bands((SHAPE[0] - 2 * margin_px, SHAPE[1] - 2 * margin_px), 1.0),
        margin_px=margin_px,
    )


def observed(rain: np.ndarray) -> RadarGrid:
    return RadarGrid(rain_rate_mm_h=rain, projection="", extent=Extent(0, 0, 1, 1), observed_us=0)


def scored(said: np.ndarray, seen: np.ndarray, margin_px: int = 0) -> Records:
    random = np.random.default_rng(0)
    chances = exceedance(said[None], LEVELS)
    return score_forecast(said[None], chances, [observed(seen)], kinds(margin_px), random).sums[0]


def two_frames() -> tuple[np.ndarray, np.ndarray]:
    said, seen = moving_rain([0, 3], 2, 1, SHAPE)
    said[:10], seen[:, -7:] = np.nan, np.nan
    return said, seen


def test_sums_are_those_of_the_scores_by_name() -> None:
    said, seen = two_frames()
    sums = scored(said, seen)
    table = contingency(said, seen, 5.0)
    assert sums["contingency"][1].tolist() == [table.hits, table.misses, table.false_alarms]
    skill = fractions_skill(said, seen, 1.0, 5)
    assert sums["fractions"][0, 1].tolist() == [skill.squared_error, skill.reference]
    assert sums["absolute_error"] == mean_absolute_error(said, seen).total
    assert sums["squared_error"] == mean_squared_error(said, seen).total


def test_only_what_was_seen_is_scored_and_what_was_not_forecast_is_counted() -> None:
    said, seen = two_frames()
    sums = scored(said, seen)
    assert sums["pixels"] == np.isfinite(seen).sum()
    assert sums["known"] == (np.isfinite(seen) & np.isfinite(said)).sum()


def test_the_margin_at_the_edges_of_what_was_seen_is_not_scored() -> None:
    said, seen = two_frames()
    inner = (slice(20, -20), slice(20, -27))  # seven columns on the right were not seen
    sums, wanted = scored(said, seen, 20), mean_absolute_error(said[inner], seen[inner])
    assert (sums["absolute_error"], sums["pixels"]) == (wanted.total, wanted.count)


def test_a_hole_of_a_few_pixels_has_no_margin() -> None:
    said, seen = two_frames()
    seen[50:53, 40:43] = np.nan
    whole = scored(said, two_frames()[1], 20)["pixels"]
    assert scored(said, seen, 20)["pixels"] == whole - 9


def test_pixels_without_a_forecast_do_not_count_as_blur() -> None:
    _, seen = two_frames()
    said = seen.copy()
    said[:40] = np.nan
    power = scored(said, seen)["power"]
    assert power[:, 0] == pytest.approx(power[:, 1])


def test_brier_of_a_yes_or_no_counts_what_is_wrong() -> None:
    said, seen = two_frames()
    sums = scored(said, seen)
    assert sums["brier"] == pytest.approx(sums["contingency"][:, 1:].sum(axis=1))


def test_coarse_bins_hold_what_fine_ones_do() -> None:
    said, seen = two_frames()
    chances = np.random.default_rng(0).uniform(size=(1, 4, *SHAPE)).astype(np.float32)
    made = score_forecast(
        said[None], chances, [observed(seen)], kinds(), np.random.default_rng(0)
    )  # fmt: skip
    fine = probability_counts(chances[0, 1], seen, 1.0)
    assert (made.chances[0, 0, :, 1] == fine.events).all()
    assert made.sums["chances"][0, 0].sum(axis=0).tolist() == [
        fine.forecasts.sum(), fine.events.sum()
    ]  # fmt: skip
    assert made.sums["chances"][0, 0, 0, 0] == fine.forecasts[:20].sum()


def test_ranks_count_pixels_where_rain_was_thought_possible() -> None:
    said, seen = two_frames()
    sums = scored(said, seen)
    assert sums["ranks"].sum() == ((said >= 0.2) & np.isfinite(seen)).sum()


def test_a_lead_without_an_observation_adds_nothing() -> None:
    said, seen = two_frames()
    nothing = np.full(SHAPE, np.nan, np.float32)
    made = score_forecast(
        np.stack([said, said, said]),
        exceedance(np.stack([said, said, said]), LEVELS),
        [None, observed(nothing), observed(seen)],
        kinds(),
        np.random.default_rng(0),
    )
    assert made.sums["starts"].tolist() == [0, 0, 1]
    assert made.sums["pixels"][:2].tolist() == [0, 0]
