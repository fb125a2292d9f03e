"""From tokens to classes."""

from typing import Literal

import torch
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder_block import layer_norm

Pooling = Literal["mean", "class_token"]
"""What stands for all tokens: their mean, or one that was put before them."""


class ClassToken(nn.Module):
    """Puts a learned token before the others, or none where the mean is taken."""

    def __init__(self, width: int, pooling: Pooling) -> None:
        super().__init__()
        if pooling not in ("mean", "class_token"):
            raise TrainerError(f"pooling is {pooling!r}; take 'mean' or 'class_token'")
        self.leading = int(pooling == "class_token")
        self.token = nn.Parameter(torch.zeros(1, 1, width)) if self.leading else None

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, leading + token, width]`."""
        return x if self.token is None else torch.cat([self.token.expand(len(x), -1, -1), x], 1)


class Pool(nn.Module):
    """Normalises tokens and makes one of them."""

    def __init__(self, width: int, pooling: Pooling) -> None:
        super().__init__()
        self.norm = layer_norm(width)
        self.pooling = pooling

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, width]` from `[n, token, width]`."""
        normal: Tensor = self.norm(x)
        return normal[:, 0] if self.pooling == "class_token" else normal.mean(1)


class Readout(nn.Sequential):
    """Returns `[n, class]` logits from `[n, token, width]`.

    Its weights begin at random: ViT's begin at 0, and stay there where fresh features say nothing
    of the classes, as with motions; then features learn nothing either.
    """

    def __init__(self, width: int, pooling: Pooling, classes: int) -> None:
        super().__init__(Pool(width, pooling), nn.Linear(width, classes))
