"""The detector: backbone, a neck that joins the scales, and a head without anchor boxes.

Every cell of the maps at strides 8, 16 and 32 says how sure it is of each class and where
the box of its object is: the middle as a shift from the cell's middle, and the logarithm of
the sides, all in strides (Ge et al. 2021, "YOLOX", §2.2). Logarithms keep their relative
precision in eight bits, so small boxes stay sharp after quantisation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.detector.backbone import Backbone, ConvNorm, Stage, batch_norm

STRIDES = (8, 16, 32)
"""Pixels from cell to cell of the three maps."""

_LARGEST_LOG_SIDE = 4.5
_PRIOR_LOGIT = math.log(0.01 / 0.99)  # objects are rare: one cell in a hundred says yes at first


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkOptions:
    """How large the network is."""

    classes: int
    """How many kinds of objects."""
    stem: int = 16
    """Channels of the first convolution."""
    stages: tuple[Stage, ...] = (
        Stage(width=16, blocks=1, stride=1, expansion=1, is_fused=True),
        Stage(width=24, blocks=2, stride=2, expansion=3, is_fused=True),
        Stage(width=48, blocks=2, stride=2, expansion=3, is_fused=True),
        Stage(width=80, blocks=3, stride=2, expansion=4, is_fused=False),
        Stage(width=128, blocks=3, stride=2, expansion=4, is_fused=False),
    )
    """Of the backbone; strides multiply to 32 with the stem's 2."""
    neck: int = 64
    """Channels of neck and head."""


class Raw(NamedTuple):
    """What the head says for each cell, cells of all maps one after the other."""

    logits: Tensor
    """`[n, cells, classes]`."""
    boxes: Tensor
    """`[n, cells, 4]` dx, dy from the cell's middle, width, height in pixels of the input."""


class Separable(nn.Sequential):
    """Depthwise 3×3 and pointwise convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            ConvNorm(inputs, inputs, 3, stride, groups=inputs, is_linear=True),
            ConvNorm(inputs, outputs, 1),
        )


class Neck(nn.Module):
    """Carries meaning down to the fine map and place up to the coarse one.

    One round of top-down and bottom-up sums: Liu et al. 2018, "PANet".
    """

    def __init__(self, widths: Sequence[int], channels: int) -> None:
        super().__init__()
        self.enter = nn.ModuleList(ConvNorm(width, channels, 1) for width in widths)
        self.down = nn.ModuleList(Separable(channels, channels) for _ in widths[:-1])
        self.shrink = nn.ModuleList(Separable(channels, channels, 2) for _ in widths[:-1])
        self.up = nn.ModuleList(Separable(channels, channels) for _ in widths[:-1])

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Returns as many maps, finest first, each with `channels` channels."""
        maps = [enter(one) for enter, one in zip(self.enter, maps, strict=True)]
        for level in reversed(range(len(self.down))):
            above = functional.interpolate(maps[level + 1], scale_factor=2.0, mode="nearest")
            maps[level] = self.down[level](maps[level] + above)
        for level, (shrink, up) in enumerate(zip(self.shrink, self.up, strict=True)):
            maps[level + 1] = up(maps[level + 1] + shrink(maps[level]))
        return maps


class SharedSeparable(nn.Module):
    """Depthwise 3×3 and pointwise convolution, the same at all scales but for the norms.

    While training, a norm sees one scale at a time. Were it shared, its running statistics
    would be a mixture that fits none of them, and boxes of a trained network came out larger
    by a seventh.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.spatial_norms = nn.ModuleList(batch_norm(channels) for _ in STRIDES)
        self.pointwise_norms = nn.ModuleList(batch_norm(channels) for _ in STRIDES)

    def forward(self, x: Tensor, level: int) -> Tensor:
        """Returns a map like `x`, which is of the scale number `level`."""
        x = self.spatial_norms[level](self.spatial(x))
        return torch.relu(self.pointwise_norms[level](self.pointwise(x)))


class Tower(nn.ModuleList):
    """Two shared layers in a row."""

    def __init__(self, channels: int) -> None:
        super().__init__(SharedSeparable(channels) for _ in range(2))

    def forward(self, x: Tensor, level: int) -> Tensor:
        """Returns a map like `x`, which is of the scale number `level`."""
        for layer in self:
            x = layer(x, level)
        return x


class Head(nn.Module):
    """Says class and box of a cell; the same weights at every scale but norms and last layers."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.class_tower = Tower(channels)
        self.box_tower = Tower(channels)
        # Their own last layer lets each scale have its own range after quantisation.
        self.logits = _last_layers(channels, classes, bias=_PRIOR_LOGIT)
        self.boxes = _last_layers(channels, 4, bias=0.0)

    def forward(self, maps: Sequence[Tensor]) -> Raw:
        """Returns what all cells say."""
        logits, boxes = [], []
        for level, one in enumerate(maps):
            logits.append(_by_cell(self.logits[level](self.class_tower(one, level))))
            raw = _by_cell(self.boxes[level](self.box_tower(one, level)))  # in strides
            sides = torch.exp(raw[..., 2:].clamp(max=_LARGEST_LOG_SIDE))
            boxes.append(torch.cat([raw[..., :2], sides], -1) * STRIDES[level])
        return Raw(torch.cat(logits, 1), torch.cat(boxes, 1))


class Detector(nn.Module):
    """Finds objects in pictures `[n, 3, y, x]` of values from 0 to 1, sides multiples of 32."""

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.backbone = Backbone(options.stem, options.stages)
        self.neck = Neck(self.backbone.widths, options.neck)
        self.head = Head(options.neck, options.classes)

    def forward(self, pictures: Tensor) -> Raw:
        """Returns what every cell says."""
        return self.from_centred(pictures * 2 - 1)

    def from_centred(self, pictures: Tensor) -> Raw:
        """Returns the same for values from −1 to 1, as the exported model takes them."""
        raw: Raw = self.head(self.neck(self.backbone(pictures)))
        return raw


def cell_middles(width_px: int, height_px: int) -> tuple[Tensor, Tensor]:
    """Returns `[cells, 2]` x, y of the cells' middles in pixels, and their `[cells]` strides.

    Scales follow each other from fine to coarse, rows from top to bottom.
    """
    middles, strides = [], []
    for stride in STRIDES:
        rows = (torch.arange(height_px // stride) + 0.5) * stride
        columns = (torch.arange(width_px // stride) + 0.5) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        middles.append(torch.stack([x, y], -1).reshape(-1, 2))
        strides.append(torch.full((len(middles[-1]),), float(stride)))
    return torch.cat(middles), torch.cat(strides)


def corners(boxes: Tensor, middles: Tensor) -> Tensor:
    """Returns `[…, cells, 4]` left, top, right, bottom from shifts and sides."""
    centre = middles + boxes[..., :2]
    half = boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], -1)


def _last_layers(channels: int, outputs: int, *, bias: float) -> nn.ModuleList:
    layers = [nn.Conv2d(channels, outputs, 1) for _ in STRIDES]
    for layer in layers:
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.constant_(cast(Tensor, layer.bias), bias)
    return nn.ModuleList(layers)


def _by_cell(one: Tensor) -> Tensor:
    """Turns `[n, c, y, x]` into `[n, y * x, c]`."""
    return one.permute(0, 2, 3, 1).flatten(1, 2)
