"""CoAtNet: convolutions where pictures are large, attention where they are small.

Dai et al. 2021, "CoAtNet: marrying convolution and attention for all data sizes", table 3. The
first stages are inverted bottlenecks as the detector's, the last ones transformer blocks with
relative attention. It classifies pictures beside ViT with TokenLearner, to compare with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.detector.backbone import Bottleneck, ConvNorm, Stage
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder_block import Perceptron, RandomSkip, layer_norm, linear
from flowlace_trainers.video.relative_attention import RelativeAttention

_HEAD_WIDTH = 32
_EXPANSION = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class AttentionStage:
    """Transformer blocks of one width; the first one halves rows and columns."""

    width: int
    """Channels that come out; a multiple of 32, the width of a head."""
    blocks: int
    """How many in a row."""

    def __post_init__(self) -> None:
        if self.width % _HEAD_WIDTH:
            raise TrainerError(
                f"attention stage: width is {self.width}; it has to be a multiple of {_HEAD_WIDTH}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class CoAtNetOptions:
    """How large the network is; the defaults are CoAtNet-0's."""

    classes: int
    """How many kinds of pictures."""
    width_px: int = 224
    """Columns of a picture; a multiple of all strides together."""
    height_px: int = 224
    """Rows of a picture."""
    stem: int = 64
    """Channels of the first two convolutions."""
    convolution_stages: tuple[Stage, ...] = (
        Stage(width=96, blocks=2, stride=2, expansion=_EXPANSION, is_fused=False),
        Stage(width=192, blocks=3, stride=2, expansion=_EXPANSION, is_fused=False),
    )
    """Inverted bottlenecks."""
    attention_stages: tuple[AttentionStage, ...] = (
        AttentionStage(width=384, blocks=5),
        AttentionStage(width=768, blocks=2),
    )
    """Transformer blocks."""


class RelativeBlock(nn.Module):
    """Relative attention, then a perceptron, on maps `[n, channel, y, x]`.

    Where it halves rows and columns, it looks at the halved picture; what is added to is halved and
    brought to the new width too.
    """

    def __init__(
        self, inputs: int, stage: AttentionStage, grid: tuple[int, int], *, is_halving: bool
    ) -> None:
        super().__init__()
        width = stage.width
        self.grid = grid
        self.is_halving = is_halving
        self.norm_before_attention = layer_norm(inputs)
        self.attention = RelativeAttention(inputs, width, width // _HEAD_WIDTH, grid)
        self.shortcut = nn.Identity() if inputs == width else linear(inputs, width)
        self.norm_before_perceptron = layer_norm(width)
        self.perceptron = Perceptron(width, _EXPANSION * width, width)
        self.skip = RandomSkip()

    def forward(self, maps: Tensor) -> Tensor:
        """Returns `[n, width, y, x]`, with half the rows and columns where it halves."""
        x: Tensor = maps.flatten(2).transpose(1, 2)  # [n, place, inputs]
        normal = self.norm_before_attention(x)
        if self.is_halving:
            x, normal = self._halved(x), self._halved(normal)
        x = self.shortcut(x) + self.skip(self.attention(normal))
        x = x + self.skip(self.perceptron(self.norm_before_perceptron(x)))
        return x.transpose(1, 2).reshape(len(x), -1, *self.grid)

    def _halved(self, x: Tensor) -> Tensor:
        rows, columns = self.grid
        picture = x.transpose(1, 2).reshape(len(x), -1, 2 * rows, 2 * columns)
        return functional.max_pool2d(picture, 2).flatten(2).transpose(1, 2)


class CoAtNet(nn.Module):
    """Classifies pictures.

    Raises:
        TrainerError: the sides of pictures aren't multiples of all strides together.
    """

    def __init__(self, options: CoAtNetOptions) -> None:
        super().__init__()
        grids = _grids(options)
        self.stem = nn.Sequential(
            ConvNorm(3, options.stem, 3, 2), ConvNorm(options.stem, options.stem, 3)
        )
        width, self.convolutions = _convolutions(options.stem, options.convolution_stages)
        blocks: list[nn.Module] = []
        for stage, grid in zip(options.attention_stages, grids, strict=True):
            blocks.append(RelativeBlock(width, stage, grid, is_halving=True))
            width = stage.width
            blocks.extend(
                RelativeBlock(width, stage, grid, is_halving=False) for _ in range(stage.blocks - 1)
            )
        self.attentions = nn.Sequential(*blocks)
        self.norm = layer_norm(width)
        self.logits = nn.Linear(width, options.classes)  # at random, as `Readout`

    def forward(self, pictures: Tensor) -> Tensor:
        """Returns logits `[n, class]` of `[n, 3, y, x]`, values from −1 to 1."""
        maps = self.attentions(self.convolutions(self.stem(pictures)))
        logits: Tensor = self.logits(self.norm(maps.mean((2, 3))))
        return logits

    def set_drop(self, drop: float) -> None:
        """Sets how likely blocks are skipped: 0 for the first, `drop` for the last."""
        blocks = [
            one.skip if isinstance(one, RelativeBlock) else one
            for one in self.modules()
            if isinstance(one, Bottleneck | RelativeBlock)
        ]
        for number, block in enumerate(blocks):
            block.drop = drop * number / max(len(blocks) - 1, 1)


def _convolutions(inputs: int, stages: Sequence[Stage]) -> tuple[int, nn.Sequential]:
    blocks = []
    for stage in stages:
        blocks.append(Bottleneck(inputs, stage, stage.stride))
        blocks.extend(Bottleneck(stage.width, stage, 1) for _ in range(stage.blocks - 1))
        inputs = stage.width
    return inputs, nn.Sequential(*blocks)


def _grids(options: CoAtNetOptions) -> list[tuple[int, int]]:
    """Returns rows and columns that each attention stage leaves."""
    stride = 2
    for stage in options.convolution_stages:
        stride *= stage.stride
    strides = [stride * 2 ** (number + 1) for number in range(len(options.attention_stages))]
    whole = strides[-1] if strides else stride
    for name in ("width_px", "height_px"):
        if getattr(options, name) % whole or getattr(options, name) < whole:
            raise TrainerError(
                f"{name} is {getattr(options, name)}; it has to be a multiple of {whole}, all "
                "strides together"
            )
    return [(options.height_px // one, options.width_px // one) for one in strides]
