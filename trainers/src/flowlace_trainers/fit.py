"""The training loop of every model, read from top to bottom.

A batch is a function of the seed and the step, and so is the randomness inside the network.
A run that was stopped therefore goes on exactly as if it had not been.
"""

import json
import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from flowlace_trainers.averaging import AveragedModel
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.schedule import Phase, learning_rate, phase_at

BatchT = TypeVar("BatchT")
_CHECKPOINT = "checkpoint.ckpt"
_BEST = "best.ckpt"


@dataclass(frozen=True, kw_only=True, slots=True)
class FitOptions:
    """How long and how fast."""

    steps: int
    """Batches in all."""
    phases: tuple[Phase, ...]
    """Parts of the training, in order."""
    peak_learning_rate: float = 2e-3
    """Step size after the warm-up."""
    warm_up_steps: int = 200
    """Steps until then."""
    weight_decay: float = 0.05
    """Of weights of convolutions and matrices; never of norms and biases."""
    largest_gradient: float = 10.0
    """Longer gradients are shortened."""
    averaging: float = 0.998
    """How much of the mean of the weights is kept each step."""
    evaluate_every: int = 500
    """Steps between evaluations and checkpoints."""
    keeps_last: bool = False
    """Keep the last evaluation's weights, not the best one's: for data that must not choose."""
    seed: int = 1
    """Of everything random."""
    precision: Any = "32-true"
    """As Fabric names it: `32-true`, `bf16-mixed`, …"""
    accelerator: str = "cpu"
    """As Fabric names it."""
    threads: int = 2
    """Of torch on the CPU."""


class Task(Protocol[BatchT]):
    """What is trained: everything about a model that the loop need not know."""

    score_name: str
    """Which result of `evaluate` tells the best model; larger is better."""

    def make_model(self) -> nn.Module:
        """Returns the model with fresh weights."""

    def set_drop(self, model: nn.Module, drop: float) -> None:
        """Sets how much the model leaves out at random while training."""

    def batch(self, step: int, phase: Phase) -> BatchT:
        """Returns the batch of a step, the same every time it is asked for."""

    def losses(self, model: nn.Module, batch: BatchT, fabric: Fabric) -> Mapping[str, Tensor]:
        """Returns the losses of a batch; their sum is made smaller."""

    def settle(self, model: nn.Module) -> None:
        """Measures anew what the mean of weights doesn't carry: statistics of norms."""

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Returns how good the model is on the data kept for that."""


def fit(task: Task[BatchT], options: FitOptions, folder: Path) -> Path:
    """Trains, or goes on where the folder's checkpoint ends; returns the best model's file.

    `folder` gets `checkpoint.ckpt` (all there is to go on), `best.ckpt` (averaged weights of
    the best evaluation) and `log.jsonl` (one line an evaluation).

    Raises:
        TrainerError: a loss is no finite number, or the checkpoint is of another run.
    """
    torch.set_num_threads(options.threads)
    fabric = Fabric(accelerator=options.accelerator, devices=1, precision=options.precision)
    fabric.seed_everything(options.seed, verbose=False)
    bare = task.make_model()
    bare = bare.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub gap
    optimizer_of_bare = _optimizer(bare, options)
    averaged = AveragedModel(bare, options.averaging)
    model, optimizer = fabric.setup(bare, optimizer_of_bare)
    averaged.model.to(fabric.device)
    folder.mkdir(parents=True, exist_ok=True)
    start, best = _resume(folder, fabric, options, bare, averaged, optimizer)
    began, told = time.monotonic(), start
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        upcoming = pool.submit(task.batch, start, phase_at(start, options.steps, options.phases))
        for step in range(start, options.steps):
            phase = phase_at(step, options.steps, options.phases)
            batch = upcoming.result()
            next_phase = phase_at(step + 1, options.steps, options.phases)
            upcoming = pool.submit(task.batch, step + 1, next_phase)
            _set_learning_rate(optimizer, step, options)
            torch.manual_seed(options.seed * 1_000_003 + step)
            task.set_drop(bare, phase.drop)
            model.train()
            losses = task.losses(model, batch, fabric)
            total = torch.stack(list(losses.values())).sum()
            _check_finite(total, losses, step)
            optimizer.zero_grad()
            fabric.backward(total)
            fabric.clip_gradients(model, optimizer, max_norm=options.largest_gradient)
            optimizer.step()
            averaged.update(bare, step)
            if (step + 1) % 20 == 0:
                rate = (step + 1 - told) / (time.monotonic() - began)
                fabric.print(_progress(step + 1, options.steps, losses, rate))
            is_last = step + 1 == options.steps
            if is_last or (step + 1) % options.evaluate_every == 0:
                task.settle(averaged.model)
                results = dict(task.evaluate(averaged.model))
                _log(folder, step + 1, results)
                fabric.print(_result_line(step + 1, results))
                if options.keeps_last or results[task.score_name] >= best:
                    best = results[task.score_name]
                    fabric.save(folder / _BEST, {"model": averaged.model, "step": step + 1})
                state = _state(bare, averaged, optimizer, step + 1, best, options)
                fabric.save(folder / _CHECKPOINT, state)
                began, told = time.monotonic(), step + 1
    return folder / _BEST


def load_best(task: Task[Any], folder: Path) -> nn.Module:
    """Returns the model with the averaged weights of a run's best evaluation."""
    model = task.make_model()
    model.load_state_dict(trained_weights(folder))
    return model.eval()


def trained_weights(folder: Path) -> dict[str, Tensor]:
    """Returns the averaged weights of a run's best evaluation, by name.

    Raises:
        TrainerError: the folder has none.
    """
    file = folder / _BEST
    if not file.exists():
        raise TrainerError(f"no model in {str(folder)!r}: train one with `fit` first")
    weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)["model"]
    return weights


def _optimizer(model: nn.Module, options: FitOptions) -> torch.optim.Optimizer:
    matrices = [one for one in model.parameters() if one.ndim > 1]
    others = [one for one in model.parameters() if one.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.peak_learning_rate)


def _set_learning_rate(optimizer: Any, step: int, options: FitOptions) -> None:
    rate = learning_rate(
        step, options.steps, peak=options.peak_learning_rate, warm_up=options.warm_up_steps
    )
    for group in optimizer.param_groups:
        group["lr"] = rate


def _check_finite(total: Tensor, losses: Mapping[str, Tensor], step: int) -> None:
    if not math.isfinite(float(total.detach())):
        parts = ", ".join(f"{name} {float(value.detach()):g}" for name, value in losses.items())
        raise TrainerError(
            f"step {step}: the loss is no finite number ({parts}); look at the data of this "
            "step, or lower peak_learning_rate"
        )


def _state(
    model: nn.Module,
    averaged: AveragedModel,
    optimizer: Any,
    step: int,
    best: float,
    options: FitOptions,
) -> dict[str, Any]:
    return {
        "model": model,
        "averaged": averaged.model,
        "optimizer": optimizer,
        "step": step,
        "best": best,
        "steps": options.steps,
        "seed": options.seed,
    }


def _resume(
    folder: Path,
    fabric: Fabric,
    options: FitOptions,
    model: nn.Module,
    averaged: AveragedModel,
    optimizer: Any,
) -> tuple[int, float]:
    """Loads the folder's checkpoint, if it has one; returns the next step and the best score."""
    file = folder / _CHECKPOINT
    if not file.exists():
        return 0, -math.inf
    state = _state(model, averaged, optimizer, 0, 0.0, options)
    fabric.load(file, state)
    for name in ("steps", "seed"):
        wanted = getattr(options, name)
        if state[name] != wanted:
            raise TrainerError(
                f"checkpoint {str(file)!r} is of a run with {name}={state[name]}, not {wanted}; "
                "take another folder or remove it"
            )
    fabric.print(f"goes on at step {state['step']}")
    return state["step"], state["best"]


def _progress(step: int, steps: int, losses: Mapping[str, Tensor], rate: float) -> str:
    parts = "  ".join(f"{name} {float(value.detach()):.3f}" for name, value in losses.items())
    left_min = (steps - step) / rate / 60
    return f"step {step}/{steps}  {parts}  {rate:.2f} steps/s  {left_min:.0f} min left"


def _result_line(step: int, results: Mapping[str, float]) -> str:
    return f"step {step}: " + "  ".join(f"{name} {value:.4f}" for name, value in results.items())


def _log(folder: Path, step: int, results: Mapping[str, float]) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step, **results}) + "\n")
