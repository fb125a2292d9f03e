"""The loop, on a model of one matrix: it learns, it resumes exactly, it stops at nonsense."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.fit import FitOptions, fit, load_best
from flowlace_trainers.schedule import Phase
from lightning_fabric import Fabric
from torch import Tensor, nn

PHASES = (
    Phase(share=0.5, width_px=4, height_px=4, strength=0.0, drop=0.0),
    Phase(share=0.5, width_px=4, height_px=4, strength=1.0, drop=0.5),
)
OPTIONS = FitOptions(
    steps=8, phases=PHASES, warm_up_steps=2, peak_learning_rate=0.1, evaluate_every=4, threads=1
)


class StoppedError(Exception):
    """Somebody pulled the plug."""


class LineTask:
    """Learns y = 2 x through a layer that forgets at random."""

    score_name = "closeness"

    def __init__(self, *, bad_step: int = -1, stop_at: int = -1) -> None:
        self._bad_step, self._stop_at = bad_step, stop_at

    def make_model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.0), nn.Linear(8, 1))

    def set_drop(self, model: nn.Module, drop: float) -> None:
        model[1].p = drop

    def batch(self, step: int, phase: Phase) -> tuple[Tensor, int]:
        x = np.random.default_rng((1, step)).normal(size=(16, 1)).astype(np.float32)
        return torch.from_numpy(x), step

    def losses(
        self, model: nn.Module, batch: tuple[Tensor, int], fabric: Fabric
    ) -> Mapping[str, Tensor]:
        x, step = batch
        if step == self._stop_at:
            raise StoppedError
        factor = float("nan") if step == self._bad_step else 1.0
        return {"square": ((model(x) - 2 * x) ** 2).mean() * factor}

    def settle(self, model: nn.Module) -> None:
        self.settled = model

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        x = torch.linspace(-1, 1, 9)[:, None]
        return {"closeness": -float((model(x).detach() - 2 * x).abs().mean())}


def weights(folder: Path) -> dict[str, Tensor]:
    return torch.load(folder / "checkpoint.ckpt", weights_only=True)["model"]


def test_a_run_learns_and_logs_every_evaluation(tmp_path: Path) -> None:
    options = replace(OPTIONS, steps=200, evaluate_every=50)
    fit(LineTask(), options, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [50, 100, 150, 200]
    assert LineTask().evaluate(load_best(LineTask(), tmp_path))["closeness"] > -0.2


def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    fit(LineTask(), OPTIONS, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(LineTask(stop_at=6), OPTIONS, tmp_path / "stopped")
    fit(LineTask(), OPTIONS, tmp_path / "stopped")
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_best_evaluation_is_kept(tmp_path: Path) -> None:
    best = fit(LineTask(), replace(OPTIONS, steps=40), tmp_path)
    scores = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    kept = torch.load(best, weights_only=True)["step"]
    assert kept == max(scores, key=lambda line: (line["closeness"], line["step"]))["step"]


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"step 5: the loss is no finite number \(square nan\)"):
        fit(LineTask(bad_step=5), OPTIONS, tmp_path)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    fit(LineTask(), OPTIONS, tmp_path)
    with pytest.raises(TrainerError, match="of a run with steps=8, not 16"):
        fit(LineTask(), replace(OPTIONS, steps=16), tmp_path)


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="train one with `fit` first"):
        load_best(LineTask(), tmp_path)
