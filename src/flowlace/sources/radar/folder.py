"""Radar files as a source, in the order of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.image_sequence import natural_key
from flowlace.sources.radar.feed_check import FeedCheck
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.polar_rules import PolarRules
from flowlace.sources.radar.radar_file import RadarFileError, load_radar_file, time_in_name
from flowlace.sources.radar.rain_values import ReadRules, ZRRelation
from flowlace.sources.source import Frame, Source, SourceCounts, SourceError, SourceInfo

_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
"""Endings of files that are still being copied; so are hidden ones."""

_OTHERS = (".md", ".txt", ".json", ".idx", ".html", ".xml", ".md5", ".sha256")
"""Endings of what lies beside radar files."""


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


def is_radar_file(path: Path) -> bool:
    """Returns whether a file of a folder is meant: not hidden and not still being copied."""
    return path.is_file() and is_radar_name(path.name)


def is_radar_name(name: str) -> bool:
    """Returns whether a file of that name is meant: not hidden and not still being copied.

    >>> is_radar_name("rain.h5"), is_radar_name(".rain.h5"), is_radar_name("rain.h5.part")
    (True, False, False)
    """
    suffix = PurePosixPath(name).suffix.lower()
    return not name.startswith(".") and suffix not in _UNFINISHED + _OTHERS


def in_order_of_time(paths: Iterable[Path]) -> list[Path]:
    """Returns the files by the time in their names; those without one come first, by name."""
    return sorted(paths, key=lambda one: (time_in_name(one.name) or 0, natural_key(one)))
