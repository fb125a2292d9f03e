"""Scores of sound events against the truth, as in the DCASE challenges.

Two questions, two scores. *Event-based*: was each event found, with its onset and offset about
right? *Segment-based*: for each second, were the right kinds of sound named? Both count over all
files and classes; `Score.labels` has the counts of single classes.

Source: Mesaros, Heittola, Virtanen, "Metrics for polyphonic sound event detection", Applied
Sciences 6(6), 2016.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Final

from flowlace.formats.sound_event import SoundEvent

COLLAR_US: Final = 200_000
"""How far an onset may be off."""
OFFSET_SHARE: Final = 0.2
"""Share of an event's length its offset may be off, where that is more than the collar."""
SEGMENT_US: Final = 1_000_000


@dataclass(slots=True)
class Counts:
    """How often a kind of sound was right and wrong."""

    found: int = 0
    """In the truth and found."""
    false_alarms: int = 0
    """Found and not in the truth."""
    missed: int = 0
    """In the truth and not found."""

    def __iadd__(self, other: Counts) -> Counts:
        self.found += other.found
        self.false_alarms += other.false_alarms
        self.missed += other.missed
        return self

    @property
    def precision(self) -> float:
        """Share of what was found that is true; 0 where nothing was found."""
        return self.found / max(self.found + self.false_alarms, 1)

    @property
    def recall(self) -> float:
        """Share of the truth that was found; 0 where there is none."""
        return self.found / max(self.found + self.missed, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.found / max(2 * self.found + self.false_alarms + self.missed, 1)


@dataclass(slots=True)
class Score:
    """Counts by label; scores of several files can be added up."""

    labels: dict[str, Counts] = field(default_factory=dict)
    """Of each label that was found or is in the truth."""

    def __iadd__(self, other: Score) -> Score:
        for label, counts in other.labels.items():
            self.of(label).__iadd__(counts)
        return self

    def of(self, label: str) -> Counts:
        """Returns the counts of a label; zeros, which are kept, for one that is new."""
        return self.labels.setdefault(label, Counts())

    @property
    def total(self) -> Counts:
        """The counts of all labels together (micro-average)."""
        whole = Counts()
        for counts in self.labels.values():
            whole += counts
        return whole

    @property
    def mean_f1(self) -> float:
        """The mean of the labels' F1 (macro-average)."""
        return sum(counts.f1 for counts in self.labels.values()) / max(len(self.labels), 1)


def event_based_score(
    truth: Iterable[SoundEvent],
    found: Iterable[SoundEvent],
    *,
    collar_us: int = COLLAR_US,
    offset_share: float = OFFSET_SHARE,
) -> Score:
    """Returns how many events of one recording were found.

    A found event fits a true one of the same label if the onset is off by `collar_us` at most, and
    the offset by the greater of that and `offset_share` of the true event's length. Each fits one
    at most, in the way that most fit.

    Example:
        >>> bark = SoundEvent(onset_us=1_000_000, offset_us=1_400_000, label="bark", score=1.0)
        >>> late = SoundEvent(onset_us=1_150_000, offset_us=1_600_000, label="bark", score=0.7)
        >>> event_based_score([bark], [late]).total.f1
        1.0
    """
    score = Score()
    true_by_label, found_by_label = _by_label(truth), _by_label(found)
    for label in {**true_by_label, **found_by_label}:
        true_events, candidates = true_by_label.get(label, []), found_by_label.get(label, [])
        fits = [
            [
                place
                for place, candidate in enumerate(candidates)
                if _fits(event, candidate, collar_us, offset_share)
            ]
            for event in true_events
        ]
        matched = _most_pairs(fits)
        score.labels[label] = Counts(matched, len(candidates) - matched, len(true_events) - matched)
    return score


def segment_based_score(
    truth: Iterable[SoundEvent], found: Iterable[SoundEvent], *, segment_us: int = SEGMENT_US
) -> Score:
    """Returns in how many segments of one recording the right kinds of sound were named.

    A sound is in a segment if any part of it is.

    Example:
        >>> rain = SoundEvent(onset_us=200_000, offset_us=2_500_000, label="rain", score=1.0)
        >>> short = SoundEvent(onset_us=0, offset_us=900_000, label="rain", score=0.9)
        >>> segment_based_score([rain], [short]).of("rain")
        Counts(found=1, false_alarms=0, missed=2)
    """
    score = Score()
    true_segments, found_segments = _segments(truth, segment_us), _segments(found, segment_us)
    for label in {**true_segments, **found_segments}:
        true, named = true_segments.get(label, set()), found_segments.get(label, set())
        score.labels[label] = Counts(len(true & named), len(named - true), len(true - named))
    return score


def _by_label(events: Iterable[SoundEvent]) -> dict[str, list[SoundEvent]]:
    sorted_in: dict[str, list[SoundEvent]] = {}
    for event in events:
        sorted_in.setdefault(event.label, []).append(event)
    return sorted_in


def _fits(event: SoundEvent, candidate: SoundEvent, collar_us: int, share: float) -> bool:
    offset_collar = max(collar_us, share * (event.offset_us - event.onset_us))
    return (
        abs(candidate.onset_us - event.onset_us) <= collar_us
        and abs(candidate.offset_us - event.offset_us) <= offset_collar
    )


def _most_pairs(fits: Sequence[Sequence[int]]) -> int:
    """Returns the size of the largest matching, by augmenting paths (Kuhn's algorithm)."""
    partner: dict[int, int] = {}

    def finds_partner(event: int, tried: set[int]) -> bool:
        for candidate in fits[event]:
            if candidate in tried:
                continue
            tried.add(candidate)
            if candidate not in partner or finds_partner(partner[candidate], tried):
                partner[candidate] = event
                return True
        return False

    return sum(finds_partner(event, set()) for event in range(len(fits)))


def _segments(events: Iterable[SoundEvent], segment_us: int) -> Mapping[str, set[int]]:
    filled: dict[str, set[int]] = {}
    for event in events:
        first, end = floor(event.onset_us / segment_us), ceil(event.offset_us / segment_us)
        filled.setdefault(event.label, set()).update(range(first, end))
    return filled
