import math

import pytest
import torch
from flowlace_trainers.nowcast.losses import adjusted_squared_error, exceedance_loss


def test_an_even_guess_costs_one_bit() -> None:
    logits, truth = torch.zeros(2, 3, 2, 4, 4), torch.rand(2, 3, 2, 4, 4).round()
    loss = exceedance_loss(logits, truth, torch.ones(2, 3, 1, 4, 4), torch.tensor([1.0, 5.0]))
    assert loss.item() == pytest.approx(math.log(2))


def test_what_nobody_saw_costs_nothing() -> None:
    logits, truth = torch.randn(1, 1, 2, 4, 4), torch.ones(1, 1, 2, 4, 4)
    is_seen = torch.ones(1, 1, 1, 4, 4)
    is_seen[..., :2] = 0
    weights = torch.ones(2)
    half = exceedance_loss(logits, truth, is_seen, weights)
    logits[..., :2] = 50
    assert torch.equal(exceedance_loss(logits, truth, is_seen, weights), half)
    assert exceedance_loss(logits, truth, torch.zeros_like(is_seen), weights).item() == 0


def test_a_perfect_field_has_no_error() -> None:
    field = torch.rand(2, 16, 16)
    assert adjusted_squared_error(field, field).item() == pytest.approx(0, abs=1e-5)


def test_fields_equally_rough_have_the_squared_error() -> None:
    field = torch.rand(1, 16, 16)
    moved = torch.roll(field, 3, 1)
    squared = (field - moved).square().mean().item()
    assert adjusted_squared_error(field, moved).item() == pytest.approx(squared, rel=1e-3)


def test_a_guess_gains_nothing_by_being_faint_as_it_does_by_the_squared_error() -> None:
    torch.manual_seed(0)
    wanted, guess = torch.randn(1, 64, 64), torch.randn(1, 64, 64)
    faint = 0.5 * guess
    squared = (faint - wanted).square().mean() / (guess - wanted).square().mean()
    adjusted = adjusted_squared_error(faint, wanted) / adjusted_squared_error(guess, wanted)
    assert squared.item() == pytest.approx(1.25 / 2, rel=0.1)
    assert adjusted.item() > 1.0


def test_it_can_be_learnt_from() -> None:
    given = torch.zeros(1, 8, 8, requires_grad=True)
    adjusted_squared_error(given, torch.rand(1, 8, 8)).backward()
    assert given.grad is not None
    assert torch.isfinite(given.grad).all()
