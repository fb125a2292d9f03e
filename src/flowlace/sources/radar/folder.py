"""Radar files as a source: read in the order of time, or watched as they arrive.

A watched folder is looked at every few seconds. A file that can't be read may still be on its way:
it is tried again as long as it grows, and for `patience_s` after that. Of what is there, the file
with the oldest time in its name is read first, so files that arrive together become a stream.
"""

from __future__ import annotations

import glob
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.image_sequence import natural_key
from flowlace.sources.radar.feed_check import FeedCheck
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.polar_rules import PolarRules
from flowlace.sources.radar.radar_file import RadarFileError, load_radar_file, time_in_name
from flowlace.sources.radar.rain_values import ReadRules, ZRRelation
from flowlace.sources.source import (
    Frame,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    SourceTimeoutError,
)

_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
"""Endings of files that are still being copied; so are hidden ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarFolderOptions:
    """How radar files are read."""

    live: bool = False
    """Watch the folder and wait for more; what is there already comes first."""

    poll_s: float = 2.0
    """How often a watched folder is looked at."""

    patience_s: float = 30.0
    """How long a file of a watched folder that can't be read and doesn't grow is tried again."""

    zr_a: float = 0.0
    """a of the Z–R relation for reflectivity, Z = a R^b; 0 takes the format's own, or 200."""

    zr_b: float = 0.0
    """b of the same; 0 takes the format's own, or 1.6."""

    quantity: str = ""
    """`rate` or `dbz` where files do not tell what they hold."""

    polar: str = "lowest"
    """Of a polar volume: its `lowest` sweep, the `max` of all, or the `cappi` at `cappi_km`."""

    cappi_km: float = 1.5
    """Height of the CAPPI above the antenna."""

    pixel_km: float = 1.0
    """Side of a pixel of the grid a polar volume is put on."""

    range_km: float = 240.0
    """From the radar to each side of that grid."""

    min_rhohv: float = 0.8
    """Echoes of a polar volume that correlate less between both polarisations are clutter; 0 keeps
    all."""

    radar_lat: float | None = None
    """Where the radar is, if the files of a polar volume do not tell."""

    radar_lon: float | None = None
    """The same."""

    def __post_init__(self) -> None:
        if self.poll_s <= 0 or self.patience_s < 0:
            raise ValueError("poll_s must be positive and patience_s not negative")
        if self.quantity not in ("", "rate", "dbz"):
            raise ValueError(f"quantity={self.quantity!r} must be rate or dbz")
        if (self.zr_a > 0) != (self.zr_b > 0):
            raise ValueError("zr_a and zr_b belong together; give both")
        if (self.radar_lat is None) != (self.radar_lon is None):
            raise ValueError("radar_lat and radar_lon belong together; give both")
        _ = self.rules  # says what is wrong with the rest

    @property
    def rules(self) -> ReadRules:
        """What readers need of this."""
        relation = ZRRelation(a=self.zr_a, b=self.zr_b) if self.zr_a > 0 else None
        place = self.radar_lat, self.radar_lon
        polar = PolarRules(
            product=self.polar,  # type: ignore[arg-type]  # checked by the class
            cappi_km=self.cappi_km,
            pixel_km=self.pixel_km,
            range_km=self.range_km,
            min_rhohv=self.min_rhohv,
            place=None if place[0] is None or place[1] is None else (place[0], place[1]),
        )
        return ReadRules(zr=relation, quantity=self.quantity, polar=polar)


class RadarFilesSource(Source):
    """Gives the observations of given files as `RadarGrid`s, in the order of time.

    A file that can't be read, and a grid that does not fit the stream, is skipped and counted; see
    `FeedCheck`. SourceError where not one can be used.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        options: RadarFolderOptions = RadarFolderOptions(),
        name: str = "",
    ) -> None:
        self._paths = in_order_of_time(paths)
        if not self._paths:
            raise SourceError(f"source {name!r}: no files there")
        self._rules = options.rules
        self._waiting: deque[RadarGrid] = deque()
        self._is_closed = False
        self.counts = SourceCounts()
        self.info = SourceInfo(name=name or str(self._paths[0]), frame_count=len(self._paths))
        self._check = FeedCheck(self.info.name, self.counts)
        self._left = deque(self._paths)

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next observation, None after the last one or after `close`."""
        while not self._is_closed:
            if self._waiting:
                self.counts.read += 1
                grid = self._waiting.popleft()
                return Frame(grid, grid.observed_us)
            if not self._left:
                break
            self._read_file(self._left.popleft())
        if self.counts.read == 0 and not self._is_closed:
            raise SourceError(f"source {self.info.name!r}: not one file can be used")
        return None

    def close(self) -> None:
        """Ends the reading."""
        self._is_closed = True

    def _read_file(self, path: Path) -> None:
        try:
            grids = read_radar_file(load_radar_file(path), self._rules)
        except RadarFileError as error:
            self._check.unreadable(str(error))
            return
        self._waiting += [one for one in grids if self._check.lets_through(one, path.name)]


@dataclass(slots=True)
class _Unread:
    """A file that could not be read so far."""

    size: int
    since_us: int


class WatchedRadarFolder(Source):
    """Gives the observations of a folder as files arrive in it; ends when it is closed.

    Each `RadarGrid` tells when it was received, by the wall clock, so that its age is known. Files
    that wait together are put in order; one that comes after a newer one was given is `late`.
    """

    is_live = True

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        options: RadarFolderOptions = RadarFolderOptions(),
        name: str = "",
        wall_clock_us: int | None = None,
    ) -> None:
        if not folder.is_dir():
            raise SourceError(f"source {name!r}: {str(folder)!r} is no folder that can be watched")
        self._folder = folder
        self._clock = clock
        self._options = options
        self._to_wall_us = None if wall_clock_us is None else wall_clock_us - clock.now_us()
        self._rules = options.rules
        self._done: set[str] = set()
        self._unread: dict[str, _Unread] = {}
        self._waiting: deque[RadarGrid] = deque()
        self._closed = threading.Event()
        self._next_look_us = clock.now_us()
        self.counts = SourceCounts()
        self.info = SourceInfo(name=name or str(folder))
        self._check = FeedCheck(self.info.name, self.counts)

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next observation, None after `close`; waits for it up to `timeout_s`."""
        end_us = None if timeout_s is None else self._clock.now_us() + round(timeout_s * 1e6)
        while not self._closed.is_set():
            if self._waiting:
                self.counts.read += 1
                grid = self._waiting.popleft()
                return Frame(grid, grid.observed_us)
            now_us = self._clock.now_us()
            if now_us >= self._next_look_us:
                if not self._look():
                    self._next_look_us = now_us + round(self._options.poll_s * 1e6)
                continue
            if end_us is not None and now_us >= end_us:
                raise SourceTimeoutError(f"source {self.info.name!r}: no new file in {timeout_s} s")
            wake_us = self._next_look_us if end_us is None else min(self._next_look_us, end_us)
            self._clock.wait(self._closed, wake_us - now_us)
        return None

    def close(self) -> None:
        """Ends the watching."""
        self._closed.set()

    def _look(self) -> bool:
        """Reads the oldest file that has arrived; returns whether there is something to give.

        One at a time: the whole archive that may be there already would not fit into memory.
        """
        try:
            found = {one.name: one for one in self._folder.iterdir() if is_radar_file(one)}
        except OSError as error:
            raise SourceError(f"source {self.info.name!r}: {error}") from error
        self._done &= found.keys()
        for path in in_order_of_time(found[name] for name in found.keys() - self._done):
            self._waiting += [
                replace(one, received_us=self._wall_us())
                for one in self._grids_of(path)
                if self._check.lets_through(one, path.name)
            ]
            if self._waiting:
                return True
        return False

    def _wall_us(self) -> int | None:
        return None if self._to_wall_us is None else self._clock.now_us() + self._to_wall_us

    def _grids_of(self, path: Path) -> list[RadarGrid]:
        try:
            grids = read_radar_file(load_radar_file(path), self._rules)
        except RadarFileError as error:
            self._try_again(path, str(error))
            return []
        self._unread.pop(path.name, None)
        self._done.add(path.name)
        return grids

    def _try_again(self, path: Path, reason: str) -> None:
        """Keeps a file that may still be on its way; gives up one that has stopped growing."""
        try:
            size = path.stat().st_size
        except OSError:
            self._unread.pop(path.name, None)
            return
        now_us = self._clock.now_us()
        before = self._unread.get(path.name)
        if before is None or before.size != size:
            self._unread[path.name] = _Unread(size, now_us)
        elif now_us - before.since_us >= self._options.patience_s * 1e6:
            del self._unread[path.name]
            self._done.add(path.name)
            self._check.unreadable(reason)


def is_radar_file(path: Path) -> bool:
    """Returns whether a file of a folder is meant: not hidden and not still being copied."""
    return (
        path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() not in _UNFINISHED
        and path.suffix.lower() not in (".md", ".txt", ".json", ".idx")
    )


def in_order_of_time(paths: Iterable[Path]) -> list[Path]:
    """Returns the files by the time in their names; those without one come first, by name."""
    return sorted(paths, key=lambda one: (time_in_name(one.name) or 0, natural_key(one)))


def open_radar(url: Url, clock: Clock) -> Source:
    """Opens radar files, a folder or a glob named on the command line."""
    options = url.read_options(RadarFolderOptions)
    path = Path(url.rest)
    if options.live:
        from time import time_ns  # the only place that knows the time of day

        return WatchedRadarFolder(path, clock, options, url.text, time_ns() // 1000)
    if path.is_dir():
        found = [one for one in path.iterdir() if is_radar_file(one)]
    elif glob.has_magic(url.rest):
        found = [Path(one) for one in glob.glob(url.rest, recursive=True) if Path(one).is_file()]
    elif path.is_file():
        found = [path]
    else:
        raise ValueError(f"{url.rest!r} is no file, folder or glob that exists")
    return RadarFilesSource(found, options, url.text)
