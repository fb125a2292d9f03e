"""What sinks of nowcasts have in common: what they take and what they say to the rest."""

from __future__ import annotations

from typing import Any

from flowlace.formats.nowcast import Nowcast
from flowlace.sinks.sink import Sink, SinkCounts, SinkError


class NowcastSink(Sink):
    """Takes nowcasts whose observations are each later than the one before.

    Args:
        path: as the user typed it, for messages.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._last_us: int | None = None
        self.counts = SinkCounts()

    def _checked(self, timestamp_us: int, payload: Any) -> Nowcast:
        """Returns the nowcast; SinkError where it is none or comes out of order."""
        place = f"sink {self._path!r} at {timestamp_us} µs"
        if not isinstance(payload, Nowcast):
            raise SinkError(
                f"{place} takes nowcasts, not {type(payload).__name__}; bind the stream of nowcasts"
            )
        if self._last_us is not None and payload.observed_us <= self._last_us:
            raise SinkError(
                f"{place}: the nowcast is of {payload.observed_us} µs, the one before of "
                f"{self._last_us} µs; time must grow"
            )
        self._last_us = payload.observed_us
        return payload

    def close(self) -> None:
        """Has nothing to do: what is written is finished."""


def missing_package(package: str, what: str, extra: str) -> SinkError:
    """Returns the error that says what to install."""
    return SinkError(f"{what} needs {package}; install it with: pip install 'flowlace[{extra}]'")
