"""How much a network computes: exact multiply-adds, nothing of it run.

Networks are built on the meta device, where tensors have shapes and no values, so the largest take
a second. Counted are convolutions and all products of matrices, those of attention and of
TokenLearner's maps too; sums, norms and activations are not, as in the papers.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def multiply_adds(make: Callable[[], nn.Module], *shape: int) -> int:
    """Returns the multiply-adds of one run.

    Args:
        make: returns the network; called where tensors have no values.
        shape: of its input.
    """
    with torch.device("meta"):
        network, value = make().eval(), torch.empty(shape)
    return multiply_adds_of(network, value)


def multiply_adds_of(network: nn.Module, value: Tensor) -> int:
    """Returns the multiply-adds of a network for an input."""
    counter = FlopCounterMode(display=False)
    # Other forms of attention are one operation, which the counter doesn't know on every device.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        network(value)
    return int(counter.get_total_flops()) // 2


def parameters(make: Callable[[], nn.Module]) -> int:
    """Returns how many weights a network has."""
    with torch.device("meta"):
        return sum(one.numel() for one in make().parameters())
