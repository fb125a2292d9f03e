"""Tracked boxes as MOT Challenge text, which evaluation tools read.

`frame,id,x,y,w,h,conf,-1,-1,-1`, one line a box: pixels with the left upper corner of the first
pixel at 0, 0; frames counted from 1. The format has no timestamps, so a frame is a packet: the
first packet is frame 1, one with an empty list counts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowlace.formats.box_row import BoxRow
from flowlace.formats.object_row import ObjectRow
from flowlace.framework.openers import Url
from flowlace.sinks.sink import Sink, SinkCounts, SinkError


class MotTextSink(Sink):
    """Writes lists of ObjectRow or BoxRow as MOT Challenge text, each packet at once."""

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._frame = 0
        self.counts = SinkCounts()
        try:
            self._file = open(path, "w", encoding="ascii", newline="\n")  # noqa: SIM115
        except OSError as error:
            raise self._error(error) from error

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes the lines of one frame; SinkError if the payload is no list of rows."""
        if not isinstance(payload, list | tuple):
            raise self._wrong_type(timestamp_us, payload)
        self._frame += 1
        try:
            text = _lines(self._frame, payload)
        except AttributeError:
            odd = next(one for one in payload if not isinstance(one, ObjectRow | BoxRow))
            raise self._wrong_type(timestamp_us, odd) from None
        try:
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError) as error:
            raise self._error(error) from error
        self.counts.written += 1

    def close(self) -> None:
        """Closes the file."""
        try:
            self._file.close()
        except OSError as error:
            raise self._error(error) from error

    def _wrong_type(self, timestamp_us: int, payload: Any) -> SinkError:
        return SinkError(
            f"sink {self._path!r} at {timestamp_us} µs: MOT text takes lists of ObjectRow or "
            f"BoxRow, but got a {type(payload).__name__}; bind another stream, or write .jsonl"
        )

    def _error(self, error: OSError | ValueError) -> SinkError:
        reason = getattr(error, "strerror", None) or error
        return SinkError(f"sink {self._path!r} can't be written: {reason}")


def _lines(frame: int, rows: Sequence[ObjectRow | BoxRow]) -> str:
    return "".join(
        f"{frame},{row.id},{row.x:.3f},{row.y:.3f},{row.w:.3f},{row.h:.3f},"
        f"{row.confidence:.4f},-1,-1,-1\n"
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _NoOptions:
    pass


def open_mot_text(url: Url) -> Sink:
    """Opens a MOT Challenge text file named on the command line."""
    url.read_options(_NoOptions)
    return MotTextSink(url.rest)
