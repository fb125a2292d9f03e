"""An archive of radar files: what is in it, and its observations in the order of time."""

from __future__ import annotations

import glob
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.nowcasting.errors import NowcastError
from flowlace.sources.radar.folder import (
    RadarFilesSource,
    RadarFolderOptions,
    in_order_of_time,
    is_radar_file,
)
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.radar_file import RadarFileError, load_radar_file, time_in_name
from flowlace.sources.registry import parse_url
from flowlace.sources.source import SourceError

_DAY_US = 86_400_000_000


@dataclass(slots=True, kw_only=True)
class ArchiveFacts:
    """What was found; complete once all has been read."""

    name: str
    """As the user typed it."""
    files: int
    """That were there to read."""
    crop: Extent | None = None
    """The part of the grid that was used; None for all of it."""
    observations: int = 0
    """That were used."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Files and observations that could not be used, by reason."""
    first_us: int = 0
    last_us: int = 0
    step_us: int = 0
    """From one observation to the next, usually."""
    gaps_us: list[tuple[int, int]] = field(default_factory=list)
    """The observations before and after each gap."""
    shape: tuple[int, int] = (0, 0)
    """Rows and columns, after the crop."""
    pixel_km: float = 1.0
    projection: str = ""
    product: str = ""
    """As the first file tells."""


class Archive:
    """Radar files of a folder, a glob, or one; `?quantity=dbz` and the like as for sources.

    Args:
        text: as a user types it.
        crop: the part of the grid that is used at all, in the units of its projection.
        from_us: observations before it are not used; microseconds since 1970.
        to_us: observations after it are not used.

    Raises:
        SourceError: there is no such place, or an option of it is not known.
        NowcastError: there is nothing, or too little to tell the step.
    """

    def __init__(
        self,
        text: str,
        crop: Extent | None = None,
        from_us: int | None = None,
        to_us: int | None = None,
    ) -> None:
        if from_us is not None and to_us is not None and from_us >= to_us:
            raise NowcastError("the time to begin with must be before the one to end with")
        url = parse_url(text if text.startswith(("radar:", "mrms:")) else f"radar:{text}")
        try:
            self._options = url.read_options(RadarFolderOptions)
        except ValueError as error:
            raise SourceError(f"archive {text!r}: {error}") from error
        if self._options.live:
            raise SourceError(f"archive {text!r}: an archive is not watched; leave out live=1")
        self._crop = crop
        self._range_us = (from_us or 0, to_us if to_us is not None else 1 << 62)
        found = in_order_of_time(_files(url.rest, text))
        self._paths = [one for one in found if self._may_be_wanted(one)]
        if not self._paths:
            raise NowcastError(f"archive {text!r}: no radar file there, or none of that time")
        self.facts = ArchiveFacts(name=text, files=len(self._paths), crop=crop)
        times_us = self._times()
        if len(times_us) < 2:
            raise NowcastError(
                f"archive {text!r}: there are {len(times_us)} observations of that time; a "
                "nowcast and what came of it are two at least"
            )
        self.facts.first_us, self.facts.last_us = times_us[0], times_us[-1]
        self.facts.step_us = round(median(b - a for a, b in pairwise(times_us)))

    def __iter__(self) -> Iterator[RadarGrid]:
        """Reads all anew and brings the facts up to date."""
        facts, last_us = self.facts, None
        facts.observations, facts.skipped, facts.gaps_us = 0, Counter(), []
        with (
            RadarFilesSource(self._paths, self._options, facts.name) as source,
            self._skips_noted(source),
        ):
            for frame in source:
                grid = self._wanted(frame.payload)
                if grid is None:
                    continue
                if last_us is None:
                    self._note_first(grid)
                elif grid.observed_us - last_us > 1.5 * facts.step_us:
                    facts.gaps_us.append((last_us, grid.observed_us))
                facts.observations += 1
                facts.last_us = last_us = grid.observed_us
                yield grid

    @contextmanager
    def _skips_noted(self, source: RadarFilesSource) -> Iterator[None]:
        """However the reading ends, what was skipped until then is known."""
        try:
            yield
        finally:
            self.facts.skipped += source.counts.skipped

    def _note_first(self, grid: RadarGrid) -> None:
        facts = self.facts
        facts.first_us, facts.shape = grid.observed_us, grid.shape
        facts.pixel_km, facts.projection = grid.pixel_km, grid.projection
        facts.product = grid.source

    def _wanted(self, grid: RadarGrid) -> RadarGrid | None:
        begin_us, end_us = self._range_us
        if not begin_us <= grid.observed_us <= end_us:
            return None
        if self._crop is None:
            return grid
        try:
            cropped = grid.cropped(self._crop)
        except ValueError as error:
            raise NowcastError(f"archive {self.facts.name!r}: {error}") from error
        if cropped.coverage == 0:
            self.facts.skipped["nothing_seen_in_crop"] += 1
            return None
        return cropped

    def _may_be_wanted(self, path: Path) -> bool:
        """Times in names may be those of the beginning or end: a day of slack."""
        told_us = time_in_name(path.name)
        begin_us, end_us = self._range_us
        return told_us is None or begin_us - _DAY_US <= told_us <= end_us + _DAY_US

    def _times(self) -> list[int]:
        """Returns the times as names tell them; where they do not, all files are read for it."""
        told_us = {time_in_name(one.name) for one in self._paths}
        if None in told_us or len(told_us) < 2 or self._holds_several():
            with _silently():
                return [one.observed_us for one in self]
        begin_us, end_us = self._range_us
        return sorted(one for one in told_us if one is not None and begin_us <= one <= end_us)

    def _holds_several(self) -> bool:
        """Returns whether the first file that can be read holds more than one observation."""
        for path in self._paths:
            try:
                return len(read_radar_file(load_radar_file(path), self._options.rules)) > 1
            except RadarFileError:
                continue
        return False


@contextmanager
def _silently() -> Iterator[None]:
    """What is skipped is told when the files are read again."""
    logger = logging.getLogger("flowlace.sources.radar")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def _files(place: str, text: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        return [one for one in path.iterdir() if is_radar_file(one)]
    if glob.has_magic(place):
        return [one for one in map(Path, glob.glob(place, recursive=True)) if is_radar_file(one)]
    if path.is_file():
        return [path]
    raise SourceError(f"archive {text!r}: {place!r} is no file, folder or glob that exists")
