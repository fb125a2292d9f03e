"""How well classes are told."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Scores(NamedTuple):
    """Of a network on a set of clips."""

    accuracy: float
    """Share of clips that are told right."""
    balanced: float
    """Mean over classes of the share told right; classes without clips don't count."""
    log_loss: float
    """Mean of −ln of the probability that the right class was given."""


def scores_of(logits: Tensor, truth: Tensor, classes: int) -> Scores:
    """Returns the scores of logits `[clip, class]` for classes `[clip]`."""
    is_right = (logits.argmax(1) == truth).float()
    members = functional.one_hot(truth, classes).float()  # [clip, class]
    counts = members.sum(0)
    recalls = (members * is_right[:, None]).sum(0)[counts > 0] / counts[counts > 0]
    return Scores(
        accuracy=float(is_right.mean()),
        balanced=float(recalls.mean()),
        log_loss=float(functional.cross_entropy(logits, truth)),
    )


def commonest(training: Tensor, truth: Tensor, classes: int) -> Scores:
    """Returns the baseline that knows only how common classes are where a network learned."""
    counts = torch.bincount(training, minlength=classes).float() + 1e-3
    return scores_of(counts.log().expand(len(truth), -1), truth, classes)
