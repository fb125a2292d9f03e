"""ViT, with or without TokenLearner: Dosovitskiy et al. 2021; Ryoo et al. 2021."""

from dataclasses import dataclass

from torch import Tensor, nn

from flowlace_trainers.video.embedding import PatchOptions, Tubelets, position_table, positions_for
from flowlace_trainers.video.encoder import Encoder
from flowlace_trainers.video.readout import ClassToken, Pooling, Readout
from flowlace_trainers.video.sizes import TI, EncoderSize
from flowlace_trainers.video.token_learner import TokenLearnerOptions

PATCHES = PatchOptions()
"""16×16 pixels of 224×224, as published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageNetworkOptions:
    """How large the network is."""

    classes: int
    """How many kinds of pictures."""
    size: EncoderSize = TI
    """Of the encoder."""
    patches: PatchOptions = PATCHES
    """Size of pictures and patches."""
    token_learner: TokenLearnerOptions | None = None
    """None: plain ViT."""
    pooling: Pooling = "mean"
    """`class_token` for the published networks."""


class ImageNetwork(nn.Module):
    """Classifies pictures."""

    def __init__(self, options: ImageNetworkOptions) -> None:
        super().__init__()
        width, patches = options.size.width, options.patches
        self.patches = patches
        self.embedding = Tubelets(patches, width)
        self.class_token = ClassToken(width, options.pooling)
        leading = self.class_token.leading
        self.positions = position_table(leading + patches.places, width)
        self.encoder = Encoder(
            options.size, patches.grid, leading=leading, token_learner=options.token_learner
        )
        self.readout = Readout(width, options.pooling, options.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Returns logits `[n, class]` of `[n, 3, y, x]`, values from −1 to 1."""
        leading = self.class_token.leading
        positions = positions_for(self.positions, self.patches, pictures, leading=leading)
        x = self.class_token(self.embedding(pictures)) + positions
        logits: Tensor = self.readout(self.encoder(x))
        return logits
