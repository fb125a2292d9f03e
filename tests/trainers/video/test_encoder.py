from dataclasses import replace

import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder import Encoder, all_steps, one_step_at_a_time, token_learners
from flowlace_trainers.video.token_learner import TokenLearnerOptions

from tests.trainers.video.toys import LEARNER, SIZE, noise, shaken

GRID = (2, 3)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("tokens", [8, 16])
def test_tokens_are_learned_at_any_depth(at: int, tokens: int) -> None:
    learner = TokenLearnerOptions(at=at, tokens=tokens)
    encoder = Encoder(SIZE, GRID, steps=5, leading=1, token_learner=learner)
    assert encoder(noise(2, 1 + 5 * 6, SIZE.width)).shape == (2, 1 + 5 * tokens, SIZE.width)
    assert encoder.tokens_a_step == tokens
    assert len(token_learners(encoder)) == 1


def test_layers_before_the_learner_see_all_places() -> None:
    learned = Encoder(SIZE, GRID, token_learner=LEARNER)
    shaken(learned)
    x = noise(1, 6, SIZE.width)
    early = learned[1](learned[0](x))
    tokens = learned[2].learner(early)  # type: ignore[operator]
    torch.testing.assert_close(learned(x), learned[4](learned[3](tokens)))


def test_each_step_learns_from_its_own_places_only() -> None:
    encoder = shaken(Encoder(replace(SIZE, layers=0), GRID, steps=3, token_learner=_first()))
    x = noise(1, 3 * 6, SIZE.width)
    changed = x.clone()
    changed[:, 6:12] = noise(1, 6, SIZE.width, seed=9)
    is_same = (encoder(x) == encoder(changed)).all(-1)[0]
    assert is_same.tolist() == [True] * 3 + [False] * 3 + [True] * 3


def test_the_class_token_goes_round_the_learner() -> None:
    encoder = shaken(Encoder(replace(SIZE, layers=0), GRID, leading=1, token_learner=_first()))
    x = noise(2, 7, SIZE.width)
    torch.testing.assert_close(encoder(x)[:, 0], x[:, 0], rtol=0, atol=0)


def test_fused_layers_keep_all_places_and_begin_by_changing_nothing() -> None:
    fused = TokenLearnerOptions(at=0, tokens=3, is_fused=True)
    encoder = Encoder(SIZE, GRID, steps=2, token_learner=fused)
    x = noise(2, 12, SIZE.width)
    torch.testing.assert_close(encoder(x), x, rtol=0, atol=0)
    assert shaken(encoder)(x).shape == x.shape
    assert not torch.allclose(encoder(x), x)
    assert encoder.tokens_a_step == 6
    assert len(token_learners(encoder)) == SIZE.layers


def test_fused_layers_carry_the_class_token() -> None:
    fused = TokenLearnerOptions(at=1, tokens=3, is_fused=True)
    encoder = shaken(Encoder(SIZE, GRID, leading=1, token_learner=fused))
    x = noise(2, 7, SIZE.width)
    assert encoder(x).shape == x.shape
    assert not torch.allclose(encoder(x)[:, 0], x[:, 0])


def test_folding_steps_into_the_batch_is_undone_exactly() -> None:
    x = noise(2, 12, 4)
    folded = one_step_at_a_time(x, 3)
    torch.testing.assert_close(folded[4], x[1, 4:8], rtol=0, atol=0)
    torch.testing.assert_close(all_steps(folded, 3), x, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (TokenLearnerOptions(at=5), "at is 5, but an encoder of 4 layers takes 0 to 4"),
        (
            TokenLearnerOptions(at=4, is_fused=True),
            "at is 4, but an encoder of 4 layers, fused, takes 0 to 3",
        ),
    ],
)
def test_a_learner_behind_the_last_layer_is_refused(
    options: TokenLearnerOptions, told: str
) -> None:
    with pytest.raises(TrainerError, match=told):
        Encoder(SIZE, GRID, token_learner=options)


def _first() -> TokenLearnerOptions:
    return TokenLearnerOptions(at=0, tokens=3)
