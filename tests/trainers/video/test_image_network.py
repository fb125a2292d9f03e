from dataclasses import replace

import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder_block import set_skips
from flowlace_trainers.video.image_network import ImageNetwork
from flowlace_trainers.video.token_learner import TokenLearnerOptions
from torch import nn

from tests.trainers.video.toys import IMAGE, LEARNER, noise, shaken

V1 = replace(LEARNER, version="1")
FUSED = replace(LEARNER, is_fused=True)


def without_gradient(network: nn.Module) -> list[str]:
    return [
        name
        for name, one in network.named_parameters()
        if one.grad is None or not one.grad.abs().sum() > 0
    ]


@pytest.mark.parametrize(
    ("learner", "pooling"),
    [
        (None, "mean"),
        (None, "class_token"),
        (LEARNER, "mean"),
        (LEARNER, "class_token"),
        (V1, "mean"),
        (FUSED, "mean"),  # a class token doesn't read the places that the last fuser makes
    ],
)
def test_training_reaches_all_weights(learner: TokenLearnerOptions | None, pooling: str) -> None:
    options = replace(IMAGE, token_learner=learner, pooling=pooling)  # type: ignore[arg-type]
    network = ImageNetwork(options)
    shaken(network)
    network(noise(3, 3, 16, 24)).square().sum().backward()
    assert without_gradient(network) == []


def test_features_learn_from_the_first_step_on() -> None:
    network = ImageNetwork(IMAGE)
    network(noise(2, 3, 16, 24)).logsumexp(1).sum().backward()
    assert network.embedding.convolution.weight.grad is not None
    assert network.embedding.convolution.weight.grad.abs().max() > 0


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    network = shaken(ImageNetwork(replace(IMAGE, token_learner=V1)))
    pictures = noise(3, 3, 16, 24)
    torch.testing.assert_close(network(pictures)[1:2], network(pictures[1:2]))


def test_it_matters_where_things_are() -> None:
    network = shaken(ImageNetwork(replace(IMAGE, token_learner=LEARNER)))
    picture = noise(1, 3, 16, 24)
    assert not torch.allclose(network(picture), network(picture.roll(8, -1)))


def test_layers_are_left_out_while_training_only() -> None:
    network = shaken(ImageNetwork(IMAGE))
    pictures = noise(2, 3, 16, 24)
    whole = network(pictures)
    set_skips(network, 0.9)
    torch.testing.assert_close(network(pictures), whole, rtol=0, atol=0)
    torch.manual_seed(0)
    assert not torch.allclose(network.train()(pictures), whole)


def test_another_pooling_is_refused() -> None:
    with pytest.raises(TrainerError, match="pooling is 'max'; take 'mean' or 'class_token'"):
        ImageNetwork(replace(IMAGE, pooling="max"))  # type: ignore[arg-type]
