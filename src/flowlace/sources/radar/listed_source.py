"""Radar files that a server lists, as a source: read in the order of time, or polled for more.

One file is fetched at a time, the oldest first; a transfer that breaks off goes on after a growing
delay. A server that is gone is waited for, and then nothing is lost: files that came meanwhile are
fetched in their order. Reading never waits much longer than asked: it goes on with the same
transfer the next time.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from dataclasses import replace
from pathlib import Path

from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.clock import Clock
from flowlace.sources.backoff import Backoff
from flowlace.sources.image_sequence import natural_key
from flowlace.sources.radar.feed_check import FeedCheck
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.http_client import Download, HttpClient, HttpError
from flowlace.sources.radar.listing_options import RadarListingOptions
from flowlace.sources.radar.listing_page import ListedFile
from flowlace.sources.radar.listing_place import ListingPlace
from flowlace.sources.radar.patience import Patience
from flowlace.sources.radar.radar_file import (
    RadarFileError,
    time_in_name,
    unpacked_radar_file,
)
from flowlace.sources.source import (
    Frame,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    SourceTimeoutError,
)

_logger = logging.getLogger("flowlace.sources.radar")
_MINUTE_US = 60_000_000
_TRIES = 6


class ListedRadarSource(Source):
    """Gives the observations of files that a server lists; a live one looks for more until closed.

    Each `RadarGrid` of a live one tells when it was received, by the wall clock. Raises SourceError
    if the list can't be had at first, or, unless live, if the server goes away.
    """

    def __init__(
        self,
        place: ListingPlace,
        clock: Clock,
        options: RadarListingOptions,
        name: str,
        wall_clock_us: int,
    ) -> None:
        if place.is_dated and not (options.live or options.minutes or options.start):
            raise ValueError(
                "folders by date need to know which: start=2024-05-07T18:00&end=2024-05-07T21:00, "
                "or minutes=60 for the newest, or live=1"
            )
        token = os.environ[options.token_env] if options.token_env else None
        self.is_live = options.live
        self.counts = SourceCounts()
        self.info = SourceInfo(name=name)
        self._place = place
        self._clock = clock
        self._options = options
        self._rules = options.rules
        self._to_wall_us = wall_clock_us - clock.now_us()
        self._client = HttpClient(clock, options.timeout_s, options.transfer_s, token)
        self._check = FeedCheck(name, self.counts)
        self._patience = Patience(options.patience_s)
        self._backoff = Backoff()
        self._start_us = options.start_us
        self._has_looked = False
        self._tries = 0
        self._next_step_us = self._next_look_us = clock.now_us()
        self._done: set[str] = set()
        self._pending: deque[ListedFile] = deque()
        self._download: Download | None = None
        self._received_before = 0
        self._waiting: deque[RadarGrid] = deque()

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next observation, None after the last one or after `close`."""
        end_us = None if timeout_s is None else self._clock.now_us() + round(timeout_s * 1e6)
        while not self._client.stopped.is_set():
            if self._waiting:
                self.counts.read += 1
                grid = self._waiting.popleft()
                return Frame(grid, grid.observed_us)
            if self._is_over():
                return None
            if self._clock.now_us() >= self._next_step_us:
                delay_us = self._step()
                self._next_step_us = self._clock.now_us() + delay_us
                if self._waiting:
                    continue
            now_us = self._clock.now_us()
            if end_us is not None and now_us >= end_us:
                raise SourceTimeoutError(f"source {self.info.name!r}: no new file in {timeout_s} s")
            wake_us = self._next_step_us if end_us is None else min(self._next_step_us, end_us)
            if wake_us > now_us:
                self._clock.wait(self._client.stopped, wake_us - now_us)
        return None

    def close(self) -> None:
        """Ends the reading, and a transfer that is under way."""
        self._client.stopped.set()

    def _is_over(self) -> bool:
        if self.is_live or not self._has_looked or self._pending:
            return False
        if self.counts.read == 0:
            raise SourceError(f"source {self.info.name!r}: not one file can be used")
        return True

    def _step(self) -> int:
        """Does one thing that is to be done; returns how long to wait before the next."""
        try:
            if self._pending:
                self._fetch(self._pending[0])
                return 0
            wait_us = self._next_look_us - self._clock.now_us()
            if wait_us > 0:
                return wait_us
            self._look()
            return 0
        except HttpError as error:
            if self._client.stopped.is_set():
                return 0
            return self._file_failed(error) if self._pending else self._look_failed(error)

    def _look(self) -> None:
        now_us = self._clock.now_us() + self._to_wall_us
        usual_us = self._options.newest_us or 60 * _MINUTE_US
        start_us = now_us - usual_us
        if not self._has_looked or not self.is_live:
            start_us = self._options.start_us or start_us
        listed = self._place.look(self._client, start_us, self._options.end_us or now_us)
        self._next_look_us = self._clock.now_us() + round(self._options.poll_s * 1e6)
        self._pending = deque(self._wanted(listed))
        if not self._pending and not self._has_looked:
            self._tell_of_nothing(len(listed))
        self._has_looked = True
        self._succeeded()

    def _tell_of_nothing(self, listed: int) -> None:
        text = f"{self._place.address} lists no radar files that are wanted, of {listed} in all"
        if not self.is_live:
            raise SourceError(f"source {self.info.name!r}: {text}")
        _logger.warning("%s: %s; waiting for some", self.info.name, text)

    def _wanted(self, listed: list[ListedFile]) -> list[ListedFile]:
        """Returns the files to fetch, in the order of time; forgets those that are gone."""
        urls = {one.url for one in listed}
        self._done &= urls
        for url in self._patience.waited_for() - urls:
            self._patience.forget(url)
            self._check.unfetched(f"{url}: was taken away before it could be read")
        timed = {one: time_in_name(one.name) for one in listed if one.url not in self._done}
        times = [one for one in timed.values() if one is not None]
        if self._start_us is None and self._options.newest_us is not None and times:
            self._start_us = max(times) - self._options.newest_us
        # Names without a time, such as "latest", are other names of files that have one.
        wanted = [one for one, time in timed.items() if self._is_wanted(time, bool(times))]
        return sorted(wanted, key=lambda one: (timed[one] or 0, natural_key(Path(one.name))))

    def _is_wanted(self, time: int | None, are_timed: bool) -> bool:
        if time is None:
            return not are_timed
        end_us = self._options.end_us
        return (self._start_us is None or time >= self._start_us) and (
            end_us is None or time <= end_us
        )

    def _fetch(self, file: ListedFile) -> None:
        if self._download is None:
            self._download = Download(self._client, file.url)
            self._received_before = 0
        data = self._download.step()
        if data is None:
            return
        version = self._download.version
        self._let_go()
        self._succeeded()
        try:
            grids = read_radar_file(unpacked_radar_file(file.name, data), self._rules)
        except RadarFileError as error:
            # It may still be on its way onto the server; a list that is not live is not seen again.
            if not (self.is_live and self._patience.lasts(file.url, version, self._now_us())):
                self._done.add(file.url)
                self._check.unreadable(str(error))
            return
        self._patience.forget(file.url)
        self._done.add(file.url)
        received_us = self._now_us() + self._to_wall_us if self.is_live else None
        self._waiting += [
            replace(one, received_us=received_us)
            for one in grids
            if self._check.lets_through(one, file.name)
        ]

    def _now_us(self) -> int:
        return self._clock.now_us()

    def _let_go(self) -> None:
        """Ends with the file at the head, whatever became of it."""
        if self._download is not None:
            self._download.close()
            self._download = None
        self._pending.popleft()

    def _succeeded(self) -> None:
        self._tries = 0
        self._backoff.reset()

    def _look_failed(self, error: HttpError) -> int:
        self._tries += 1
        is_first = not self._has_looked
        if is_first and (error.is_lasting or self._tries >= _TRIES):
            raise SourceError(f"source {self.info.name!r}: {error}") from error
        return self._pause_us(error)

    def _file_failed(self, error: HttpError) -> int:
        """Returns how long to wait before the next try; gives a file up that is not to be had."""
        received = self._download.received if self._download is not None else 0
        self._tries = 0 if received > self._received_before else self._tries + 1
        self._received_before = received
        is_server_gone = error.status is None and not received and not error.is_lasting
        if is_server_gone and self._tries >= _TRIES and not self.is_live:
            raise SourceError(f"source {self.info.name!r}: {error}") from error
        if error.is_lasting or self._tries >= _TRIES:
            self._give_up(error)
            if is_server_gone:  # or only this file is stuck: another look will tell
                self._pending.clear()
                self._next_look_us = self._clock.now_us()
            return 0
        return self._pause_us(error)

    def _give_up(self, error: HttpError) -> None:
        """Leaves a file; a live one may still come, and is asked for again at the next looks."""
        url = self._pending[0].url
        self._let_go()
        self._succeeded()
        if not (self.is_live and self._patience.lasts(url, error.status, self._now_us())):
            self._done.add(url)
            self._check.unfetched(str(error))

    def _pause_us(self, error: HttpError) -> int:
        self.counts.reconnects += 1
        delay_us = self._backoff.next_us()
        text = "%s: %s; trying again in %.1f s"
        _logger.warning(text, self.info.name, error, delay_us / 1e6)
        return delay_us
