"""A transformer encoder that may learn tokens at any depth.

Clips go through it as one sequence, place by place within step by step. Tokens are learned from
one step at a time: steps are folded into the batch there. Leading tokens, such as the one that
stands for the class, go round the learner.
"""

import torch
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder_block import EncoderBlock
from flowlace_trainers.video.sizes import EncoderSize
from flowlace_trainers.video.token_fuser import TokenFuser
from flowlace_trainers.video.token_learner import (
    TokenLearner,
    TokenLearnerOptions,
    make_token_learner,
)


class LearnTokens(nn.Module):
    """Replaces the places of each step by learned tokens."""

    def __init__(self, learner: TokenLearner, steps: int, leading: int) -> None:
        super().__init__()
        self.learner = learner
        self.steps = steps
        self.leading = leading

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, leading + steps · token, width]`."""
        lead, places = x[:, : self.leading], x[:, self.leading :]
        tokens = self.learner(one_step_at_a_time(places, self.steps))
        return torch.cat([lead, all_steps(tokens, self.steps)], 1)


class FusedBlock(nn.Module):
    """A block that runs on learned tokens and is mixed back into all places."""

    def __init__(self, learn: LearnTokens, block: EncoderBlock, fuser: TokenFuser) -> None:
        super().__init__()
        self.learn = learn
        self.block = block
        self.fuser = fuser

    def forward(self, x: Tensor) -> Tensor:
        """Returns `[n, leading + steps · place, width]` like `x`."""
        leading, steps = self.learn.leading, self.learn.steps
        places = one_step_at_a_time(x[:, leading:], steps)
        changed = self.block(self.learn(x))
        tokens = one_step_at_a_time(changed[:, leading:], steps)
        fused = all_steps(places + self.fuser(tokens, places), steps)
        return torch.cat([changed[:, :leading], fused], 1)


class Encoder(nn.Sequential):
    """Layers in a row, with a TokenLearner where the options want one.

    Args:
        size: of the blocks; its `layers` are all of them.
        grid: rows and columns of places.
        steps: of time in a sequence.
        leading: tokens before the first place.
        token_learner: None keeps all places.

    Raises:
        TrainerError: tokens are to be learned after the last layer's end.
    """

    def __init__(
        self,
        size: EncoderSize,
        grid: tuple[int, int],
        *,
        steps: int = 1,
        leading: int = 0,
        token_learner: TokenLearnerOptions | None = None,
    ) -> None:
        rows, columns = grid
        self.tokens_a_step = rows * columns
        if token_learner is None:
            super().__init__(*_blocks(size, size.layers))
            return
        _check_depth(token_learner, size)

        def learn() -> LearnTokens:
            learner = make_token_learner(token_learner, size.width, grid)
            return LearnTokens(learner, steps, leading)

        early, late = _blocks(size, token_learner.at), _blocks(size, size.layers - token_learner.at)
        if not token_learner.is_fused:
            super().__init__(*early, learn(), *late)
            self.tokens_a_step = token_learner.tokens
            return
        fusers = (TokenFuser(size.width, token_learner.tokens) for _ in late)
        fused = (FusedBlock(learn(), *one) for one in zip(late, fusers, strict=True))
        super().__init__(*early, *fused)


def one_step_at_a_time(sequence: Tensor, steps: int) -> Tensor:
    """Turns `[n, steps · token, width]` into `[n · steps, token, width]`."""
    return sequence.reshape(-1, sequence.shape[1] // steps, sequence.shape[2])


def all_steps(tokens: Tensor, steps: int) -> Tensor:
    """Turns `[n · steps, token, width]` into `[n, steps · token, width]`."""
    return tokens.reshape(-1, steps * tokens.shape[1], tokens.shape[2])


def token_learners(network: nn.Module) -> list[TokenLearner]:
    """Returns a network's learners, first layer first."""
    return [one for one in network.modules() if isinstance(one, TokenLearner)]


def _blocks(size: EncoderSize, count: int) -> list[EncoderBlock]:
    return [EncoderBlock(size) for _ in range(count)]


def _check_depth(options: TokenLearnerOptions, size: EncoderSize) -> None:
    last = size.layers - options.is_fused
    if options.at > last:
        fused = ", fused," if options.is_fused else ""
        raise TrainerError(
            f"token_learner.at is {options.at}, but an encoder of {size.layers} layers{fused} "
            f"takes 0 to {last}"
        )
