from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flowlace.nowcast_verification.archive import Archive
from flowlace.nowcast_verification.results import Verification, verification_of
from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcast_verification.start_times import NO_OBSERVATION, NO_TARGET
from flowlace.nowcast_verification.time_split import TimeSplit
from flowlace.nowcast_verification.verify import verify_archive
from flowlace.nowcasting import methods
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.rain_history import RainHistory
from tests.nowcast_verification.made_archive import SHAPE, file_name, write_archive, write_file

REAL = Path("../shared/data/radar/raw/knmi")


def verified(folder: Path, **settings: object) -> Verification:
    usual = {
        "methods": ("extrapolation",), "leads_minutes": (10, 20), "thresholds_mm_h": (1.0, 5.0),
        "scales_km": (1.0, 8.0), "every_minutes": 10.0, "history_minutes": 10.0, "resamples": 100,
    }  # fmt: skip
    made = VerificationSettings(**(usual | settings))  # type: ignore[arg-type]
    return verification_of(*verify_archive(Archive(str(folder)), made), made)


def fragile(
    history: RainHistory, leads: Sequence[float], thresholds: Sequence[float] | None
) -> np.ndarray:
    """Needs four frames of history."""
    if len(history.frames) < 4:
        raise NowcastError("needs 4 frames")
    return methods.persistence(history, leads, thresholds)


def test_rain_that_stands_still_makes_persistence_perfect(tmp_path: Path) -> None:
    result = verified(write_archive(tmp_path, range(0, 61, 5), pixels_a_minute=0))
    assert (result.csi.value == 1).all()
    assert (result.f1.value == 1).all()
    assert result.fss.value[0] == pytest.approx(1)
    assert result.mae.value[0] == pytest.approx(0)
    assert result.mse.value[0] == pytest.approx(0)
    assert result.brier.value[0] == pytest.approx(0)
    assert result.crps.value[0] == pytest.approx(0)
    assert result.pr_area.value[0] == pytest.approx(1)
    assert result.power_share.value[0] == pytest.approx(1)


def test_rain_that_moves_is_better_carried_along(tmp_path: Path) -> None:
    result = verified(write_archive(tmp_path, range(0, 121, 5), pixels_a_minute=0.5))
    persistence, carried = range(2)
    assert result.methods == ("persistence", "extrapolation")
    assert (result.csi.value[carried] > result.csi.value[persistence] + 0.2).all()
    assert result.leads_above_persistence(carried, 0) == [10, 20]
    assert result.leads_above_persistence(carried, 0, surely=True) == [10, 20]
    assert result.has_chances.tolist() == [False, True]
    assert result.scales_km == pytest.approx((0.845, 9 * 0.845), abs=0.01)  # 1 and 9 pixels
    assert result.collected.kinds.bands.edges_km[0] == pytest.approx(2 * 0.845, abs=0.01)
    assert result.coverage[carried, 1] < result.coverage[persistence, 1] == 1


def test_holes_and_damage_are_counted_and_not_scored(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5, 10, 15, 20, 25, 30, 35, 40, 50, 55, 60, 65, 70])
    cut_off = tmp_path / file_name(35)
    cut_off.write_bytes(cut_off.read_bytes()[:300])
    write_file(tmp_path, 45, np.zeros((32, 32)))
    result = verified(tmp_path, every_minutes=5.0)
    assert result.facts.skipped == {"unreadable": 1, "wrong_grid": 1, "missing": 2}
    # 35 and 45 minutes are not there; after 25 neither lead has an observation.
    assert result.collected.skipped_starts == {NO_OBSERVATION: 2, NO_TARGET: 1}
    assert result.collected.starts == 6
    assert result.collected.missing_targets == [0, 1]
    assert result.sums["starts"].tolist() == [[6, 5], [6, 5]]


def test_a_method_that_never_works_is_left_out_unless_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(tmp_path, range(0, 41, 5))
    monkeypatch.setitem(methods._BUILT_IN, "fragile", fragile)
    result = verified(tmp_path, methods=())
    assert "fragile" not in result.methods
    assert result.collected.left_out == {"fragile": "needs 4 frames"}
    assert result.csi.value.shape[0] == len(result.methods)
    with pytest.raises(NowcastError, match="'fragile' does not work on this archive: needs 4"):
        verified(tmp_path, methods=("fragile",))


def test_starts_where_a_method_fails_are_scored_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(tmp_path, [0, 5, 10, 15, 20, 30, 35, 40, 45, 50, 55])
    monkeypatch.setitem(methods._BUILT_IN, "fragile", fragile)
    result = verified(tmp_path, methods=("fragile",), every_minutes=5.0, history_minutes=15.0)
    assert result.collected.skipped_starts["fragile: needs 4 frames"] == 2
    assert result.sums["starts"].max() == result.collected.starts == 2


def test_a_split_scores_one_part_and_picks_cut_offs_on_the_other(tmp_path: Path) -> None:
    whole, earlier, later = (tmp_path / one for one in ("whole", "earlier", "later"))
    [one.mkdir() for one in (whole, earlier, later)]
    write_archive(whole, range(0, 241, 5), fades_from_minute=110)
    write_archive(earlier, range(0, 120, 5))
    write_archive(later, range(110, 241, 5), fades_from_minute=110)
    split = verified(whole, split=TimeSplit.parsed("2h/3h"))
    picked, scored = verified(earlier, split=None), verified(later, split=None)
    assert split.collected.calibration_starts == picked.collected.starts == 9  # 10 … 90 minutes
    assert split.collected.starts == scored.collected.starts == 11  # 120 … 220
    assert split.collected.skipped_starts == {"across the split": 2}
    np.testing.assert_array_equal(split.csi.value, scored.csi.value)
    assert (split.cut_off == picked.cut_off).all()
    assert (split.cut_off != scored.cut_off).any()
    assert (split.cut_off_csi.value <= scored.cut_off_csi.value)[..., 0].all()
    assert (split.cut_off_csi.value < scored.cut_off_csi.value)[1, :, 0].any()
    assert [one.are_cut_offs_independent for one in (split, scored)] == [True, False]


def test_an_interrupted_run_gives_what_was_scored(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 121, 5))
    settings = VerificationSettings(leads_minutes=(10,), methods=("extrapolation",))
    answers = iter([False, False, True])
    archive = Archive(str(tmp_path))
    collected, _ = verify_archive(archive, settings, is_stopped=lambda: next(answers))
    assert (collected.starts, collected.is_interrupted) == (2, True)


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 121, 5))
    settings = VerificationSettings(leads_minutes=(10,), methods=("persistence",))
    told: list[tuple[float, int]] = []
    verify_archive(Archive(str(tmp_path)), settings, tell=lambda *now: told.append(now))
    assert told == sorted(told)
    assert told[-1] == (pytest.approx(105 / 120), 6)


def test_the_same_archive_gives_the_same_numbers(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 61, 5))
    first, second = (verified(tmp_path) for _ in range(2))
    assert (first.sums == second.sums).all()
    assert first.csi.low == pytest.approx(second.csi.low, nan_ok=True)


def test_too_short_an_archive_says_what_a_start_needs(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5, 10, 15])
    with pytest.raises(NowcastError, match="4 observations in 15 min; a start needs 10 min before"):
        verified(tmp_path)


def test_a_margin_that_leaves_nothing_is_an_error(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 61, 5))
    with pytest.raises(NowcastError, match=f"leaves nothing of a grid of {SHAPE[0]} × {SHAPE[1]}"):
        verified(tmp_path, margin_km=40.0)


def test_an_unknown_method_is_named(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 61, 5))
    with pytest.raises(NowcastError, match="did you mean 'extrapolation'"):
        verified(tmp_path, methods=("extrapolate",))


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/radar/raw/knmi")
def test_real_rain_is_better_carried_along_than_left_where_it_is() -> None:
    pytest.importorskip("h5py")
    result = verified(REAL, leads_minutes=(30,), every_minutes=60.0, resamples=0)
    assert result.facts.observations == 49
    assert (result.csi.value[1, 0] > 1.5 * result.csi.value[0, 0]).all()
    assert result.scales_km == (1, 9)
    assert 0.3 < result.power_share.value[1, 0, 0] < 1
