from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers.fit import fit, load_best
from flowlace_trainers.sound.data import SoundData
from flowlace_trainers.sound.network import SoundHead, SoundNetwork
from flowlace_trainers.sound.samples import clip_windows
from flowlace_trainers.sound.task import SoundTask, head_logits, torch_classifier

from tests.trainers.sound import toys


class ToyData(SoundData):
    layers = toys.layers()  # type: ignore[assignment]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> SoundData:
    folder = tmp_path_factory.mktemp("sound")
    (folder / "clips").mkdir()
    toys.write_clips(folder / "clips")
    return ToyData(toys.CONFIG, folder / "clips", Path("none"), folder / "made")


def test_three_made_sounds_are_learnt(data: SoundData, tmp_path: Path) -> None:
    task = SoundTask(data, "2")
    fit(task, task.config.fit, tmp_path)
    head = load_best(task, tmp_path)
    assert task.evaluate(head)["balanced"] == 1


def test_what_is_left_out_is_not_learnt_from_and_what_is_kept_is_it(data: SoundData) -> None:
    task = SoundTask(data, "2")
    assert {one.fold for one in task.training} == {"1"}
    assert {one.fold for one in task.kept} == {"2"}
    assert set(data.pool.folds[task._places]) == {"1"}


def test_with_all_folds_everything_is_learnt_from(data: SoundData) -> None:
    task = SoundTask(data)
    assert len(task.training) == len(task.kept) == len(data.clips)


def test_a_batch_is_a_function_of_its_step(data: SoundData) -> None:
    task = SoundTask(data, "1")
    first, second = (task.batch(5, data.config.fit.phases[0]) for _ in range(2))
    assert torch.equal(first.features, second.features)
    assert not first.is_joint
    assert task.batch(5, data.config.fit.phases[1]).is_joint


def test_the_whole_network_gives_what_trunk_and_head_give_apart(data: SoundData) -> None:
    task = SoundTask(data, "1")
    head = task.make_model()
    assert isinstance(head, SoundHead)
    windows = clip_windows(data.clips[0].sound)
    whole = torch_classifier(SoundNetwork(data.trunk, head))(windows)
    apart = head_logits(head, _features(data, windows))
    assert np.allclose(whole, apart, atol=0.02)


def _features(data: SoundData, windows: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        made: torch.Tensor = data.trunk(torch.from_numpy(np.ascontiguousarray(windows))[:, None])
    return made
