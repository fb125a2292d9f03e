"""Attention over a picture's places that also knows how far apart they are.

A learned number for each offset in rows and columns is added to the products of queries and keys,
one table a head: Dai et al. 2021, "CoAtNet", equation 3 (the form before the softmax). Unlike
position tables it is the same for all places, as a convolution is.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.video.encoder_block import linear


def offset_numbers(grid: tuple[int, int]) -> Tensor:
    """Returns `[place, place]`: the number of the offset from the first place to the second.

    >>> offset_numbers((1, 3)).tolist()
    [[2, 3, 4], [1, 2, 3], [0, 1, 2]]
    """
    rows, columns = grid
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    down = y.flatten()[None] - y.flatten()[:, None] + rows - 1
    right = x.flatten()[None] - x.flatten()[:, None] + columns - 1
    return down * (2 * columns - 1) + right


class RelativeAttention(nn.Module):
    """Lets every place of a picture look at every other one, near and far ones differently."""

    offsets: Tensor

    def __init__(self, inputs: int, width: int, heads: int, grid: tuple[int, int]) -> None:
        super().__init__()
        rows, columns = grid
        self.heads = heads
        self.enter = linear(inputs, 3 * width)
        self.leave = linear(width, width)
        self.nearness = nn.Parameter(torch.zeros(heads, (2 * rows - 1) * (2 * columns - 1)))
        self.register_buffer("offsets", offset_numbers(grid), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, place, width]` from `[n, place, inputs]`."""
        q, k, v = (self._apart(one) for one in self.enter(x).chunk(3, -1))
        nearness = self.nearness[:, self.offsets][None]  # [1, head, place, place]
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=nearness)
        together: Tensor = self.leave(seen.transpose(1, 2).flatten(2))
        return together

    def _apart(self, one: Tensor) -> Tensor:
        return one.reshape(len(one), one.shape[1], self.heads, -1).transpose(1, 2)
