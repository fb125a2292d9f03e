"""What changes while a model is trained: step size, picture size, how hard it is made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A part of the training; later ones are larger and harder.

    Small pictures first make training faster, but only if regularisation grows with the
    size: Tan & Le 2021, "EfficientNetV2", §4.
    """

    share: float
    """Of all steps; the shares of all phases make 1."""
    width_px: int
    """Columns of the input."""
    height_px: int
    """Rows of the input."""
    strength: float
    """Of the augmentation, 0 to 1."""
    drop: float
    """How likely the deepest block is skipped."""


def phase_at(step: int, steps: int, phases: Sequence[Phase]) -> Phase:
    """Returns the phase a step is in.

    >>> small = Phase(share=0.25, width_px=64, height_px=64, strength=0, drop=0)
    >>> large = Phase(share=0.75, width_px=128, height_px=128, strength=1, drop=0.2)
    >>> [phase_at(step, 8, (small, large)).width_px for step in (0, 1, 2, 7)]
    [64, 64, 128, 128]
    """
    end = 0.0
    for phase in phases:
        end += phase.share * steps
        if step < round(end):
            return phase
    return phases[-1]


def learning_rate(step: int, steps: int, *, peak: float, warm_up: int, last: float = 0.02) -> float:
    """Returns the step size: a straight rise, then half a cosine down to `last` times the peak.

    >>> [round(learning_rate(step, 110, peak=1, warm_up=10), 3) for step in (0, 9, 10, 60, 110)]
    [0.1, 1.0, 1.0, 0.51, 0.02]
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    gone = min(1.0, (step - warm_up) / max(steps - warm_up, 1))
    return peak * (last + (1 - last) * (1 + math.cos(math.pi * gone)) / 2)
