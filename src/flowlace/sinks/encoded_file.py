"""What files that FFmpeg encodes have in common: opened, closed and failed alike."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Generic, Protocol, TypeVar

import av

from flowlace.sinks.sink import Sink, SinkCounts, SinkError
from flowlace.sinks.watched_file import WatchedFile


class Closable(Protocol):
    """An encoder as this sees it."""

    def close(self) -> None:
        """Writes what is left and ends the container."""


EncoderT = TypeVar("EncoderT", bound=Closable)


class EncodedFileSink(Sink, Generic[EncoderT]):
    """Holds the file, and the encoder once the first packet has shown what to encode.

    Args:
        path: of the file.
        file: to write to instead of the one at the path.
    """

    def __init__(self, path: str | Path, file: IO[bytes] | None) -> None:
        self._path = str(path)
        self.counts = SinkCounts()
        self._encoder: EncoderT | None = None
        self._is_closed = False
        self._file = WatchedFile(file or self._create())

    def close(self) -> None:
        """Finishes the file; one that got nothing stays empty."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._encoder is not None:
                self._encoder.close()
        except (av.error.FFmpegError, OSError) as error:
            raise self._error(error) from error
        finally:
            self._file.close_quietly()
        self._file.check(self._error)

    def _check_open(self) -> None:
        if self._is_closed:
            raise SinkError(f"sink {self._path!r} is closed")

    def _create(self) -> IO[bytes]:
        try:
            return open(self._path, "wb", buffering=0)
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> SinkError:
        cause = self._file.error if hasattr(self, "_file") and self._file.error else error
        reason = getattr(cause, "strerror", None) or cause
        return SinkError(f"sink {self._path!r} can't be written: {reason}")
