"""Mixes learned tokens back into the places they came from: Ryoo et al. 2021, §2.2."""

import torch
from torch import Tensor, nn

from flowlace_trainers.video.encoder_block import Perceptron, layer_norm

_INSIDE = 64


class TokenFuser(nn.Module):
    """Mixes tokens with each other, then gives every place its own share of each.

    Begins with zeros for all places, so that the layers between learner and fuser are added
    little by little. The sum with what was there before is the caller's.
    """

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.norm_before_mixing = layer_norm(width)
        self.mixing = nn.Linear(tokens, tokens)
        nn.init.zeros_(self.mixing.weight)
        nn.init.zeros_(self.mixing.bias)
        self.norm_after_mixing = layer_norm(width)
        self.norm_of_places = layer_norm(width)
        self.shares = Perceptron(width, _INSIDE, tokens)

    def forward(self, tokens: Tensor, places: Tensor) -> Tensor:
        """Returns `[n, place, width]`.

        Args:
            tokens: `[n, token, width]`.
            places: `[n, place, width]` that the tokens were learned from.
        """
        mixed = self.mixing(self.norm_before_mixing(tokens).transpose(1, 2)).transpose(1, 2)
        shares = torch.sigmoid(self.shares(self.norm_of_places(places)))  # [n, place, token]
        return torch.bmm(shares, self.norm_after_mixing(mixed))
