"""A small depthwise-separable network over log-mel windows, in two parts.

The trunk is the first half of YAMNet's MobileNet v1. The head follows YAMNet's next blocks, but
each of its matrices is the product of two thin ones. Howard et al. 2017, "MobileNets"; Plakal &
Ellis, YAMNet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

STAGES = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
"""Channels and stride of YAMNet's first blocks; with the stem they halve time and pitch four
times: a window of 96 × 64 becomes 6 × 4."""
CHANNELS = STAGES[-1][0]
_STEM = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundNetworkOptions:
    """How large it is."""

    classes: int
    """Sounds it tells apart; each has a probability of its own."""
    ranks: Sequence[int] = (64, 64)
    """Of the matrices of the head's blocks."""
    dropout: float = 0.5
    """Share of pooled values that training leaves out."""


class PaddedConv(nn.Module):
    """A convolution and ReLU with TensorFlow's `SAME` padding: an odd row goes to the end.

    Args:
        inner: channels of the input.
        out: channels of the output.
        size: side of the kernel; with stride 2 the input's sides are even.
        stride: along time and pitch.
        groups: `inner` for a depthwise convolution.
    """

    def __init__(
        self, inner: int, out: int, *, size: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, out, size, stride, groups=groups)
        around = size - stride
        self._padding = (around // 2, around - around // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        """`[n, inner, y, x]` → `[n, out, y/stride, x/stride]`."""
        padded = functional.pad(x, self._padding) if any(self._padding) else x
        return functional.relu(self.conv(padded))


class ThinBlock(nn.Module):
    """A depthwise convolution, then a matrix as the product of two thin ones."""

    def __init__(self, channels: int, rank: int) -> None:
        super().__init__()
        self.depthwise = PaddedConv(channels, channels, size=3, groups=channels)
        self.down = nn.Conv2d(channels, rank, 1, bias=False)
        self.up = nn.Conv2d(rank, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`[n, channels, y, x]`, the same."""
        return functional.relu(self.up(self.down(self.depthwise(x))))


class Trunk(nn.Sequential):
    """Turns windows `[n, 1, 96, 64]` into features `[n, 512, 6, 4]`."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [PaddedConv(1, _STEM, size=3, stride=2)]
        inner = _STEM
        for channels, stride in STAGES:
            layers.append(PaddedConv(inner, inner, size=3, stride=stride, groups=inner))
            layers.append(PaddedConv(inner, channels))
            inner = channels
        super().__init__(*layers)


class SoundHead(nn.Module):
    """Turns features into one logit a class."""

    def __init__(self, options: SoundNetworkOptions) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(ThinBlock(CHANNELS, rank) for rank in options.ranks))
        self.dropout = nn.Dropout(options.dropout)
        self.classes = nn.Linear(2 * CHANNELS, options.classes)

    def forward(self, features: Tensor, *, is_joint: bool = True) -> tuple[Tensor, Tensor]:
        """`[n, 512, 6, 4]` → logits `[n, classes]` and pooled features `[n, 1024]`.

        Where it is not joint, what the classes learn has no effect on the blocks.
        """
        embedding = pooled(self.blocks(features))
        known = embedding if is_joint else embedding.detach()
        return self.classes(self.dropout(known)), embedding


def pooled(x: Tensor) -> Tensor:
    """`[n, channels, y, x]` → `[n, 2 channels]`: mean and largest value of each channel."""
    return torch.cat((x.mean((2, 3)), x.amax((2, 3))), 1)


class SoundNetwork(nn.Module):
    """Turns log-mel windows into one logit a class."""

    def __init__(self, trunk: Trunk, head: SoundHead) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, windows: Tensor) -> Tensor:
        """`[n, 1, 96, 64]` → logits `[n, classes]`."""
        logits: Tensor = self.head(self.trunk(windows))[0]
        return logits
