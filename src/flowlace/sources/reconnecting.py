"""Live pictures: the newest one, stamped on arrival, from a stream that is kept open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from flowlace.formats.image import Image
from flowlace.framework.clock import Clock
from flowlace.sources.newest import Newest
from flowlace.sources.skips import Skips
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    SourceTimeoutError,
)
from flowlace.sources.stream_keeper import LiveStream, ReconnectPolicy, StreamKeeper

_logger = logging.getLogger("flowlace.sources.reconnecting")

T = TypeVar("T")


class LivePictures(Source, Generic[T]):
    """Gives the newest of the pictures that somebody puts in.

    `to_image` turns one into an image on the thread that reads, so pictures that are dropped
    cost no conversion.
    """

    is_live = True
    medium = Medium.PICTURES

    def __init__(
        self,
        name: str,
        to_image: Callable[[T], Image],
        clock: Clock,
        counts: SourceCounts | None = None,
    ) -> None:
        self.info = SourceInfo(name=name)
        self._counts = counts or SourceCounts()
        self._skips = Skips(name, self._counts.skipped, _logger)
        self._to_image = to_image
        self._clock = clock
        self._box: Newest[tuple[T, int]] = Newest()
        self._last_us: int | None = None

    @property
    def counts(self) -> SourceCounts:  # type: ignore[override]  # filled in when asked
        """What became of the frames so far."""
        self._counts.dropped = self._box.dropped
        return self._counts

    def put(self, raw: T, timestamp_us: int) -> None:
        """Takes a picture in place of the one before, if that was not read yet."""
        # Two frames in one microsecond, or a coarse clock: timestamps must grow.
        last_us = self._last_us
        self._last_us = timestamp_us if last_us is None else max(timestamp_us, last_us + 1)
        self._box.put((raw, self._last_us))

    def on_reconnect(self) -> None:
        """Counts that the stream is opened again."""
        self._counts.reconnects += 1

    def on_end(self, error: SourceError) -> None:
        """Ends the reading with an error."""
        self._box.close(error)

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the newest frame that was not read yet, None after `close`."""
        deadline_us = None if timeout_s is None else self._clock.now_us() + round(timeout_s * 1e6)
        while (taken := self._take(deadline_us)) is not None:
            raw, timestamp_us = taken
            try:
                image = self._to_image(raw)
            except ValueError as error:
                self._skips.add("corrupt", f"the frame at {timestamp_us} µs: {error}")
                continue
            self._learn_size(image)
            self._counts.read += 1
            return Frame(image, timestamp_us)
        return None

    def close(self) -> None:
        """Ends any waiting `read`."""
        self._box.close(keep=False)

    def _take(self, deadline_us: int | None) -> tuple[T, int] | None:
        left_us = None if deadline_us is None else deadline_us - self._clock.now_us()
        try:
            return self._box.take(self._clock, left_us)
        except TimeoutError:
            raise SourceTimeoutError(f"source {self.info.name!r}: no frame in time") from None

    def _learn_size(self, image: Image) -> None:
        if self.info.width_px is None:
            self.info = replace(self.info, width_px=image.width_px, height_px=image.height_px)


class ReconnectingSource(LivePictures[T]):
    """Keeps a live stream open and gives its newest picture, stamped on arrival.

    `open_stream` connects (it must have time-outs of its own where it can). While the stream is
    gone `read` waits; the timestamps go on with the clock, so the gap shows. Raises SourceError
    when the stream fails `first_tries` times before it has given a frame.
    """

    def __init__(
        self,
        name: str,
        open_stream: Callable[[], LiveStream[T]],
        to_image: Callable[[T], Image],
        clock: Clock,
        policy: ReconnectPolicy | None = None,
        counts: SourceCounts | None = None,
    ) -> None:
        super().__init__(name, to_image, clock, counts)
        self._keeper = StreamKeeper(name, open_stream, clock, policy or ReconnectPolicy(), self)

    def accept(self, raw: T) -> None:
        """Takes one frame, on the thread that reads the stream."""
        self.put(raw, self._clock.now_us())

    def close(self) -> None:
        """Ends the stream and any waiting `read`; returns within a second."""
        super().close()
        self._keeper.close()
