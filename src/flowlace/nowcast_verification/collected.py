"""What a verification has added up so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcast_verification.score_sums import (
    ForecastScores,
    Records,
    ScoreKinds,
    add_records,
)
from flowlace.nowcast_verification.start_times import StartTime
from flowlace.nowcast_verification.time_split import Part, TimeSplit

_HOUR_US = 3_600_000_000


@dataclass(slots=True, kw_only=True)
class Collected:
    """Sums of all start times so far."""

    methods: tuple[str, ...]
    leads_minutes: tuple[float, ...]
    kinds: ScoreKinds
    split: TimeSplit | None
    blocks: dict[int, Records] = field(default_factory=dict)
    """Sums `[method, lead]` of the scored part, by hour since 1970 of the start time."""
    calibration: Records
    """Sums `[method, lead]` of the calibration part."""
    chances: NDArray[np.int64]
    """`[method, lead, threshold, bin, 2]` of the scored part, in fine bins."""
    starts: int = 0
    """Start times that were scored."""
    calibration_starts: int = 0
    skipped_starts: Counter[str] = field(default_factory=Counter)
    missing_targets: list[int]
    """By lead: start times after which nothing was observed at that time."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Methods that can't be used here, and why."""
    is_interrupted: bool = False

    @property
    def has_pixels(self) -> bool:
        """Whether there is anything to score with."""
        return any(block["pixels"].any() for block in self.blocks.values())

    def add(self, start: StartTime, scores: dict[str, ForecastScores], part: Part) -> None:
        """Adds one start time."""
        sums = np.stack([scores[name].sums for name in self.methods])
        if part is Part.CALIBRATION:
            self.calibration_starts += 1
            add_records(self.calibration, sums)
            return
        self.starts += 1
        self.missing_targets = [
            count + (target is None)
            for count, target in zip(self.missing_targets, start.targets, strict=True)
        ]
        block = self.blocks.setdefault(start.start_us // _HOUR_US, np.zeros_like(sums))
        add_records(block, sums)
        for index, name in enumerate(self.methods):
            self.chances[index] += scores[name].chances

    def leave_out(self, method: str, reason: str) -> None:
        """Forgets a method before anything was added."""
        kept = [index for index, name in enumerate(self.methods) if name != method]
        self.methods = tuple(self.methods[index] for index in kept)
        self.calibration, self.chances = self.calibration[kept], self.chances[kept]
        self.left_out[method] = reason
