"""Pictures from files, one after the other: a picture, a folder, or a glob."""

from __future__ import annotations

import glob
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.decoding import SizeKeeper
from flowlace.sources.skips import Skips
from flowlace.sources.source import Frame, Medium, Source, SourceCounts, SourceError, SourceInfo

_logger = logging.getLogger("flowlace.sources.image_sequence")
_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSequenceOptions:
    """How pictures become a stream."""

    fps: float = 30.0
    """Pictures a second; the n-th has timestamp n / fps, also when others are skipped."""

    timestamps: str = "fps"
    """`fps`, or `name`: the last number in a file's name is its timestamp in microseconds,
    as the image folder sink writes them."""


class ImageSequenceSource(Source):
    """Reads pictures in the natural order of their names (2 before 10), as SRGB.

    A picture that can't be read is skipped and counted as `unreadable`; one of another
    size is a SourceError that names the file.
    """

    medium = Medium.PICTURES

    def __init__(
        self,
        paths: Sequence[Path],
        options: ImageSequenceOptions = ImageSequenceOptions(),
        name: str = "",
    ) -> None:
        if not paths:
            raise SourceError(f"source {name!r}: no pictures ({' '.join(sorted(_ENDINGS))}) there")
        if options.fps <= 0 or options.timestamps not in ("fps", "name"):
            raise ValueError("options need fps > 0 and timestamps=fps or timestamps=name")
        self._paths = sorted(paths, key=natural_key)
        self._options = options
        self._period_us = Fraction(1_000_000) / Fraction(str(options.fps))
        self._next = 0
        self._last_us: int | None = None
        self._is_closed = threading.Event()
        self.counts = SourceCounts()
        self._sizes = SizeKeeper("error", self.counts)
        name = name or str(paths[0])
        self._skips = Skips(name, self.counts.skipped, _logger)
        by_rate = options.timestamps == "fps"
        self.info = SourceInfo(
            name=name,
            frame_rate=options.fps if by_rate else None,
            frame_count=len(paths),
            duration_us=round(len(paths) * self._period_us) if by_rate else None,
        )

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next picture, None after the last one or after `close`."""
        while self._next < len(self._paths) and not self._is_closed.is_set():
            index = self._next
            self._next += 1
            if (frame := self._frame(index)) is not None:
                self._last_us = frame.timestamp_us
                self.counts.read += 1
                return frame
        if self.counts.read == 0 and not self._is_closed.is_set():
            raise SourceError(f"source {self.info.name!r}: not one picture can be read")
        return None

    def close(self) -> None:
        """Ends the reading."""
        self._is_closed.set()

    def _frame(self, index: int) -> Frame | None:
        path = self._paths[index]
        timestamp_us = self._timestamp_us(index)
        if timestamp_us is None:
            self._skips.add("no_timestamp", f"{path} has no number in its name")
        elif self._last_us is not None and timestamp_us <= self._last_us:
            self._skips.add("repeated_timestamp", f"{path}: {timestamp_us} µs was there before")
        elif (pixels := _read_rgb(path)) is None:
            self._skips.add("unreadable", str(path))
        else:
            return self._of_one_size(pixels, timestamp_us, path)
        return None

    def _of_one_size(self, pixels: NDArray[np.uint8], timestamp_us: int, path: Path) -> Frame:
        try:
            return Frame(self._sizes.image(pixels), timestamp_us)
        except ValueError as error:
            message = str(error).partition(";")[0]
            raise SourceError(
                f"source {self.info.name!r}, file {str(path)!r}: {message}"
            ) from error

    def _timestamp_us(self, index: int) -> int | None:
        if self._options.timestamps == "fps":
            return round(index * self._period_us)
        numbers = re.findall(r"\d+", self._paths[index].stem)
        return int(numbers[-1]) if numbers else None


def natural_key(path: Path) -> list[tuple[int, int | str]]:
    """Returns a key that sorts numbers in names by value.

    >>> [one.name for one in sorted([Path("f10.png"), Path("f9.png")], key=natural_key)]
    ['f9.png', 'f10.png']
    """
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(one)) if one.isdigit() else (1, one) for one in parts]


def _read_rgb(path: Path) -> NDArray[np.uint8] | None:
    """Returns the picture upright as RGB, None if it can't be decoded."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    try:
        # IMREAD_COLOR: 8 bits, three channels, turned as the EXIF data says.
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    except cv2.error:
        return None
    return None if pixels is None else pixels.astype(np.uint8, copy=False)


def open_image_sequence(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - files carry time
    """Opens a picture, folder or glob named on the command line."""
    options = url.read_options(ImageSequenceOptions)
    path = Path(url.rest)
    if path.is_dir():
        found = [one for one in path.iterdir() if one.suffix.lower() in _ENDINGS]
    elif glob.has_magic(url.rest) and not path.exists():
        found = [Path(one) for one in glob.glob(url.rest, recursive=True) if Path(one).is_file()]
    else:
        found = [path]
    return ImageSequenceSource(found, options, url.text)
