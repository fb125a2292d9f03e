"""Splits by time: some of an archive picks what can be picked, the rest is scored.

Neighbouring times are no independent test, so whole spans are taken: three weeks, then one week,
and so on in turn to the end of the archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from flowlace.nowcasting.errors import NowcastError

_UNITS_US = {
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_LONG_ARCHIVE_US = 28 * _UNITS_US["d"]


class Part(Enum):
    """What a start time is for."""

    CALIBRATION = "calibration"
    SCORED = "scored"
    NEITHER = "neither"
    """Starts in one part and ends in the other."""


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """Spans that take turns from the first observation on."""

    calibration_us: int
    scored_us: int

    AUTO: ClassVar[TimeSplit]
    """Three weeks and one where the archive is four weeks or longer, else no split."""

    @classmethod
    def parsed(cls, text: str) -> TimeSplit | None:
        """Returns the split that is written so; None for `none`.

        >>> TimeSplit.parsed("3w/1w").days
        (21.0, 7.0)
        """
        if text == "none":
            return None
        if text == "auto":
            return cls.AUTO
        parts = re.fullmatch(r"(\d+)(min|h|d|w)/(\d+)(min|h|d|w)", text)
        if parts is None or not int(parts[1]) or not int(parts[3]):
            raise NowcastError(
                f"split={text!r} must be written as 3w/1w, with min, h, d or w; or auto, or none"
            )
        return cls(int(parts[1]) * _UNITS_US[parts[2]], int(parts[3]) * _UNITS_US[parts[4]])

    @property
    def days(self) -> tuple[float, float]:
        """Both spans in days."""
        return self.calibration_us / _UNITS_US["d"], self.scored_us / _UNITS_US["d"]

    def resolved(self, period_us: int) -> TimeSplit | None:
        """Returns the split of an archive of such a length; None where all of it is scored."""
        if self is TimeSplit.AUTO:
            return _WEEKS if period_us >= _LONG_ARCHIVE_US else None
        if period_us <= self.calibration_us:
            raise NowcastError(
                f"the split leaves nothing to score: the archive has {_spoken(period_us)}, of "
                f"which the first {_spoken(self.calibration_us)} are for calibration"
            )
        return self

    def part(self, since_us: int, until_us: int) -> Part:
        """Returns what a nowcast is for whose start and end are so long after the first file."""
        turn_us = self.calibration_us + self.scored_us
        if since_us // turn_us != until_us // turn_us:
            return Part.NEITHER
        is_scored = since_us % turn_us >= self.calibration_us
        if is_scored != (until_us % turn_us >= self.calibration_us):
            return Part.NEITHER
        return Part.SCORED if is_scored else Part.CALIBRATION

    def __str__(self) -> str:
        return f"{_spoken(self.calibration_us)} / {_spoken(self.scored_us)}"


TimeSplit.AUTO = TimeSplit(0, 0)
_WEEKS = TimeSplit(3 * _UNITS_US["w"], _UNITS_US["w"])


def _spoken(span_us: int) -> str:
    unit = next((one for one in ("w", "d", "h") if span_us % _UNITS_US[one] == 0), "min")
    return f"{span_us / _UNITS_US[unit]:g} {unit}"
