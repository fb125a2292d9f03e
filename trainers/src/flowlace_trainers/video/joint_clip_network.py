"""ViViT with joint attention: every token looks at all places of all steps from the first layer.

Arnab et al. 2021, "ViViT", §3.3 model 1. With a TokenLearner, tokens are learned from one step at a
time and attention goes on over the tokens of all steps: Ryoo et al. 2021, §4. The offline
network; `stepped_network.py` has those that also run on a live stream.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from flowlace_trainers.video.embedding import PatchOptions, Tubelets, position_table, positions_for
from flowlace_trainers.video.encoder import Encoder, all_steps
from flowlace_trainers.video.readout import ClassToken, Pooling, Readout
from flowlace_trainers.video.sizes import TI, EncoderSize
from flowlace_trainers.video.token_learner import TokenLearnerOptions

TUBELETS = PatchOptions(frames=2)
"""16×16 pixels over two frames, as published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JointClipOptions:
    """How large the network is."""

    classes: int
    """How many kinds of clips."""
    size: EncoderSize = TI
    """Of the encoder."""
    tubelets: PatchOptions = TUBELETS
    """Size of frames and tubelets."""
    steps: int = 16
    """Tubelets in a row: a clip has `steps · tubelets.frames` frames."""
    token_learner: TokenLearnerOptions | None = None
    """None: plain ViViT."""
    pooling: Pooling = "mean"
    """`class_token` for the published networks."""


class JointClipNetwork(nn.Module):
    """Classifies clips."""

    def __init__(self, options: JointClipOptions) -> None:
        super().__init__()
        width, tubelets = options.size.width, options.tubelets
        self.steps = options.steps
        self.tubelets = tubelets
        self.embedding = Tubelets(tubelets, width)
        self.class_token = ClassToken(width, options.pooling)
        leading = self.class_token.leading
        self.positions = position_table(leading + options.steps * tubelets.places, width)
        self.encoder = Encoder(
            options.size,
            tubelets.grid,
            steps=options.steps,
            leading=leading,
            token_learner=options.token_learner,
        )
        self.readout = Readout(width, options.pooling, options.classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Returns logits `[n, class]`.

        Args:
            clips: `[n, frame · 3, y, x]`, the oldest frame first, values from −1 to 1.
        """
        tokens = all_steps(self.embedding(clips), self.steps)
        positions = positions_for(
            self.positions,
            self.tubelets,
            clips,
            leading=self.class_token.leading,
            steps=self.steps,
        )
        x = self.class_token(tokens) + positions
        logits: Tensor = self.readout(self.encoder(x))
        return logits
