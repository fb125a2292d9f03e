from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.nowcast.samples import network_inputs, samples_of

from flowlace.nowcasting.aligned_frames import CHANNELS, UNKNOWN_GREY
from tests.trainers.nowcast.toys import LEADS, event

INNER = np.s_[..., 90:-90, 90:-90]


def test_rain_that_only_moves_is_its_own_target(tmp_path: Path) -> None:
    (made,) = samples_of([event()], LEADS, is_varied=False, data=tmp_path)
    now, then = made.grey[6, 0].astype(int)[INNER], made.targets[6].astype(int)[INNER]
    wet = now >= 60
    for lead in range(2):
        is_wet = then[lead] >= 60
        assert (wet & is_wet).sum() / (wet | is_wet).sum() > 0.85


def test_targets_nobody_saw_are_unknown(tmp_path: Path) -> None:
    (made,) = samples_of([event(minutes=60)], LEADS, is_varied=False, data=tmp_path)
    assert (made.targets[-1, 2] == UNKNOWN_GREY).all()
    assert (made.targets[0, 1] != UNKNOWN_GREY).mean() > 0.7


def test_starts_have_a_past_and_a_future(tmp_path: Path) -> None:
    (made,) = samples_of([event(minutes=60)], LEADS, is_varied=False, data=tmp_path)
    assert len(made) == 12 - 6
    assert made.ages_minutes[0].tolist() == [5, 0, 0]
    assert made.ages_minutes[5].tolist() == [5, 10, 20]


def test_varied_histories_have_longer_steps(tmp_path: Path) -> None:
    (made,) = samples_of([event(minutes=200)], LEADS, is_varied=True, data=tmp_path)
    ages = {tuple(one) for one in made.ages_minutes.tolist()}
    assert {(5, 10, 20), (0, 10, 20), (0, 0, 15)} <= ages


def test_samples_are_made_once(tmp_path: Path) -> None:
    samples_of([event()], LEADS, is_varied=True, data=tmp_path)
    (folder,) = (tmp_path / "nowcast").iterdir()
    before = (folder / "grey.npy").stat().st_mtime_ns
    samples_of([event()], LEADS, is_varied=True, data=tmp_path)
    assert (folder / "grey.npy").stat().st_mtime_ns == before


def test_a_making_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    (first,) = samples_of([event()], LEADS, is_varied=False, data=tmp_path)
    wanted = first.grey.copy()
    (folder,) = (tmp_path / "nowcast").iterdir()
    (folder / "done").unlink()
    (folder / "grey.npy").write_bytes(b"half")
    (again,) = samples_of([event()], LEADS, is_varied=False, data=tmp_path)
    assert np.array_equal(again.grey, wanted)


def test_inputs_are_those_of_a_nowcast(tmp_path: Path) -> None:
    (made,) = samples_of([event()], LEADS, is_varied=False, data=tmp_path)
    inputs = network_inputs(made.grey[5:7], made.ages_minutes[5:7], made.speed[5:7])
    assert inputs.shape == (2, 256, 256, CHANNELS)
    assert inputs[1, ..., -1].mean() == pytest.approx(np.hypot(0.4, 0.1), rel=0.15)
