"""Learns a few tokens from many: each is a mean of the places its own map points at.

Ryoo et al. 2021, "TokenLearner: what can 8 learned tokens do for images and videos?". Tokens are
made of what came in, before the norm; only the maps see it normalised.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder_block import Perceptron, layer_norm

_INSIDE_V11 = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLearnerOptions:
    """Where tokens are learned, and how."""

    at: int
    """Layers before it: 0 learns from the embedded patches themselves."""
    tokens: int = 8
    """Learned from each picture or time step."""
    version: Literal["1", "1.1"] = "1.1"
    """1.1 makes maps with a perceptron for each place and a softmax over places; 1 with 3×3
    convolutions and a sigmoid for each place."""
    is_fused: bool = False
    """Every layer from `at` on learns tokens of its own and mixes them back into all places
    (TokenFuser), so that the number of tokens stays as it was."""

    def __post_init__(self) -> None:
        if self.version not in ("1", "1.1"):
            raise TrainerError(f"token_learner.version is {self.version!r}; take '1' or '1.1'")
        if self.tokens < 1:
            raise TrainerError(f"token_learner.tokens is {self.tokens}; it has to be 1 or more")
        if self.at < 0:
            raise TrainerError(f"token_learner.at is {self.at}; it counts layers, from 0")


class TokenLearner(nn.Module):
    """What both versions have in common."""

    def maps(self, x: Tensor) -> Tensor:
        """Returns `[n, token, place]`: how much each token takes of each place."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, token, width]` from `[n, place, width]`."""
        return torch.bmm(self.maps(x), x)


class TokenLearnerV1(TokenLearner):
    """Four 3×3 convolutions without shift, gelu between them, a sigmoid after them; §2.1."""

    def __init__(self, width: int, grid: tuple[int, int], tokens: int) -> None:
        super().__init__()
        self.grid = grid
        self.norm = layer_norm(width)
        self.layers = nn.Sequential(
            *_convolution(width, tokens),
            *_convolution(tokens, tokens),
            *_convolution(tokens, tokens),
            nn.Conv2d(tokens, tokens, 3, padding=1, bias=False),
        )

    def maps(self, x: Tensor) -> Tensor:
        """Returns `[n, token, place]`, each value between 0 and 1 by itself."""
        picture = self.norm(x).transpose(1, 2).unflatten(-1, self.grid)  # [n, width, y, x]
        return torch.sigmoid(self.layers(picture)).flatten(2)


class TokenLearnerV11(TokenLearner):
    """A perceptron for each place, then a softmax over places: the better default."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.norm = layer_norm(width)
        self.layers = Perceptron(width, _INSIDE_V11, tokens)

    def maps(self, x: Tensor) -> Tensor:
        """Returns `[n, token, place]`; the places of a token make 1."""
        return torch.softmax(self.layers(self.norm(x)).transpose(1, 2), -1)


def make_token_learner(
    options: TokenLearnerOptions, width: int, grid: tuple[int, int]
) -> TokenLearner:
    """Returns the learner of a version.

    Args:
        options: say which.
        width: of the tokens.
        grid: rows and columns of places.
    """
    if options.version == "1":
        return TokenLearnerV1(width, grid, options.tokens)
    return TokenLearnerV11(width, options.tokens)


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.GELU()
