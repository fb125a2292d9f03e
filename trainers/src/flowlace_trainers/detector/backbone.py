"""The trunk: fused and plain inverted bottlenecks, after EfficientNetV2.

Early stages use FusedMBConv (one 3×3 convolution expands), late ones MBConv with depthwise
convolutions and squeeze-and-excitation: Tan & Le 2021, "EfficientNetV2", §3.2. Blocks are
skipped at random while training: Huang et al. 2016, "Deep networks with stochastic depth".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Blocks of one kind and width."""

    width: int
    """Channels that come out."""
    blocks: int
    """How many in a row."""
    stride: int
    """Of the first block."""
    expansion: int
    """Channels inside a block, in multiples of those that go in."""
    is_fused: bool
    """FusedMBConv instead of MBConv with squeeze-and-excitation."""


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Returns the batch normalisation used everywhere."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03)


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, unless told otherwise, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        *,
        groups: int = 1,
        is_linear: bool = False,
    ) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            batch_norm(outputs),
            nn.Identity() if is_linear else nn.ReLU(inplace=True),
        )


class SqueezeExcite(nn.Module):
    """Weighs channels by what the whole picture shows: Hu et al. 2018."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, c, y, x]`, each channel times a number between 0 and 1."""
        mean = x.mean((2, 3), keepdim=True)  # [n, c, 1, 1]
        weight = torch.sigmoid(self.excite(torch.relu(self.squeeze(mean))))  # [n, c, 1, 1]
        return x * weight


class Bottleneck(nn.Module):
    """Widens, looks, narrows; added to its input where the shapes allow."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inside = inputs * stage.expansion
        self.is_residual = stride == 1 and inputs == stage.width
        self.drop = 0.0
        self.layers = (_fused if stage.is_fused else _separable)(
            inputs, inside, stage.width, stride
        )

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, width, y / stride, x / stride]`."""
        y: Tensor = self.layers(x)
        if not self.is_residual:
            return y
        if self.training and self.drop > 0:
            keep = torch.rand(len(y), 1, 1, 1, device=y.device) >= self.drop
            y = y * (keep / (1 - self.drop))
        return x + y


def _fused(inputs: int, inside: int, width: int, stride: int) -> nn.Sequential:
    if inside == inputs:
        return nn.Sequential(ConvNorm(inputs, width, 3, stride))
    return nn.Sequential(
        ConvNorm(inputs, inside, 3, stride), ConvNorm(inside, width, 1, is_linear=True)
    )


def _separable(inputs: int, inside: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        ConvNorm(inputs, inside, 1),
        ConvNorm(inside, inside, 3, stride, groups=inside),
        SqueezeExcite(inside, max(8, inputs // 4)),
        ConvNorm(inside, width, 1, is_linear=True),
    )


class Backbone(nn.Module):
    """Turns a picture into feature maps at strides 8, 16 and 32."""

    def __init__(self, stem: int, stages: Sequence[Stage]) -> None:
        super().__init__()
        self.stem = ConvNorm(3, stem, 3, 2)
        self.stages = nn.ModuleList()
        inputs = stem
        for stage in stages:
            first = Bottleneck(inputs, stage, stage.stride)
            others = (Bottleneck(stage.width, stage, 1) for _ in range(stage.blocks - 1))
            self.stages.append(nn.Sequential(first, *others))
            inputs = stage.width
        self._taps = _last_of_each_stride(stages)
        self.widths = [stages[tap].width for tap in self._taps]

    def set_drop(self, drop: float) -> None:
        """Sets how likely blocks are skipped: 0 for the first, `drop` for the last."""
        blocks = [one for one in self.modules() if isinstance(one, Bottleneck)]
        for number, block in enumerate(blocks):
            block.drop = drop * number / max(len(blocks) - 1, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Returns maps `[n, width, y / s, x / s]` for s = 8, 16, 32 from `[n, 3, y, x]`."""
        x = self.stem(x)
        maps = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in self._taps:
                maps.append(x)
        return maps


def _last_of_each_stride(stages: Sequence[Stage]) -> list[int]:
    stride, taps = 2, []
    for number, stage in enumerate(stages):
        stride *= stage.stride
        is_last = number + 1 == len(stages) or stages[number + 1].stride == 2
        if is_last and stride >= 8:
            taps.append(number)
    return taps
