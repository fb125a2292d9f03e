"""From pixels to tokens: patches of pictures, tubelets of clips, and where they lie.

A tubelet is a patch over a few frames. Its embedding is a 3-D convolution whose kernel is as long
as its stride; with the frames stacked on the channel axis that is a 2-D convolution, and nothing
has more than four dimensions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError

CHANNELS = 3
"""Of a frame: red, green, blue."""


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

    def __post_init__(self) -> None:
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
        side = options.patch_px
        self.channels = CHANNELS * options.frames
        self.convolution = nn.Conv2d(self.channels, width, side, side)
        nn.init.trunc_normal_(self.convolution.weight, std=0.02)
        nn.init.zeros_(self.convolution.bias)  # type: ignore[arg-type]  # is there by default

    def forward(self, stacked: Tensor) -> Tensor:
        """Returns `[n · steps, place, width]`.

        Args:
            stacked: `[n, steps · frames · 3, y, x]`, values from −1 to 1.
        """
        steps = stacked.reshape(-1, self.channels, *stacked.shape[2:])
        return self.convolution(steps).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


def position_table(tokens: int, width: int) -> nn.Parameter:
    """Returns learned positions `[1, token, width]`: a batch of one, as GPU delegates need."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, tokens, width), std=0.02))
