import pytest
import torch
from flowlace_trainers.detector.backbone import Backbone, Bottleneck, SqueezeExcite, Stage

from tests.trainers.detector.toys import NETWORK

RESIDUAL = Stage(width=8, blocks=1, stride=1, expansion=2, is_fused=True)


def test_maps_come_at_strides_8_16_and_32() -> None:
    backbone = Backbone(NETWORK.stem, NETWORK.stages)
    maps = backbone(torch.zeros(1, 3, 64, 96))
    assert [tuple(one.shape) for one in maps] == [(1, 16, 8, 12), (1, 24, 4, 6), (1, 32, 2, 3)]
    assert backbone.widths == [16, 24, 32]


def test_blocks_are_skipped_while_training_only() -> None:
    torch.manual_seed(0)
    block = Bottleneck(8, RESIDUAL, 1)
    block.drop = 0.999999
    x = torch.randn(4, 8, 4, 4)
    torch.testing.assert_close(block.train()(x), x)
    assert not torch.allclose(block.eval()(x), x)


def test_skipping_keeps_the_expected_sum() -> None:
    torch.manual_seed(0)
    block = Bottleneck(8, RESIDUAL, 1).eval()
    x = torch.randn(1, 8, 2, 2).expand(4000, -1, -1, -1)
    whole = block(x[:1]) - x[:1]
    block.drop = 0.5
    block.training = True  # of the block alone: the norms inside keep their statistics
    mean = (block(x) - x).mean(0, keepdim=True)
    torch.testing.assert_close(mean, whole, atol=0.1, rtol=0.1)


def test_deeper_blocks_are_skipped_more() -> None:
    backbone = Backbone(NETWORK.stem, NETWORK.stages)
    backbone.set_drop(0.3)
    drops = [one.drop for one in backbone.modules() if isinstance(one, Bottleneck)]
    assert drops == sorted(drops)
    assert (drops[0], drops[-1]) == (0.0, pytest.approx(0.3))


def test_squeeze_and_excitation_only_weakens() -> None:
    x = torch.rand(2, 8, 4, 4)
    weighed = SqueezeExcite(8, 4)(x)
    assert (weighed <= x).all()
    assert (weighed >= 0).all()
