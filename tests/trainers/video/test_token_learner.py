import numpy as np
import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.token_learner import (
    TokenLearnerOptions,
    TokenLearnerV1,
    TokenLearnerV11,
    make_token_learner,
)
from torch import nn
from torch.nn import functional

from tests.trainers.video.toys import noise, shaken

GRID = (3, 4)
WIDTH = 6


def test_version_1_1_is_the_papers_formula() -> None:
    learner = TokenLearnerV11(WIDTH, 2)
    shaken(learner)
    x = noise(2, 12, WIDTH)
    first, _, last = learner.layers
    normal = functional.layer_norm(x, (WIDTH,), learner.norm.weight, learner.norm.bias, 1e-6)
    scores = functional.gelu(normal @ first.weight.T + first.bias) @ last.weight.T + last.bias
    weights = np.exp(scores.detach().numpy())
    weights /= weights.sum(1, keepdims=True)
    wanted = np.einsum("nps,npd->nsd", weights, x.numpy())
    np.testing.assert_allclose(learner(x).detach().numpy(), wanted, rtol=1e-4, atol=1e-5)


def test_version_1_is_the_papers_formula() -> None:
    learner = TokenLearnerV1(WIDTH, GRID, 2)
    shaken(learner)
    x = noise(2, 12, WIDTH)
    picture = learner.norm(x).reshape(2, *GRID, WIDTH).permute(0, 3, 1, 2)
    first, second, third, last = (one for one in learner.layers if isinstance(one, nn.Conv2d))
    for_gelu = functional.gelu(first(picture))
    for_gelu = functional.gelu(third(functional.gelu(second(for_gelu))))
    maps = torch.sigmoid(last(for_gelu)).reshape(2, 2, 12)
    torch.testing.assert_close(learner(x), torch.einsum("nsp,npd->nsd", maps, x))


def test_version_1_has_four_convolutions_without_shift() -> None:
    learner = TokenLearnerV1(768, (14, 14), 8)
    shapes = [tuple(one.shape) for one in learner.layers.parameters()]
    assert shapes == [(8, 768, 3, 3), (8, 8, 3, 3), (8, 8, 3, 3), (8, 8, 3, 3)]


def test_a_map_that_points_at_one_place_gives_that_place() -> None:
    learner = TokenLearnerV11(WIDTH, 1)
    x = noise(1, 12, WIDTH)
    with torch.no_grad():
        learner.layers[0].weight.zero_()
        learner.layers[0].weight[0, 0] = 1  # the place whose first value is largest
        learner.layers[2].weight.zero_()
        learner.layers[2].weight[0, 0] = 1e4
    largest = learner.norm(x)[0, :, 0].argmax()
    torch.testing.assert_close(learner(x)[0, 0], x[0, largest])


def test_maps_of_1_1_make_one_and_maps_of_1_lie_between_0_and_1() -> None:
    x = noise(2, 12, WIDTH)
    softmaxed = shaken(TokenLearnerV11(WIDTH, 3)).maps(x)  # type: ignore[operator]
    torch.testing.assert_close(softmaxed.sum(-1), torch.ones(2, 3))
    gated = shaken(TokenLearnerV1(WIDTH, GRID, 3)).maps(x)  # type: ignore[operator]
    assert gated.shape == (2, 3, 12)
    assert 0 < gated.min() < gated.max() < 1


def test_version_1_1_does_not_care_where_places_lie() -> None:
    learner = shaken(TokenLearnerV11(WIDTH, 3))
    x = noise(2, 12, WIDTH)
    torch.testing.assert_close(learner(x.flip(1)), learner(x))


def test_version_1_sees_a_mirrored_picture_with_mirrored_kernels() -> None:
    learner = TokenLearnerV1(WIDTH, GRID, 3)
    shaken(learner)
    x = noise(2, 12, WIDTH)
    mirrored = x.reshape(2, *GRID, WIDTH).flip(2).reshape(2, 12, WIDTH)
    wanted = learner(x)
    with torch.no_grad():
        [kernel.copy_(kernel.flip(-1)) for kernel in learner.layers.parameters()]
    torch.testing.assert_close(learner(mirrored), wanted)


def test_tokens_grow_with_what_came_in() -> None:
    learner = shaken(TokenLearnerV11(WIDTH, 3))
    x = noise(2, 12, WIDTH)
    torch.testing.assert_close(learner(3 * x), 3 * learner(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("version", "kind"), [("1", TokenLearnerV1), ("1.1", TokenLearnerV11)])
def test_options_choose_the_version(version: str, kind: type[nn.Module]) -> None:
    options = TokenLearnerOptions(at=0, tokens=16, version=version)  # type: ignore[arg-type]
    learner = make_token_learner(options, WIDTH, GRID)
    assert isinstance(learner, kind)
    assert learner(noise(1, 12, WIDTH)).shape == (1, 16, WIDTH)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"at": 0, "version": "2"}, "version is '2'; take '1' or '1.1'"),
        ({"at": 0, "tokens": 0}, "tokens is 0; it has to be 1 or more"),
        ({"at": -1}, "at is -1; it counts layers, from 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        TokenLearnerOptions(**options)  # type: ignore[arg-type]
