"""The network: a U-Net over rain that is already carried to where it will be.

Ronneberger et al. 2015, "U-Net", with a short skip in every block and long skips between the two
sides. Its pictures are Lagrangian: all frames are carried along the motion to the newest one, so a
pixel's past is in its channels, and what is left to learn is growth, decay and how sure one can be.
All leads come from one pass; carrying them to their times is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True, slots=True)
class UnetOptions:
    """How large the network is."""

    inputs: int
    """Channels of the input; the first is the newest rain."""
    outputs: int
    """Channels of the output."""
    widths: tuple[int, ...] = (16, 32, 48, 64, 96)
    """Channels at each resolution; each has half the pixels a side of the one before."""
    drop: float = 0.0
    """Share of the deepest channels left out while training."""


class BasicLayer(nn.Module):
    """Two 3×3 convolutions with batch norm, and a short skip around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        is_same = inputs == outputs
        self.skip = nn.Identity() if is_same else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, outputs, y, x]`."""
        y = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(self.second_norm(self.second(y)) + self.skip(x))


class DownLayer(nn.Module):
    """Halves the resolution: mean and a strided convolution side by side, then a basic layer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shrink = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.basic = BasicLayer(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, outputs, y / 2, x / 2]`."""
        y = self.norm(self.shrink(x)) + self.skip(functional.avg_pool2d(x, 2))
        made: Tensor = self.basic(functional.relu(y))
        return made


class UpLayer(nn.Module):
    """Doubles the resolution, puts the long skip beside it, then a basic layer."""

    def __init__(self, inputs: int, skipped: int, outputs: int) -> None:
        super().__init__()
        self.thin = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.basic = BasicLayer(outputs + skipped, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Returns `[n, outputs, 2 y, 2 x]`."""
        # Thinned before it is doubled: a quarter of the pixels.
        y = functional.interpolate(self.thin(x), scale_factor=2.0, mode="nearest")
        made: Tensor = self.basic(torch.cat([y, skip], dim=1))
        return made


class RainUnet(nn.Module):
    """Inputs `[n, inputs, y, x]`, y and x multiples of `2 ** (len(widths) - 1)`."""

    def __init__(self, options: UnetOptions) -> None:
        super().__init__()
        widths = options.widths
        self.enter = BasicLayer(options.inputs, widths[0])
        self.down = nn.ModuleList(map(DownLayer, widths[:-1], widths[1:]))
        self.drop = nn.Dropout2d(options.drop)
        self.up = nn.ModuleList(map(UpLayer, widths[:0:-1], widths[-2::-1], widths[-2::-1]))
        # What there is now says most about what comes, so the last layer sees it directly.
        self.head = nn.Conv2d(widths[0] + options.inputs, options.outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, outputs, y, x]`."""
        levels: list[Tensor] = [self.enter(x)]
        for down in self.down:
            levels.append(down(levels[-1]))
        y = self.drop(levels.pop())
        for up in self.up:
            y = up(y, levels.pop())
        made: Tensor = self.head(torch.cat([y, x], dim=1))
        return made


def multiply_adds_a_pixel(options: UnetOptions) -> float:
    """Returns how many multiplications and additions the network needs for a pixel of input."""
    network = RainUnet(options).eval()
    side = 2 ** (len(options.widths) + 1)
    count = 0

    def add(layer: nn.Module, _: Sequence[Tensor], output: Tensor) -> None:
        nonlocal count
        assert isinstance(layer, nn.Conv2d)
        count += layer.weight[0].numel() * output[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(add)
    with torch.inference_mode():
        network(torch.zeros(1, options.inputs, side, side))
    return float(count / side**2)
