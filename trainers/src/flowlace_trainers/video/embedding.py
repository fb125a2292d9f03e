"""From pixels to tokens: patches of pictures, tubelets of clips, and where they lie.

A tubelet is a patch over a few frames. Its embedding is a 3-D convolution whose kernel is as long
as its stride; with the frames stacked on the channel axis that is a 2-D convolution, and nothing
has more than four dimensions.

Where clips are few, a patch is better made by small convolutions in a row: they see edges and how
they move without having to learn first what lies beside what. Xiao et al. 2021, "Early
convolutions help transformers see better".
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.errors import TrainerError

CHANNELS = 3
"""Of a frame: red, green, blue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StemStage:
    """A convolution before the one that makes tokens, with batch norm and relu."""

    width: int
    """Channels that come out."""
    side_px: int = 3
    """Of the kernel; odd."""
    stride: int = 2
    """In both directions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchOptions:
    """How pictures are cut."""

    width_px: int = 224
    """Columns of a picture."""
    height_px: int = 224
    """Rows of a picture."""
    patch_px: int = 16
    """Side of a patch."""
    frames: int = 1
    """Of a tubelet; 1 for pictures."""
    stem: tuple[StemStage, ...] = ()
    """Convolutions in a row, whose strides together divide `patch_px`; none: a patch is made by one
    convolution as large as itself, as published for ViT."""

    def __post_init__(self) -> None:
        if self.patch_px % self.stem_stride:
            raise TrainerError(
                f"the stem's strides make {self.stem_stride} together; they have to divide "
                f"patch_px={self.patch_px}"
            )
        for name in ("width_px", "height_px"):
            side = getattr(self, name)
            if side < self.patch_px or side % self.patch_px:
                raise TrainerError(
                    f"{name} is {side}; it has to be a multiple of patch_px={self.patch_px}"
                )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.height_px // self.patch_px, self.width_px // self.patch_px

    @property
    def stem_stride(self) -> int:
        """Of all stages together."""
        return math.prod(one.stride for one in self.stem)

    @property
    def places(self) -> int:
        """Patches of a picture or step."""
        rows, columns = self.grid
        return rows * columns


class Tubelets(nn.Module):
    """Embeds patches or tubelets.

    Frames come stacked, the oldest one's red, green and blue first.
    """

    def __init__(self, options: PatchOptions, width: int) -> None:
        super().__init__()
        side = options.patch_px // options.stem_stride
        self.channels = CHANNELS * options.frames
        self.stem = _stem(self.channels, options.stem)
        inputs = options.stem[-1].width if options.stem else self.channels
        self.convolution = nn.Conv2d(inputs, width, side, side)
        # As in ViT: what comes out is as large as what goes in, however many values go in.
        nn.init.trunc_normal_(self.convolution.weight, std=(inputs * side**2) ** -0.5)
        nn.init.zeros_(self.convolution.bias)  # type: ignore[arg-type]  # is there by default

    def forward(self, stacked: Tensor) -> Tensor:
        """Returns `[n · steps, place, width]`.

        Args:
            stacked: `[n, steps · frames · 3, y, x]`, values from −1 to 1.
        """
        steps = stacked.reshape(-1, self.channels, *stacked.shape[2:])
        tokens: Tensor = self.convolution(self.stem(steps)).flatten(2).transpose(1, 2)
        return tokens


def _stem(channels: int, stages: tuple[StemStage, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for one in stages:
        edge = one.side_px // 2
        layers += [
            nn.Conv2d(channels, one.width, one.side_px, one.stride, edge, bias=False),
            nn.BatchNorm2d(one.width),
            nn.ReLU(),
        ]
        channels = one.width
    return nn.Sequential(*layers)


def positions_for(
    table: Tensor, options: PatchOptions, picture: Tensor, *, leading: int = 0, steps: int = 1
) -> Tensor:
    """Returns positions `[1, leading + steps · place, width]` for pictures of any size.

    Networks may be trained on smaller pictures first (progressive resolution: Tan & Le 2021,
    "EfficientNetV2", §4); positions are then taken from between those of the full size.

    Args:
        table: `[1, leading + steps · place, width]`, of the full size.
        options: how pictures of the full size are cut.
        picture: `[…, y, x]`.
        leading: tokens before the first place.
        steps: of time in the table.
    """
    rows, columns = (side // options.patch_px for side in picture.shape[-2:])
    if (rows, columns) == options.grid:
        return table
    lead, places = table[:, :leading], table[0, leading:]
    maps = places.reshape(steps, *options.grid, -1).permute(0, 3, 1, 2)  # [step, width, y, x]
    sized = functional.interpolate(maps, (rows, columns), mode="bilinear", align_corners=False)
    return torch.cat([lead, sized.permute(0, 2, 3, 1).reshape(1, -1, table.shape[-1])], 1)


def position_table(tokens: int, width: int) -> nn.Parameter:
    """Returns learned positions `[1, token, width]`: a batch of one, as GPU delegates need."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, tokens, width), std=0.02))
