from dataclasses import replace
from pathlib import Path

import pytest
import torch
from flowlace_trainers.fit import fit, load_best
from flowlace_trainers.nowcast.task import RainUnetTask, parts

from tests.trainers.nowcast import toys


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> RainUnetTask:
    return RainUnetTask(toys.CONFIG, Path("none"), tmp_path_factory.mktemp("data"))


def test_rain_that_only_moves_is_learnt(task: RainUnetTask, tmp_path: Path) -> None:
    before = task.evaluate(task.make_model())
    fit(task, task.config.fit, tmp_path)
    after = task.evaluate(load_best(task, tmp_path))
    assert after["CSI"] > 0.7
    assert after["Brier"] < 0.6 * before["Brier"]
    assert after["error"] < 0.5 * before["error"]


def test_a_batch_is_a_function_of_its_step(task: RainUnetTask) -> None:
    phase = task.config.fit.phases[0]
    first, second, other = (task.batch(one, phase) for one in (5, 5, 6))
    assert torch.equal(first.inputs, second.inputs)
    assert not torch.equal(first.inputs, other.inputs)


def test_networks_share_the_windows_as_the_configuration_says(tmp_path: Path) -> None:
    config = replace(toys.CONFIG, shares={"made": 0.9, "other": 0.1})
    assert RainUnetTask(config, Path("none"), tmp_path)._shares.tolist() == pytest.approx(
        [0.9, 0.1]
    )


def test_the_output_is_by_lead_thresholds_then_rate(task: RainUnetTask) -> None:
    channels = torch.arange(12.0)[None, :, None, None].expand(1, 12, 2, 2)
    logits, rate = parts(channels, task.config)
    assert logits[0, :, :, 0, 0].tolist() == [[0, 1, 2], [4, 5, 6], [8, 9, 10]]
    assert rate[0, :, 0, 0].tolist() == [3, 7, 11]
