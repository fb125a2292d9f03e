"""How certain each kind of sound is at one moment."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SoundClasses:
    """The kinds of sound that are told apart; one object for all packets of a stream."""

    labels: tuple[str, ...]
    """Their names, by number."""
    thresholds: NDArray[np.float32]
    """`[class]`: scores from which a sound counts as heard."""
    releases: NDArray[np.float32]
    """`[class]`: scores below which a sound that was heard has ended; at most the thresholds."""
    reaches_us: NDArray[np.int64]
    """`[class]`: how much earlier than it begins, and later than it ends, a sound is heard: a
    model looks at a window, and a part of one is enough."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SoundScores:
    """The scores of one step of sound; the packet's timestamp is when the step begins."""

    classes: SoundClasses
    """What the scores are of."""
    values: NDArray[np.float32]
    """`[class]`: probabilities, 0..1; read-only."""
    is_silence: bool = False
    """Whether there was nothing to listen to, and no model was asked."""

    def __post_init__(self) -> None:
        wanted = (len(self.classes.labels),)
        if self.values.shape != wanted or self.values.dtype != np.float32:
            raise ValueError(
                f"sound scores have to be float32 {list(wanted)}, one for each label, but are "
                f"{self.values.dtype} {list(self.values.shape)}"
            )
        view = self.values.view()
        view.flags.writeable = False
        object.__setattr__(self, "values", view)

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, SoundScores):
            return NotImplemented
        return (
            self.classes.labels == other.classes.labels
            and self.is_silence == other.is_silence
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]  # equal by content
