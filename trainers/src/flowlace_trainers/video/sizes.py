"""The published shapes of transformer encoders.

Dosovitskiy et al. 2021, "An image is worth 16×16 words", table 1 (B, L); Touvron et al. 2021,
"DeiT", table 1 (Ti, S). ViViT and TokenLearner use the same.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderSize:
    """Width and depth of an encoder."""

    layers: int
    """Blocks in a row."""
    width: int
    """Values a token has."""
    heads: int
    """Of the attention; each has `width / heads` values."""
    inside: int
    """Values between the two matrices of a block's perceptron."""

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width={self.width} has to be a multiple of heads={self.heads}")


TI = EncoderSize(layers=12, width=192, heads=3, inside=768)
S = EncoderSize(layers=12, width=384, heads=6, inside=1536)
B = EncoderSize(layers=12, width=768, heads=12, inside=3072)
L = EncoderSize(layers=24, width=1024, heads=16, inside=4096)

SIZES = MappingProxyType({"Ti": TI, "S": S, "B": B, "L": L})
"""By the letters papers use."""
