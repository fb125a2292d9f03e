"""Cameras of this machine, through OpenCV.

OpenCV rather than PyAV: it negotiates the pixel format and size with the driver, gives up
on a silent device by itself, and knows other systems than Linux.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.decoding import SizeKeeper
from flowlace.sources.reconnecting import ReconnectingSource
from flowlace.sources.source import Source, SourceCounts
from flowlace.sources.stream_keeper import ReconnectPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOptions:
    """What is asked of the camera; it may give something near."""

    width: int | None = None
    """Columns; the driver's choice if not given."""

    height: int | None = None
    """Rows; the driver's choice if not given."""

    fps: float | None = None
    """Frames a second; the driver's choice if not given."""

    watchdog_s: float = 10.0
    """A camera without a frame for this long is opened again."""

    first_tries: int = 3
    """Failures in a row before the first frame that make it an error; 0 tries for ever."""


class CameraStream:
    """One opened camera; frames come as OpenCV gives them, `[y, x, 3]` BGR."""

    def __init__(
        self,
        device: int,
        options: CameraOptions,
        open_capture: Callable[[int], Any] = cv2.VideoCapture,
    ) -> None:
        self._capture = open_capture(device)
        if not self._capture.isOpened():
            self._capture.release()
            raise OSError(f"camera {device} can't be opened: none there, in use, or not permitted")
        for prop, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, options.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, options.height),
            (cv2.CAP_PROP_FPS, options.fps),
        ):
            if value is not None:
                self._capture.set(prop, value)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        while True:
            is_there, pixels = self._capture.read()
            if not is_there:
                return
            yield pixels

    def close(self) -> None:
        """Gives the camera back."""
        self._capture.release()


def camera_source(
    device: int,
    clock: Clock,
    options: CameraOptions = CameraOptions(),
    open_capture: Callable[[int], Any] = cv2.VideoCapture,
) -> ReconnectingSource[NDArray[np.uint8]]:
    """Returns a live source for camera number `device`."""
    counts = SourceCounts()
    sizes = SizeKeeper("rescale", counts)

    def to_image(pixels: NDArray[np.uint8]) -> Image:
        return sizes.image(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False))

    return ReconnectingSource(
        f"camera {device}",
        lambda: CameraStream(device, options, open_capture),
        to_image,
        clock,
        ReconnectPolicy(watchdog_s=options.watchdog_s, first_tries=options.first_tries),
        counts,
    )


def open_camera(url: Url, clock: Clock) -> Source:
    """Opens a camera named on the command line by its number or its device file."""
    match = re.fullmatch(r"(?:/dev/video)?(\d+)", url.rest)
    if match is None:
        raise ValueError("a camera is named by its number or as /dev/videoN")
    return camera_source(int(match[1]), clock, url.read_options(CameraOptions))
