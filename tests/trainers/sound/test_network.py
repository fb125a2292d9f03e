import pytest
import torch
from flowlace_trainers.sound.network import (
    PaddedConv,
    SoundHead,
    SoundNetwork,
    SoundNetworkOptions,
    Trunk,
    pooled,
)
from torch.nn import functional

OPTIONS = SoundNetworkOptions(classes=5, ranks=(4, 4))


def test_windows_become_one_logit_a_class() -> None:
    network = SoundNetwork(Trunk(), SoundHead(OPTIONS)).eval()
    assert network(torch.zeros(3, 1, 96, 64)).shape == (3, 5)


def test_the_trunk_halves_time_and_pitch_four_times() -> None:
    assert Trunk()(torch.zeros(2, 1, 96, 64)).shape == (2, 512, 6, 4)


@pytest.mark.parametrize(("stride", "sides"), [(1, (1, 1, 1, 1)), (2, (0, 1, 0, 1))])
def test_padding_is_tensorflows(stride: int, sides: tuple[int, ...]) -> None:
    conv = PaddedConv(1, 1, size=3, stride=stride)
    x = torch.randn(1, 1, 8, 6)
    wanted = functional.relu(conv.conv(functional.pad(x, sides)))
    assert torch.equal(conv(x), wanted)
    assert conv(x).shape == (1, 1, 8 // stride, 6 // stride)


def test_pooling_gives_mean_and_largest_value() -> None:
    x = torch.tensor([[[[1.0, 3.0]], [[0.0, -2.0]]]])
    assert pooled(x).tolist() == [[2.0, -1.0, 3.0, 0.0]]


def test_where_it_is_not_joint_the_classes_leave_the_blocks_alone() -> None:
    head = SoundHead(OPTIONS)
    logits, _ = head(torch.rand(2, 512, 6, 4), is_joint=False)
    logits.sum().backward()
    assert all(one.grad is None for one in head.blocks.parameters())
    assert head.classes.weight.grad is not None


def test_where_it_is_joint_the_classes_change_the_blocks() -> None:
    head = SoundHead(OPTIONS)
    head(torch.rand(2, 512, 6, 4))[0].sum().backward()
    assert all(one.grad is not None for one in head.blocks.parameters())
