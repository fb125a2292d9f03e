"""A folder of radar files, watched as they arrive.

It is looked at every few seconds. A file that can't be read may still be on its way: it is tried
again as long as it grows, and for `patience_s` after that. Of what is there, the file with the
oldest time in its name is read first, so files that arrive together become a stream.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from pathlib import Path

from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.clock import Clock
from flowlace.sources.radar.feed_check import FeedCheck
from flowlace.sources.radar.folder import RadarFolderOptions, in_order_of_time, is_radar_file
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.patience import Patience
from flowlace.sources.radar.radar_file import RadarFileError, load_radar_file
from flowlace.sources.source import (
    Frame,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    SourceTimeoutError,
)

_USUAL = RadarFolderOptions(live=True)


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
        options: RadarFolderOptions = _USUAL,
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
        self._patience = Patience(options.patience_s)
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
        self._patience.forget(path.name)
        self._done.add(path.name)
        return grids

    def _try_again(self, path: Path, reason: str) -> None:
        """Keeps a file that may still be on its way; gives up one that has stopped growing."""
        try:
            size = path.stat().st_size
        except OSError:
            self._patience.forget(path.name)
            return
        if not self._patience.lasts(path.name, size, self._clock.now_us()):
            self._done.add(path.name)
            self._check.unreadable(reason)
