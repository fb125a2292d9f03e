"""Follows the scores of each kind of sound from where they rise to where they have fallen.

Two thresholds: a run lasts while the score is at or above the release, and counts as heard once it
has reached the threshold. A model hears a sound as soon as a part of it is in its window, so a run
is wider than the sound, by about the same at both ends: its *reach*.
"""

from dataclasses import dataclass, field

import numpy as np

from flowlace.calculators.audio.sound_steps import is_next
from flowlace.formats.sound_scores import SoundClasses, SoundScores


@dataclass(slots=True)
class SoundRun:
    """One stretch of steps in which a kind of sound is or may be heard."""

    number: int
    """Of the class."""
    begin_us: int
    """When its first step begins."""
    is_cut_before: bool
    """Whether it was there from the first step on, so nobody knows when it began."""
    end_us: int = 0
    """When its latest step ends."""
    peak: float = 0.0
    """Highest score."""
    is_heard: bool = False
    """Whether the score has reached the threshold."""
    is_cut_after: bool = False
    """Whether the sound stopped before the run could end."""
    onset_us: int | None = None
    """Where it began, once that is known better than by the scores."""

    def span_us(self, reach_us: int, step_us: int) -> tuple[int, int]:
        """Returns onset and offset of the sound itself; one step in the middle at least."""
        onset = self.begin_us + (0 if self.is_cut_before else reach_us)
        offset = self.end_us - (0 if self.is_cut_after else reach_us)
        if offset - onset >= step_us:
            return onset, offset
        middle = (onset + offset) // 2
        begin = max(self.begin_us, min(middle - step_us // 2, self.end_us - step_us))
        return begin, begin + step_us


@dataclass(slots=True)
class SoundRuns:
    """The runs of all kinds of sound; forgets those that have ended."""

    step_us: int
    """Length of a step."""
    open_runs: dict[int, SoundRun] = field(default_factory=dict)
    """Those that last, by number of their class."""
    previous_us: int | None = None
    """Timestamp of the latest step."""
    classes: SoundClasses | None = None
    """What the scores are of; None before the first step."""

    def has_gap_before(self, timestamp: int) -> bool:
        """Returns whether steps are missing before this one."""
        return self.previous_us is not None and not is_next(
            timestamp, self.previous_us, self.step_us
        )

    def follow(self, timestamp: int, scores: SoundScores) -> list[SoundRun]:
        """Adds a step that follows the one before; returns the runs that have ended with it."""
        self.classes = scores.classes
        is_first, self.previous_us = self.previous_us is None, timestamp
        is_on = scores.values >= scores.classes.releases
        ended = [self.open_runs.pop(number) for number in list(self.open_runs) if not is_on[number]]
        for number in np.flatnonzero(is_on).tolist():
            run = self.open_runs.get(number)
            if run is None:
                run = self.open_runs[number] = SoundRun(number, timestamp, is_first)
            score = float(scores.values[number])
            run.end_us = timestamp + self.step_us
            run.peak = max(run.peak, score)
            run.is_heard |= score >= float(scores.classes.thresholds[number])
        return ended

    def finish(self) -> list[SoundRun]:
        """Ends the stretch; returns the runs that lasted up to here."""
        ended = list(self.open_runs.values())
        for run in ended:
            run.is_cut_after = True
        self.open_runs.clear()
        self.previous_us = None
        return ended

    def span_us(self, run: SoundRun) -> tuple[int, int]:
        """Returns onset and offset of the sound of a run."""
        assert self.classes is not None
        return run.span_us(int(self.classes.reaches_us[run.number]), self.step_us)
