"""Networks that see a clip one step at a time first, so they run on a live stream.

`FrameTokens` turns a step, which is a tubelet's few frames, into tokens and knows nothing of other
steps. `TemporalHead` reads the tokens of a window of steps and says the class. On a stream, each
step goes through `FrameTokens` once, its tokens go into a ring, and `TemporalHead` reads the
ring: the result is that of the whole clip, exactly, because

- no layer before the ring sees more than one step, and
- times are added when the ring is read, counted back from the newest step, so that what
  is kept in the ring never grows old.

Two kinds of networks have this shape:

- TokenLearner with attention over space before it, and over all learned tokens after it;
- ViViT's factorised encoder (Arnab et al. 2021, §3.3 model 2), where one pooled token stands
  for each step; with or without a TokenLearner in its spatial part.

While the window fills up, steps that have not come are tokens of zeros.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.embedding import PatchOptions, Tubelets, position_table, positions_for
from flowlace_trainers.video.encoder import Encoder
from flowlace_trainers.video.joint_clip_network import TUBELETS
from flowlace_trainers.video.readout import ClassToken, Pool, Pooling, Readout
from flowlace_trainers.video.sizes import TI, EncoderSize
from flowlace_trainers.video.token_learner import TokenLearnerOptions

HALFWAY = TokenLearnerOptions(at=6)
"""Eight tokens a step, learned after the sixth of twelve layers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SteppedOptions:
    """How large the network is; the defaults learn 8 tokens a step after 6 of 12 layers."""

    classes: int
    """How many kinds of clips."""
    size: EncoderSize = TI
    """Of both encoders, but for their layers."""
    tubelets: PatchOptions = TUBELETS
    """Size of frames and tubelets."""
    steps: int = 16
    """Of the window."""
    spatial_layers: int = 6
    """Layers that look at one step."""
    temporal_layers: int = 6
    """Layers that look at the window."""
    token_learner: TokenLearnerOptions | None = HALFWAY
    """Within the spatial layers, or at their end; None keeps all places."""
    is_factorised: bool = False
    """One pooled token stands for a step: ViViT's factorised encoder."""
    pooling: Pooling = "mean"
    """`class_token` for the published networks."""


def factorised(options: SteppedOptions) -> SteppedOptions:
    """Returns the published factorised encoder: all layers over space, 4 over time."""
    return replace(
        options,
        spatial_layers=options.size.layers,
        temporal_layers=4,
        token_learner=None,
        is_factorised=True,
        pooling="class_token",
    )


class FrameTokens(nn.Module):
    """Turns a step into tokens."""

    def __init__(self, options: SteppedOptions) -> None:
        super().__init__()
        width, tubelets = options.size.width, options.tubelets
        pooling: Pooling = options.pooling if options.is_factorised else "mean"
        self.tubelets = tubelets
        self.embedding = Tubelets(tubelets, width)
        self.class_token = ClassToken(width, pooling)
        leading = self.class_token.leading
        self.positions = position_table(leading + tubelets.places, width)
        self.encoder = Encoder(
            replace(options.size, layers=options.spatial_layers),
            tubelets.grid,
            leading=leading,
            token_learner=options.token_learner,
        )
        self.pool = Pool(width, pooling) if options.is_factorised else None
        self.tokens = 1 if options.is_factorised else self.encoder.tokens_a_step

    def forward(self, steps: Tensor) -> Tensor:
        """Returns `[n, token, width]` of steps `[n, frame · 3, y, x]`, values from −1 to 1."""
        leading = self.class_token.leading
        positions = positions_for(self.positions, self.tubelets, steps, leading=leading)
        x = self.encoder(self.class_token(self.embedding(steps)) + positions)
        made: Tensor = x if self.pool is None else self.pool(x)[:, None]
        return made


class TemporalHead(nn.Module):
    """Says the class of a window of tokens."""

    def __init__(self, options: SteppedOptions, tokens: int) -> None:
        super().__init__()
        width, grid = options.size.width, (1, tokens)
        self.class_token = ClassToken(width, options.pooling)
        self.times = position_table(options.steps, width)
        self.encoder = Encoder(
            replace(options.size, layers=options.temporal_layers),
            grid,
            steps=options.steps,
            leading=self.class_token.leading,
        )
        self.readout = Readout(width, options.pooling, options.classes)

    def forward(self, window: Tensor) -> Tensor:
        """Returns logits `[n, class]` of `[n, step, token, width]`, the newest step last."""
        timed = window + self.times.transpose(0, 1)  # [step, 1, width] goes along the tokens
        logits: Tensor = self.readout(self.encoder(self.class_token(timed.flatten(1, 2))))
        return logits


class SteppedNetwork(nn.Module):
    """Classifies whole clips with the two parts that a stream needs.

    Raises:
        TrainerError: a part has no layers to learn tokens in, or the window has no steps.
    """

    def __init__(self, options: SteppedOptions) -> None:
        super().__init__()
        if options.steps < 1:
            raise TrainerError(f"steps is {options.steps}; a window has 1 or more")
        self.steps = options.steps
        self.frame_tokens = FrameTokens(options)
        self.temporal_head = TemporalHead(options, self.frame_tokens.tokens)

    def forward(self, clips: Tensor, filled: Tensor | None = None) -> Tensor:
        """Returns logits `[n, class]`.

        Args:
            clips: `[n, frame · 3, y, x]`, the oldest frame first, values from −1 to 1.
            filled: `[n]`, how many of the newest steps have come; None for all.
        """
        channels = self.frame_tokens.embedding.channels
        steps = clips.reshape(-1, channels, *clips.shape[2:])
        window = self.frame_tokens(steps).unflatten(0, (-1, self.steps))
        if filled is not None:
            window = window * has_come(filled, self.steps)[:, :, None, None]
        logits: Tensor = self.temporal_head(window)
        return logits


def has_come(filled: Tensor, steps: int) -> Tensor:
    """Returns `[n, step]`, True for the newest `filled` steps.

    >>> has_come(torch.tensor([1, 3]), 4).int().tolist()
    [[0, 0, 0, 1], [0, 1, 1, 1]]
    """
    return torch.arange(steps, device=filled.device) >= steps - filled[:, None]
