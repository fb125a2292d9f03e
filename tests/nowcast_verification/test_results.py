"""Scores and intervals from sums that are made here, not read from an archive."""

from collections.abc import Sequence

import numpy as np
import pytest

from flowlace.nowcast_verification.archive import ArchiveFacts
from flowlace.nowcast_verification.collected import Collected
from flowlace.nowcast_verification.results import Verification, verification_of
from flowlace.nowcast_verification.score_sums import FINE_BINS, ScoreKinds
from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcasting.power_spectrum import scale_bands
from flowlace.nowcasting.verification import ProbabilityCounts

KINDS = ScoreKinds(
    thresholds_mm_h=(1.0,), levels_mm_h=(1.0, 2.0), windows_px=(1,),
    bands=scale_bands((16, 16), 1.0), margin_px=0,
)  # fmt: skip


def result_of(
    tables: Sequence[Sequence[Sequence[int]]], *, every: float = 60, block: float = 60
) -> Verification:
    """The result of hits, misses and false alarms `[hour][method]`, one lead."""
    hours, methods = len(tables), len(tables[0])
    collected = Collected(
        methods=("persistence", "extrapolation", "sprog")[:methods],
        leads_minutes=(30.0,),
        kinds=KINDS,
        split=None,
        calibration=np.zeros((methods, 1), KINDS.dtype),
        chances=np.zeros((methods, 1, 1, FINE_BINS, 2), np.int64),
        missing_targets=[0],
        starts=hours,
    )
    for hour, table in enumerate(tables):
        sums = np.zeros((methods, 1), KINDS.dtype)
        sums["contingency"][:, 0, 0] = table
        sums["pixels"], sums["starts"] = 1000, 1
        collected.blocks[hour] = sums
    settings = VerificationSettings(
        thresholds_mm_h=(1.0,), every_minutes=every, block_minutes=block, resamples=400
    )
    facts = ArchiveFacts(name="made", files=1, shape=(16, 16))
    return verification_of(collected, facts, settings)


def test_scores_are_those_of_the_pooled_counts() -> None:
    result = result_of([[(1, 1, 0)], [(5, 1, 2)]])
    assert result.csi.value[0, 0, 0] == pytest.approx(6 / 10)
    assert result.precision.value[0, 0, 0] == pytest.approx(6 / 8)
    assert result.recall.value[0, 0, 0] == pytest.approx(6 / 8)
    assert result.f1.value[0, 0, 0] == pytest.approx(6 / 8)
    assert result.bias.value[0, 0, 0] == pytest.approx(1)
    assert result.base_rate[0, 0, 0] == pytest.approx(8 / 2000)


def test_hours_that_agree_have_a_narrow_interval_and_those_that_differ_a_wide_one() -> None:
    same = result_of([[(5, 5, 0)]] * 20)
    mixed = result_of([[(10, 0, 0)], [(0, 10, 0)]] * 10)
    assert (same.csi.low, same.csi.value, same.csi.high) == (0.5, 0.5, 0.5)
    # Half of 20 draws are hits: 0.5 ± 1.96 √(0.25 / 20).
    assert mixed.csi.high[0, 0, 0] - mixed.csi.low[0, 0, 0] == pytest.approx(0.438, abs=0.06)


def test_a_small_gain_in_every_hour_is_sure_although_intervals_overlap() -> None:
    hours = [[(one, 20 - one, 0), (one + 1, 19 - one, 0)] for one in range(18)]
    result = result_of(hours)
    assert result.csi.high[0, 0, 0] > result.csi.low[1, 0, 0]
    assert result.leads_above_persistence(1, 0, surely=True) == [30]
    assert result.csi_gain.value[1, 0, 0, 0] == pytest.approx(0.05)
    assert result.csi_gain.value[0, 1, 0, 0] == pytest.approx(-0.05)


def test_a_gain_in_one_hour_of_many_is_not_sure() -> None:
    hours = [[(5, 5, 0), (6, 4, 0)], *[[(5, 5, 0), (5, 5, 0)]] * 19]
    result = result_of(hours)
    assert result.leads_above_persistence(1, 0) == [30]
    assert result.leads_above_persistence(1, 0, surely=True) == []


def test_one_block_has_no_interval_and_few_are_not_sound() -> None:
    one, few, many = (result_of([[(5, 5, 0)]] * count) for count in (1, 9, 10))
    assert np.isnan(one.csi.low).all()
    assert [each.are_intervals_sound for each in (one, few, many)] == [False, False, True]


def test_blocks_are_as_long_as_asked_or_suit_what_is_scored() -> None:
    tables = [[(5, 5, 0)]] * 48
    assert result_of(tables, block=360).blocks == 8
    assert (result_of(tables, block=0).block_minutes, result_of(tables, block=0).blocks) == (360, 8)
    assert result_of(tables[:24], block=0).blocks == 24
    assert result_of([[(5, 5, 0)]] * 400, block=0).block_minutes == 1440


def test_scores_without_rain_are_nan_and_so_are_their_intervals() -> None:
    result = result_of([[(0, 0, 0)]] * 12)
    assert np.isnan(result.csi.value).all()
    assert np.isnan(result.csi.high).all()


def with_chances(counts: np.ndarray) -> Verification:
    """A result whose only method gave probabilities `[bin, 2]`, in each of 12 hours."""
    result = result_of([[(5, 5, 0)]] * 12)
    result.collected.chances[0, 0, 0] = 12 * counts
    coarse = counts.reshape(-1, FINE_BINS // 50, 2).sum(axis=1)
    [block.__setitem__("chances", coarse) for block in result.collected.blocks.values()]
    return verification_of(result.collected, result.facts, result.settings)


def test_pr_area_is_that_of_the_counts_by_name() -> None:
    random = np.random.default_rng(0)
    forecasts = random.integers(0, 50, FINE_BINS)
    counts = np.stack([forecasts, random.binomial(forecasts, np.linspace(0, 1, FINE_BINS))], -1)
    wanted = ProbabilityCounts(counts[:, 0], counts[:, 1]).pr_area
    result = with_chances(counts)
    assert result.pr_area.value[0, 0, 0] == pytest.approx(wanted)
    assert result.pr_area.low[0, 0, 0] == pytest.approx(wanted)  # all hours are the same
    assert result.has_chances.tolist() == [True]


def test_the_cut_off_is_the_one_of_the_highest_csi() -> None:
    counts = np.zeros((FINE_BINS, 2), np.int64)
    counts[900], counts[410], counts[100] = (100, 90), (100, 60), (1000, 50)
    result = with_chances(counts)
    # 150 of 200 said are hits, 50 are missed; with the lowest bin, 200 of 1200.
    assert result.cut_off[0, 0, 0] == pytest.approx(0.40)
    assert result.cut_off_csi.value[0, 0, 0] == pytest.approx(150 / 250)
