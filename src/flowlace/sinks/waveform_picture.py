"""The coloured waveform of a recording, drawn when the recording ends.

`bars=talk.svg`, or `bars=waveform:talk.png`: a `.png` without the word before it would be a folder
of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2

from flowlace.drawing.coloured_waveform import (
    BAR_US,
    WaveformOptions,
    waveform_image,
    waveform_svg,
)
from flowlace.formats.sound_event import SoundBar
from flowlace.framework.openers import Url
from flowlace.sinks.sink import Sink, SinkCounts, SinkError


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformPictureOptions:
    """How the picture looks."""

    pixels_per_s: float = 40.0
    """Columns a second; less where the recording is too long for one picture."""
    height: int = 120
    """Of the bars in pixels, without axis and legend."""


class WaveformPictureSink(Sink):
    """Keeps SoundBar packets, some 100 bytes each, and draws them when it is closed.

    The picture begins with the first bar and ends with the last. Without a bar nothing is
    written, which is counted as `no_bars`.
    """

    def __init__(
        self, path: str | Path, options: WaveformPictureOptions = WaveformPictureOptions()
    ) -> None:
        self.counts = SinkCounts()
        self._path = Path(path)
        self._options = options
        self._bars: list[SoundBar] = []
        self._is_closed = False
        if self._path.suffix not in (".svg", ".png"):
            raise SinkError(f"sink {str(path)!r}: a waveform is drawn as .svg or .png")
        if not (options.pixels_per_s > 0 and options.height > 0):
            raise SinkError(
                f"sink {str(path)!r}: pixels_per_s and height have to be greater than 0"
            )
        self._write(b"")  # a folder that is missing is better told before an hour of recording

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Keeps one bar; SinkError if the payload is none."""
        if not isinstance(payload, SoundBar):
            raise SinkError(
                f"sink {str(self._path)!r} at {timestamp_us} µs: a waveform is made of SoundBar, "
                f"but got a {type(payload).__name__}; bind the stream of bars"
            )
        self._bars.append(payload)
        self.counts.written += 1

    def close(self) -> None:
        """Draws the picture."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._bars:
            self._write(self._picture())
        else:
            self.counts.skipped["no_bars"] += 1
            self._path.unlink(missing_ok=True)

    def _picture(self) -> bytes:
        start_us = self._bars[0].timestamp_us
        bars = [replace(one, timestamp_us=one.timestamp_us - start_us) for one in self._bars]
        look = WaveformOptions(
            pixels_per_s=self._options.pixels_per_s, height_px=self._options.height
        )
        duration_us = bars[-1].timestamp_us + BAR_US
        if self._path.suffix == ".svg":
            return waveform_svg(bars, duration_us=duration_us, options=look).encode()
        image = waveform_image(bars, duration_us=duration_us, options=look)
        _, data = cv2.imencode(".png", image[:, :, ::-1])
        return data.tobytes()

    def _write(self, data: bytes) -> None:
        try:
            self._path.write_bytes(data)
        except OSError as error:
            reason = error.strerror
            raise SinkError(f"sink {str(self._path)!r} can't be written: {reason}") from error


def open_waveform_picture(url: Url) -> Sink:
    """Opens a picture of a waveform named on the command line."""
    return WaveformPictureSink(url.rest, url.read_options(WaveformPictureOptions))
