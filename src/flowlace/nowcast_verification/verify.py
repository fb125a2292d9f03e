"""Verification of an archive: every nowcast that could have been made, against what came."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

import numpy as np

from flowlace.formats.radar_grid import RadarGrid
from flowlace.nowcast_verification.archive import Archive, ArchiveFacts
from flowlace.nowcast_verification.collected import Collected
from flowlace.nowcast_verification.score_sums import (
    FINE_BINS,
    ForecastScores,
    ScoreKinds,
    score_forecast,
)
from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcast_verification.start_times import StartTime, StartTimes
from flowlace.nowcast_verification.time_split import Part
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.methods import NowcastMethod, find_method, known_methods
from flowlace.nowcasting.power_spectrum import scale_bands
from flowlace.nowcasting.rain_history import RainHistory

_logger = logging.getLogger("flowlace.nowcast_verification")
REFERENCE = "persistence"


def verify_archive(
    archive: Archive,
    settings: VerificationSettings,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[float, int], None] = lambda *_: None,
) -> tuple[Collected, ArchiveFacts]:
    """Returns the sums of all nowcasts of the archive, and what is in it.

    A start time is scored where all methods could make a nowcast, so that they are compared on the
    same rain. A method that fails at a start with a whole history before it ever worked is left
    out if it was not asked for by name.

    Args:
        archive: is read once, in the order of time.
        settings: what is verified.
        is_stopped: asked before each start time; what was scored until then is returned.
        tell: is given the share of the archive that is done, 0..1, and the start times so far.

    Raises:
        NowcastError: not one start time could be scored, or a method that was asked for fails.
    """
    return _Run(archive, settings, is_stopped, tell).all(), archive.facts


class _Run:
    def __init__(
        self,
        archive: Archive,
        settings: VerificationSettings,
        is_stopped: Callable[[], bool],
        tell: Callable[[float, int], None],
    ) -> None:
        self._archive, self._settings = archive, settings
        self._is_stopped, self._tell = is_stopped, tell
        names = dict.fromkeys((REFERENCE, *(settings.methods or known_methods())))
        self._methods: dict[str, NowcastMethod] = {name: find_method(name) for name in names}
        facts = archive.facts
        self._leads = settings.leads_for(facts.step_us)
        self._begin_us = facts.first_us
        self._period_us = max(1, facts.last_us - facts.first_us)
        self._split = settings.split and settings.split.resolved(self._period_us)
        self._collected: Collected | None = None

    def all(self) -> Collected:
        starts = StartTimes(
            self._archive,
            step_us=self._archive.facts.step_us,
            leads_minutes=self._leads,
            every_minutes=self._settings.every_minutes,
            history_minutes=self._settings.history_minutes,
        )
        is_stopped = False
        for start in starts:
            if is_stopped := self._is_stopped():
                break
            collected = self._collected = self._collected or self._empty(start.history[-1])
            self._add(start, collected)
            done_us = start.start_us - self._begin_us
            self._tell(min(1.0, done_us / self._period_us), collected.starts)
        found = self._collected
        if found is None or not found.has_pixels:
            raise NowcastError(self._nothing_scored(starts))
        found.skipped_starts += starts.skipped
        found.is_interrupted = is_stopped
        return found

    def _empty(self, grid: RadarGrid) -> Collected:
        settings = self._settings
        pixel_km = grid.pixel_km
        margin_px = round(settings.margin_km / pixel_km)
        rows, columns = (one - 2 * margin_px for one in grid.shape)
        if rows < 1 or columns < 1:
            raise NowcastError(
                f"a margin of {settings.margin_km:g} km leaves nothing of a grid of "
                f"{grid.shape[0]} × {grid.shape[1]} pixels of {pixel_km:.2g} km"
            )
        kinds = ScoreKinds(
            thresholds_mm_h=settings.thresholds_mm_h,
            levels_mm_h=settings.levels_mm_h,
            windows_px=tuple(sorted({_odd(one / pixel_km) for one in settings.scales_km})),
            bands=scale_bands((rows, columns), pixel_km),
            margin_px=margin_px,
        )
        methods, leads = len(self._methods), len(self._leads)
        thresholds = len(settings.thresholds_mm_h)
        return Collected(
            methods=tuple(self._methods),
            leads_minutes=self._leads,
            kinds=kinds,
            split=self._split,
            calibration=np.zeros((methods, leads), kinds.dtype),
            chances=np.zeros((methods, leads, thresholds, FINE_BINS, 2), np.int64),
            missing_targets=[0] * leads,
        )

    def _add(self, start: StartTime, collected: Collected) -> None:
        part = self._part(start)
        if part is Part.NEITHER:
            collected.skipped_starts["across the split"] += 1
            return
        scores, history = {}, _history(start)  # one for all: motion is found once
        for name, method in list(self._methods.items()):
            made = self._scored(name, method, history, start, collected)
            if made is None and name in self._methods:
                return
            if made is not None:
                scores[name] = made
        collected.add(start, scores, part)

    def _part(self, start: StartTime) -> Part:
        if self._split is None:
            return Part.SCORED
        since_us = start.start_us - self._begin_us
        return self._split.part(since_us, since_us + round(self._leads[-1] * 60e6))

    def _scored(
        self,
        name: str,
        method: NowcastMethod,
        history: RainHistory,
        start: StartTime,
        collected: Collected,
    ) -> ForecastScores | None:
        random = np.random.default_rng([self._settings.seed, start.start_us // 1_000_000])
        try:
            made = method(history, self._leads, self._settings.levels_mm_h)
        except NowcastError as error:
            self._note_failure(name, str(error), start, collected)
            return None
        if made.probability is None:
            self._note_failure(name, "it gives no probabilities", start, collected)
            return None
        return score_forecast(
            made.rain_mm_h, made.probability, start.targets, collected.kinds, random
        )

    def _note_failure(self, name: str, reason: str, start: StartTime, collected: Collected) -> None:
        has_worked = collected.starts + collected.calibration_starts > 0
        if has_worked or not start.is_history_full or name == REFERENCE:
            collected.skipped_starts[f"{name}: {reason}"] += 1
            return
        if name in self._settings.methods:
            raise NowcastError(f"method {name!r} does not work on this archive: {reason}")
        _logger.warning("method %r is left out: %s", name, reason)
        del self._methods[name]
        collected.leave_out(name, reason)

    def _nothing_scored(self, starts: StartTimes) -> str:
        facts, settings = self._archive.facts, self._settings
        found = self._collected
        if found is not None and found.starts:
            return f"a margin of {settings.margin_km:g} km leaves nothing of what was observed"
        skipped = starts.skipped + (found.skipped_starts if found else Counter[str]())
        reasons = "; ".join(f"{count} × {reason}" for reason, count in skipped.most_common(3))
        minutes = (facts.last_us - facts.first_us) / 60e6
        return (
            f"archive {facts.name!r}: not one nowcast could be scored. It has "
            f"{facts.observations} observations in {minutes:.0f} min; a start needs "
            f"{settings.history_minutes:g} min before it and {self._leads[-1]:g} min after it"
            + (f". Skipped: {reasons}" if reasons else "")
        )


def _history(start: StartTime) -> RainHistory:
    return RainHistory(
        frames=[one.rain_rate_mm_h for one in start.history],
        minutes=tuple((one.observed_us - start.start_us) / 60e6 for one in start.history),
        pixel_km=start.history[-1].pixel_km,
    )


def _odd(pixels: float) -> int:
    """Returns the odd number of pixels nearest to a width."""
    return 2 * int(pixels / 2) + 1
