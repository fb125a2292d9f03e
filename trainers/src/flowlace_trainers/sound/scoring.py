"""How good a sound classifier is, by clip and by window."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from flowlace_trainers.sound.clips import Clip
from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.samples import clip_windows

Network = Callable[[Floats], Floats]
"""Turns windows `[n, 96, 64]` into logits `[n, class]`."""


def scores_of_clips(network: Network, clips: Sequence[Clip]) -> list[Floats]:
    """Returns one score a class for each clip."""
    return [clip_scores(network(clip_windows(one.sound))) for one in clips]


def clip_scores(logits: Floats) -> Floats:
    """Returns one score a class for a clip: the mean probability over its windows."""
    made: Floats = probabilities(logits).mean(0)
    return made


def probabilities(logits: Floats) -> Floats:
    """Returns the sigmoid, without overflow.

    >>> probabilities(np.float32([0, 1000])).tolist()
    [0.5, 1.0]
    """
    made: Floats = (0.5 * (1 + np.tanh(0.5 * logits))).astype(np.float32)
    return made


def clip_measures(
    scores: Sequence[Floats], clips: Sequence[Clip], labels: Sequence[str], named: Sequence[str]
) -> dict[str, float]:
    """Returns shares of right answers; the answer is the class with the highest score of all.

    `accuracy` is over the clips of the `named` classes, `balanced` the mean of every class's own
    accuracy, `margin` how far the right class is above the best of the others, on average.
    """
    truth = np.array([labels.index(one.label) for one in clips])
    table = np.stack(scores)
    is_right = table.argmax(1) == truth
    is_named = np.array([one.label in named for one in clips])
    others = table.copy()
    others[np.arange(len(truth)), truth] = -np.inf
    margin = table[np.arange(len(truth)), truth] - others.max(1)
    return {
        "accuracy": float(is_right[is_named].mean()) if is_named.any() else float("nan"),
        "balanced": float(np.mean(list(accuracy_by_class(scores, clips, labels).values()))),
        "margin": float(margin.mean()),
    }


def accuracy_by_class(
    scores: Sequence[Floats], clips: Sequence[Clip], labels: Sequence[str]
) -> Mapping[str, float]:
    """Returns the share of right answers for each class that has clips."""
    answers = np.array([labels[int(one.argmax())] for one in scores])
    truth = np.array([one.label for one in clips])
    return {
        label: float((answers[truth == label] == label).mean())
        for label in labels
        if (truth == label).any()
    }
