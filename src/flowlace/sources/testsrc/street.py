"""`testsrc:street`: a busy street that exists nowhere, with everything known about it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.openers import Url
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceInfo,
    SourceTimeoutError,
)
from flowlace.sources.testsrc.camera_path import Affine
from flowlace.sources.testsrc.scene import SceneBox, StreetScene


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetOptions:
    """What street, seen how."""

    width: int = 640
    """Columns."""

    height: int = 360
    """Rows."""

    fps: float = 30.0
    """Frames a second."""

    seconds: float = 10.0
    """Length; 0 has no end."""

    seed: int = 1
    """Another seed is another street with other people in it."""

    live: bool = False
    """Come by the clock and drop what isn't read in time, as a camera does."""

    density: float = 1.0
    """How busy: 1 has about fifteen things moving at a time, 0 none."""

    pan: float = 1.0
    """How far the camera sweeps; 0 stands."""

    shake: float = 1.0
    """How much the camera shakes; 0 is a tripod."""

    noise: float = 1.0
    """How much the sensor's noise and the lens's blur are; 0 is clean."""

    light: float = 1.0
    """How much sun and clouds change; 0 is steady."""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 32:
            raise ValueError(f"width={self.width} and height={self.height} must be at least 32")
        if self.fps <= 0 or self.seconds < 0 or self.density < 0:
            raise ValueError("fps must be positive, seconds and density not negative")


class StreetSource(Source):
    """Gives the frames of a procedural street, with ground truth for each.

    A frame depends on the options and its index only, not on what was read before. Frame
    n has timestamp n / fps; a live one adds the time of its first read, sleeps until a
    frame is due, and counts the frames whose time has passed as dropped.
    """

    medium = Medium.PICTURES

    def __init__(
        self, options: StreetOptions = StreetOptions(), clock: Clock | None = None
    ) -> None:
        self._options = options
        self._rate = Fraction(str(options.fps)).limit_denominator(1001)
        self._clock = clock or MonotonicClock()
        self._is_closed = threading.Event()
        self._next = 0
        self._started_us: int | None = None
        self.scene = StreetScene(
            options.width, options.height, options.seed, density=options.density,
            pan=options.pan, shake=options.shake, noise=options.noise, light=options.light,
        )  # fmt: skip
        self.is_live = options.live
        self.counts = SourceCounts()
        count = round(options.seconds * self._rate)
        self.info = SourceInfo(
            name="testsrc:street",
            width_px=options.width,
            height_px=options.height,
            frame_rate=options.fps,
            frame_count=count or None,
            duration_us=round(count / self._rate * 1_000_000) or None,
        )

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next frame, None at the end or after `close`."""
        if self.is_live and not self._wait_until_due(timeout_s):
            return None
        index = self._next
        if self._is_closed.is_set() or self._is_past_the_end(index):
            return None
        self._next += 1
        self.counts.read += 1
        started_us = self._started_us or 0
        return Frame(self.image(index), started_us + self.timestamp_us(index))

    def close(self) -> None:
        """Ends the reading."""
        self._is_closed.set()

    def timestamp_us(self, frame_index: int) -> int:
        """Returns the time of a frame from the start of the clip."""
        return round(frame_index * 1_000_000 / self._rate)

    def image(self, frame_index: int) -> Image:
        """Returns frame number `frame_index` as SRGB."""
        time_s = float(frame_index / self._rate)
        return Image(ImageFormat.SRGB, self.scene.picture(time_s, frame_index))

    def ground_truth(self, frame_index: int) -> list[SceneBox]:
        """Returns what moves in a frame, sorted by id, also what is hidden just now."""
        return self.scene.boxes(float(frame_index / self._rate))

    def camera_matrix(self, frame_index: int) -> Affine:
        """Returns the 2×3 map from the still panorama to a frame, the truth of camera motion.

        Coordinates have pixel edges at whole numbers.
        """
        return self.scene.camera.matrix(float(frame_index / self._rate))

    def _is_past_the_end(self, index: int) -> bool:
        return self.info.frame_count is not None and index >= self.info.frame_count

    def _wait_until_due(self, timeout_s: float | None) -> bool:
        """Sleeps until frame `_next` is due and skips those whose time has passed."""
        now_us = self._clock.now_us()
        if self._started_us is None:
            self._started_us = now_us
        due = int((now_us - self._started_us) * self._rate / 1_000_000)
        if self.info.frame_count is not None:
            due = min(due, self.info.frame_count)
        if due > self._next:
            self.counts.dropped += due - self._next
            self._next = due
        if self._is_past_the_end(self._next):
            return True
        left_us = self._started_us + self.timestamp_us(self._next) - now_us
        if timeout_s is not None and left_us > timeout_s * 1e6:
            self._clock.wait(self._is_closed, round(timeout_s * 1e6))
            if self._is_closed.is_set():
                return False
            raise SourceTimeoutError(f"source {self.info.name!r}: no frame in {timeout_s:g} s")
        return not self._clock.wait(self._is_closed, max(left_us, 0))


def open_street(url: Url, clock: Clock) -> Source:
    """Opens the street named on the command line."""
    return StreetSource(url.read_options(StreetOptions), clock)
