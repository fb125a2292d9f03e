"""How long to wait before the next try."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Gives delays that double up to a limit, each moved by up to ±`jitter`.

    Jitter keeps a hundred cameras from calling a switch that comes back all at once; the
    seed keeps a test's delays the same.
    """

    first_us: int = 500_000
    """The first delay."""

    largest_us: int = 30_000_000
    """No delay is longer, before jitter."""

    jitter: float = 0.2
    """Share of a delay by which it may be shorter or longer."""

    seed: int = 0
    """Of the jitter."""

    _failures: int = field(default=0, init=False)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def next_us(self) -> int:
        """Returns the delay before the next try and counts one more failure."""
        delay_us = min(self.first_us * (1 << min(self._failures, 40)), self.largest_us)
        self._failures += 1
        return round(delay_us * (1 + self.jitter * self._random.uniform(-1, 1)))

    def reset(self) -> None:
        """Starts again from the first delay."""
        self._failures = 0
