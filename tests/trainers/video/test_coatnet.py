from dataclasses import replace
from functools import partial

import pytest
import torch
from flowlace_trainers.detector.backbone import Bottleneck, Stage
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.coatnet import AttentionStage, CoAtNet, CoAtNetOptions, RelativeBlock
from flowlace_trainers.video.computation import multiply_adds, parameters

from tests.trainers.video.test_image_network import without_gradient
from tests.trainers.video.toys import noise

TOY = CoAtNetOptions(
    classes=4,
    width_px=64,
    height_px=32,
    stem=8,
    convolution_stages=(
        Stage(width=12, blocks=2, stride=2, expansion=2, is_fused=True),
        Stage(width=16, blocks=1, stride=2, expansion=2, is_fused=False),
    ),
    attention_stages=(AttentionStage(width=32, blocks=2), AttentionStage(width=64, blocks=1)),
)


def test_the_default_is_as_large_and_as_costly_as_coatnet_0() -> None:
    make = partial(CoAtNet, CoAtNetOptions(classes=1000))
    assert parameters(make) / 1e6 == pytest.approx(25, rel=0.04)
    assert multiply_adds(make, 1, 3, 224, 224) / 1e9 == pytest.approx(4.2, rel=0.02)


def test_maps_shrink_and_widen_stage_by_stage() -> None:
    network = CoAtNet(TOY).eval()
    maps = network.convolutions(network.stem(noise(2, 3, 32, 64)))
    assert maps.shape == (2, 16, 4, 8)
    assert network.attentions[:2](maps).shape == (2, 32, 2, 4)
    assert network.attentions(maps).shape == (2, 64, 1, 2)


def test_training_reaches_all_weights() -> None:
    torch.manual_seed(0)
    network = CoAtNet(TOY)
    torch.nn.init.normal_(network.logits.weight)
    network(noise(4, 3, 32, 64)).square().sum().backward()
    assert without_gradient(network) == []


def test_deeper_blocks_of_both_kinds_are_skipped_more() -> None:
    network = CoAtNet(TOY)
    network.set_drop(0.5)
    early = [one.drop for one in network.modules() if isinstance(one, Bottleneck)]
    late = [one.skip.drop for one in network.modules() if isinstance(one, RelativeBlock)]
    assert [*early, *late] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])


def test_pictures_of_a_batch_do_not_see_each_other_in_use() -> None:
    network = CoAtNet(TOY).eval()
    torch.nn.init.normal_(network.logits.weight)
    pictures = noise(3, 3, 32, 64)
    torch.testing.assert_close(network(pictures)[1:2], network(pictures[1:2]), rtol=1e-4, atol=1e-5)


def test_sides_that_strides_do_not_divide_are_refused() -> None:
    with pytest.raises(TrainerError, match="width_px is 48; it has to be a multiple of 32"):
        CoAtNet(replace(TOY, width_px=48))
    with pytest.raises(TrainerError, match="height_px is 0; it has to be a multiple of 32"):
        CoAtNet(replace(TOY, height_px=0))


def test_a_width_that_makes_no_heads_is_refused() -> None:
    with pytest.raises(TrainerError, match="width is 40; it has to be a multiple of 32"):
        AttentionStage(width=40, blocks=1)
