"""One layer of a transformer encoder, normalised before attention and before the perceptron.

Dosovitskiy et al. 2021, equations 2 and 3. All tensors have at most four dimensions, because
GPU delegates take no more: queries, keys and values are cut apart before heads are.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.video.sizes import EncoderSize


def layer_norm(width: int) -> nn.LayerNorm:
    """Returns the normalisation used everywhere."""
    return nn.LayerNorm(width, eps=1e-6)


def linear(inputs: int, outputs: int) -> nn.Linear:
    """Returns a matrix with small random weights and no shift."""
    made = nn.Linear(inputs, outputs)
    nn.init.trunc_normal_(made.weight, std=0.02)
    nn.init.zeros_(made.bias)
    return made


class Perceptron(nn.Sequential):
    """Two matrices with gelu between them."""

    def __init__(self, inputs: int, inside: int, outputs: int) -> None:
        super().__init__(linear(inputs, inside), nn.GELU(), linear(inside, outputs))


class Attention(nn.Module):
    """Lets every token look at every other one: Vaswani et al. 2017, §3.2."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter = linear(width, 3 * width)
        self.leave = linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, token, width]` like `x`."""
        q, k, v = (self._apart(one) for one in self.enter(x).chunk(3, -1))
        seen = functional.scaled_dot_product_attention(q, k, v)  # [n, head, token, width / heads]
        together: Tensor = self.leave(seen.transpose(1, 2).flatten(2))  # [n, token, width]
        return together

    def _apart(self, one: Tensor) -> Tensor:
        return one.reshape(len(one), one.shape[1], self.heads, -1).transpose(1, 2)


class RandomSkip(nn.Module):
    """Leaves a branch out at random while training: Huang et al. 2016, stochastic depth."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = 0.0

    def forward(self, branch: Tensor) -> Tensor:
        """Returns the branch, or zeros for some samples; the expectation stays the same."""
        if not self.training or self.drop == 0:
            return branch
        shape = (len(branch), *(1 for _ in branch.shape[1:]))
        keep = torch.rand(shape, device=branch.device) >= self.drop
        return branch * (keep / (1 - self.drop))


class EncoderBlock(nn.Module):
    """Attention, then a perceptron for each token, both added to what they were given."""

    def __init__(self, size: EncoderSize) -> None:
        super().__init__()
        self.norm_before_attention = layer_norm(size.width)
        self.attention = Attention(size.width, size.heads)
        self.norm_before_perceptron = layer_norm(size.width)
        self.perceptron = Perceptron(size.width, size.inside, size.width)
        self.skip = RandomSkip()

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, token, width]` like `x`."""
        x = x + self.skip(self.attention(self.norm_before_attention(x)))
        added: Tensor = x + self.skip(self.perceptron(self.norm_before_perceptron(x)))
        return added


def set_skips(model: nn.Module, drop: float) -> None:
    """Sets how likely branches are left out: 0 for the first block, `drop` for the last."""
    skips = [one for one in model.modules() if isinstance(one, RandomSkip)]
    for number, skip in enumerate(skips):
        skip.drop = drop * number / max(len(skips) - 1, 1)
