"""The usual shape of an object whose box changes its shape all the time: a walker's, above all.

A walker's box is up to three times as wide in mid-step as with the feet together, twice a second.
What a detector saw a quarter of a second ago then says little about the box now; the median of
what it saw overlaps the most. How far a detection is believed is learned while the video runs, as
in a random-effects model: how much shapes of a label change from detection to detection of one
object, against how much they differ between objects. Cars keep the shape they were seen with;
walkers take on that of walkers.

Shapes are logarithms of width / height; between detections sizes scale as the tracker says.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ASSUMED_CHANGES: Final = 2.0
"""Weight of what is assumed before anything is seen, in detections."""
ASSUMED_VARIANCE: Final = 0.05**2
"""Of the logarithm of a side from detection to detection: boxes are steady until they are not."""
LEAST_SPREAD: Final = 0.1**2
"""Least variance of shapes between objects of a label."""
LARGEST_CHANGE: Final = 1.5
"""Of the logarithm of a side: more is another object, or one half hidden."""
MOST_SEEN: Final = 32
"""Newest shapes of an object that count."""
REMEMBERED: Final = 64
"""Newest shapes of a label that are compared with."""


@dataclass(frozen=True, slots=True)
class SeenShapes:
    """The shapes one object was seen with, the oldest first."""

    shapes: tuple[float, ...] = ()
    times_us: tuple[int, ...] = ()

    def and_then(self, shape: float, time_us: int) -> "SeenShapes":
        """Returns the same with the newest one, and without the oldest of very many."""
        return SeenShapes(
            (*self.shapes, shape)[-MOST_SEEN:], (*self.times_us, time_us)[-MOST_SEEN:]
        )


@dataclass(slots=True)
class _LabelShapes:
    """What is known of the shapes of one label."""

    changes: float = ASSUMED_CHANGES
    squares: FloatArray = field(
        default_factory=lambda: np.full(2, 2 * ASSUMED_VARIANCE * ASSUMED_CHANGES)
    )
    """Sums of squared changes of the logarithms of width and height."""
    recent: "deque[float]" = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """The newest shapes of all its objects."""

    @property
    def variances(self) -> FloatArray:
        """Of width and height from detection to detection: a change holds two of them."""
        return self.squares / self.changes / 2


class UsualShapes:
    """Learns the shapes of labels and tells what shape an object usually has.

    Args:
        half_life_us: age at which a shape an object was seen with counts half.
    """

    def __init__(self, half_life_us: int) -> None:
        self._half_life_us = half_life_us
        self._labels: dict[str, _LabelShapes] = {}

    def factor(self, label: str, seen: SeenShapes, change: FloatArray | None) -> FloatArray:
        """Learns from one detection; returns what turns its size into the usual one.

        Args:
            label: what the object is.
            seen: the object's shapes, that of this detection the last.
            change: `[width, height]` logarithms of the size against that tracked from the last
                detection; None for a new object.

        Returns:
            `[width, height]` factors. The side that changes more for this label takes the more.
        """
        known = self._labels.setdefault(label, _LabelShapes())
        if change is not None and np.abs(change).max() < LARGEST_CHANGE:
            known.changes += 1
            known.squares = known.squares + change**2
        known.recent.append(seen.shapes[-1])
        variances = known.variances
        missing = self._usual(seen, known) - seen.shapes[-1]
        share = variances / variances.sum()
        factors: FloatArray = np.exp(missing * share * (1, -1))
        return factors

    def _usual(self, seen: SeenShapes, known: _LabelShapes) -> float:
        """Returns the median of the object's shapes and, as far as they are alike, its label's."""
        within = float(known.variances.sum())
        between = max(float(np.var(known.recent)) - within, LEAST_SPREAD)
        ages = (seen.times_us[-1] - np.array(seen.times_us)) / self._half_life_us
        own = 0.5**ages
        others = np.full(len(known.recent), within / between / len(known.recent))
        shapes = np.concatenate((seen.shapes, known.recent))
        return weighted_median(shapes, np.concatenate((own, others)))


def weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Returns the value with half of the weights on either side.

    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    2.0
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0]))
    3.0
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])
