import pytest
import torch
from flowlace_trainers.averaging import AveragedModel, settle_norms
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


def test_settled_norms_have_the_statistics_of_the_pictures() -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(2, momentum=0.01)
    norm(torch.randn(8, 2, 4, 4) + 50)  # statistics of something else
    settle_norms(norm, [torch.randn(64, 2, 8, 8) * 3 + 7 for _ in range(4)])
    torch.testing.assert_close(norm.running_mean, torch.full((2,), 7.0), atol=0.2, rtol=0)
    torch.testing.assert_close(norm.running_var, torch.full((2,), 9.0), atol=0.5, rtol=0)
    assert (norm.momentum, norm.training) == (0.01, False)


def test_settling_leaves_weights_alone() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    before = [one.clone() for one in model.parameters()]
    settle_norms(model, [torch.randn(4, 1, 4, 4)])
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
