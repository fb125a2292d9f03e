"""Gives a new network the weights of YAMNet's first layers.

What the first layers of a network trained on two million clips hear serves any sound; a few
hundred clips can't teach it. The head's matrices begin as YAMNet's, cut to their largest
singular values.
"""

from collections.abc import Sequence

import torch
from torch import nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.network import PaddedConv, SoundHead, ThinBlock, Trunk
from flowlace_trainers.sound.teacher import Layer


def trunk_from(layers: Sequence[Layer]) -> Trunk:
    """Returns YAMNet's first half; it is not trained any more.

    Raises:
        TrainerError: a layer is of another shape.
    """
    trunk = Trunk()
    for number, one in enumerate(trunk):
        assert isinstance(one, PaddedConv)
        _copy(one.conv, layers[number], number)
    return trunk.eval().requires_grad_(False)


def start_head(head: SoundHead, layers: Sequence[Layer]) -> None:
    """Gives the head's blocks the layers that follow the trunk, as near as their rank allows.

    Raises:
        TrainerError: a layer is of another shape.
    """
    first = len(Trunk())
    for place, block in enumerate(head.blocks):
        assert isinstance(block, ThinBlock)
        number = first + 2 * place
        _copy(block.depthwise.conv, layers[number], number)
        _copy_thin(block, layers[number + 1])


@torch.no_grad()
def _copy(conv: nn.Conv2d, layer: Layer, number: int) -> None:
    if conv.weight.shape != layer.weights.shape:
        raise TrainerError(
            f"layer {number} of the network has weights {list(conv.weight.shape)}, but the "
            f"teacher's are {list(layer.weights.shape)}; take YAMNet's file"
        )
    conv.weight.copy_(layer.weights)
    assert conv.bias is not None
    conv.bias.copy_(layer.biases)


@torch.no_grad()
def _copy_thin(block: ThinBlock, layer: Layer) -> None:
    """Sets the two matrices whose product is nearest to the layer's `[out, in]`."""
    left, values, right = torch.linalg.svd(layer.weights[:, :, 0, 0], full_matrices=False)
    rank = block.down.out_channels
    root = values[:rank].sqrt()
    block.down.weight.copy_((root[:, None] * right[:rank])[:, :, None, None])
    block.up.weight.copy_((left[:, :rank] * root)[:, :, None, None])
    assert block.up.bias is not None
    block.up.bias.copy_(layer.biases)
