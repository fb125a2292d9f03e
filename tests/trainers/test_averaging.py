import pytest
import torch
from flowlace_trainers.averaging import AveragedModel
from torch import nn


def model_of(value: float) -> nn.Linear:
    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, value)
    return model


def test_the_mean_follows_a_constant_model_to_its_weights() -> None:
    averaged = AveragedModel(model_of(0.0), decay=0.9)
    target = model_of(1.0)
    for step in range(200):
        averaged.update(target, step)
    assert averaged.model.state_dict()["weight"].item() == pytest.approx(1.0, abs=1e-6)


def test_the_first_steps_are_forgotten_quickly() -> None:
    averaged = AveragedModel(model_of(0.0), decay=0.999)
    averaged.update(model_of(1.0), 0)
    assert averaged.model.state_dict()["weight"].item() == pytest.approx(0.9)


def test_counters_are_copied() -> None:
    norm = nn.BatchNorm1d(2)
    averaged = AveragedModel(norm, decay=0.9)
    norm(torch.zeros(4, 2))
    averaged.update(norm, 0)
    assert averaged.model.state_dict()["num_batches_tracked"].item() == 1


def test_training_goes_on_without_touching_the_mean() -> None:
    model = model_of(0.0)
    averaged = AveragedModel(model, decay=0.9)
    nn.init.constant_(model.weight, 5.0)
    assert averaged.model.state_dict()["weight"].item() == 0.0
