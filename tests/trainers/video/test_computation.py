from dataclasses import replace
from functools import partial

import pytest
import torch
from flowlace_trainers.video.computation import multiply_adds, multiply_adds_of, parameters
from flowlace_trainers.video.encoder_block import EncoderBlock
from flowlace_trainers.video.image_network import ImageNetwork, ImageNetworkOptions
from flowlace_trainers.video.sizes import B, EncoderSize, L
from flowlace_trainers.video.token_learner import TokenLearnerV1, TokenLearnerV11
from torch import nn

from tests.trainers.video.toys import IMAGE, LEARNER, noise


def test_a_block_costs_what_its_matrices_and_its_attention_cost() -> None:
    n, d, inside = 50, 24, 40
    size = EncoderSize(layers=1, width=d, heads=3, inside=inside)
    matrices = n * (4 * d * d + 2 * d * inside)
    attention = 2 * n * n * d
    assert multiply_adds(partial(EncoderBlock, size), 1, n, d) == matrices + attention


def test_learning_tokens_is_counted_with_its_maps() -> None:
    places, d, tokens = 49, 24, 8
    perceptron = places * (d * 64 + 64 * tokens)
    pooling = tokens * places * d
    assert multiply_adds(partial(TokenLearnerV11, d, tokens), 1, places, d) == perceptron + pooling
    convolutions = places * 9 * (d * tokens + 3 * tokens * tokens)
    v1 = partial(TokenLearnerV1, d, (7, 7), tokens)
    assert multiply_adds(v1, 1, places, d) == convolutions + pooling


def test_a_convolution_costs_its_kernel_at_every_place() -> None:
    assert multiply_adds(partial(nn.Conv2d, 3, 8, 5, stride=2, padding=2), 1, 3, 16, 20) == (
        3 * 8 * 25 * 8 * 10
    )


def test_the_count_is_the_same_where_tensors_have_values() -> None:
    options = replace(IMAGE, token_learner=LEARNER)
    counted = multiply_adds(partial(ImageNetwork, options), 2, 3, 16, 24)
    assert multiply_adds_of(ImageNetwork(options).eval(), noise(2, 3, 16, 24)) == counted
    assert counted == 2 * multiply_adds(partial(ImageNetwork, options), 1, 3, 16, 24)


@pytest.mark.parametrize(("size", "side_px", "published"), [(B, 384, 55.6), (L, 512, 363)])
def test_large_networks_cost_what_papers_say(
    size: EncoderSize, side_px: int, published: float
) -> None:
    patches = replace(ImageNetworkOptions(classes=1).patches, width_px=side_px, height_px=side_px)
    options = ImageNetworkOptions(classes=1000, size=size, patches=patches, pooling="class_token")
    counted = multiply_adds(partial(ImageNetwork, options), 1, 3, side_px, side_px) / 1e9
    assert counted == pytest.approx(published, rel=0.01)


def test_weights_are_counted_without_being_made() -> None:
    huge = EncoderSize(layers=2, width=16384, heads=8, inside=65536)
    assert parameters(partial(EncoderBlock, huge)) > 3e9
    assert parameters(partial(nn.Linear, 3, 4)) == 16
    assert torch.get_default_device().type == "cpu"
