"""What is verified, and how."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from flowlace.nowcast_verification.time_split import TimeSplit
from flowlace.nowcasting.errors import NowcastError

LADDER_MM_H = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Levels at which the distribution of a forecast is asked for, besides the thresholds."""

LAST_LEAD_MINUTES = 60.0
"""How far ahead where no leads are given."""

_LEAD_SPACING_MINUTES = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSettings:
    """Raises NowcastError that names what can't be."""

    methods: tuple[str, ...] = ()
    """By name; none takes all that are known and work here. Persistence is always added."""
    leads_minutes: tuple[float, ...] = ()
    """Rising; none takes about every ten minutes up to an hour, in whole steps of the archive."""
    thresholds_mm_h: tuple[float, ...] = (0.2, 1.0, 2.0, 5.0)
    """Rising."""
    scales_km: tuple[float, ...] = (1.0, 4.0, 16.0, 64.0)
    """Sides of the squares of the fractions skill score, rising."""
    every_minutes: float = 15.0
    """From one start time to the next."""
    history_minutes: float = 30.0
    """How much a nowcast may look back."""
    margin_km: float = 0.0
    """At the edges of the grid and of what the radars see: forecast, but not scored."""
    split: TimeSplit | None = TimeSplit.AUTO
    """Which part of the time picks cut-offs of probabilities, and which is scored; None: no
    split, all is scored."""
    resamples: int = 1000
    """Draws of the bootstrap; 0 gives no intervals."""
    block_minutes: float = 0.0
    """Length of its blocks; 0 takes one that suits the length of the archive."""
    seed: int = 0
    """Of the bootstrap and of ranks that are drawn."""

    def __post_init__(self) -> None:
        _check_rising("thresholds", self.thresholds_mm_h)
        _check_rising("scales", self.scales_km)
        if self.leads_minutes:
            _check_rising("leads", self.leads_minutes)
        _check_positive("every", self.every_minutes, "minutes")
        _check_positive("history", self.history_minutes, "minutes")
        if not (math.isfinite(self.margin_km) and self.margin_km >= 0):
            raise NowcastError(f"margin must be 0 km or more, not {self.margin_km}")
        if not (math.isfinite(self.block_minutes) and self.block_minutes >= 0):
            raise NowcastError(f"blocks must be 0 minutes or more, not {self.block_minutes}")
        if self.resamples < 0 or self.seed < 0:
            raise NowcastError("resamples and seed must be 0 or more")

    @property
    def levels_mm_h(self) -> tuple[float, ...]:
        """Thresholds and ladder, rising: what probabilities are asked for."""
        return tuple(sorted({*self.thresholds_mm_h, *LADDER_MM_H}))

    def leads_for(self, step_us: int) -> tuple[float, ...]:
        """Returns the leads in minutes for an archive of such a step."""
        step = step_us / 60e6
        if self.leads_minutes:
            if self.leads_minutes[0] < 0.5 * step:
                raise NowcastError(
                    f"the lead of {self.leads_minutes[0]:g} min is less than half a step of the "
                    f"archive, which has an observation every {step:g} min"
                )
            return self.leads_minutes
        spacing = step * max(1, round(_LEAD_SPACING_MINUTES / step))
        count = max(1, int(LAST_LEAD_MINUTES / spacing + 1e-6))
        return tuple(round(spacing * (one + 1), 3) for one in range(count))


def _check_rising(name: str, values: Sequence[float]) -> None:
    is_rising = all(a < b for a, b in pairwise(values))
    if not values or not all(map(math.isfinite, values)) or values[0] <= 0 or not is_rising:
        shown = ",".join(f"{one:g}" for one in values)
        raise NowcastError(f"{name} must be positive and rising, not {shown or 'none'}")


def _check_positive(name: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise NowcastError(f"{name} must be more than 0 {unit}, not {value}")
