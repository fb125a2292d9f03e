import torch
from flowlace_trainers.video.token_fuser import TokenFuser
from torch.nn import functional

from tests.trainers.video.toys import noise, shaken

WIDTH = 6


def test_nothing_is_added_at_first() -> None:
    fuser = TokenFuser(WIDTH, 3)
    fused = fuser(noise(2, 3, WIDTH), noise(2, 12, WIDTH))
    torch.testing.assert_close(fused, torch.zeros(2, 12, WIDTH), rtol=0, atol=0)


def test_it_is_the_papers_formula() -> None:
    fuser = TokenFuser(WIDTH, 3)
    shaken(fuser)
    tokens, places = noise(2, 3, WIDTH), noise(2, 12, WIDTH, seed=2)
    normal = fuser.norm_before_mixing(tokens)
    mixed = torch.einsum("nsd,ts->ntd", normal, fuser.mixing.weight)
    mixed = fuser.norm_after_mixing(mixed + fuser.mixing.bias[None, :, None])
    first, _, last = fuser.shares
    shares = torch.sigmoid(last(functional.gelu(first(fuser.norm_of_places(places)))))
    torch.testing.assert_close(
        fuser(tokens, places), torch.einsum("npt,ntd->npd", shares, mixed), rtol=1e-4, atol=1e-5
    )


def test_training_gets_it_off_zero() -> None:
    fuser = TokenFuser(WIDTH, 3)
    fuser(noise(2, 3, WIDTH), noise(2, 12, WIDTH)).square().sub(1).sum().backward()
    assert fuser.mixing.weight.grad is not None
    (fuser(noise(2, 3, WIDTH), noise(2, 12, WIDTH)) * noise(2, 12, WIDTH, seed=3)).sum().backward()
    assert fuser.mixing.weight.grad.abs().sum() > 0
