"""What takes the output of a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from flowlace.framework.errors import FlowlaceError


class SinkError(FlowlaceError):
    """A sink that can't be opened or written; names the path and the reason."""


@dataclass(slots=True)
class SinkCounts:
    """What became of the packets given to a sink."""

    written: int = 0
    """Packets written."""

    skipped: Counter[str] = field(default_factory=Counter)
    """Packets the format can't hold, by reason."""

    filled_gaps: int = 0
    """Gaps in sound that were filled with silence."""


class Sink(ABC):
    """Takes packets in the order of their timestamps; leaving a `with` block closes it."""

    counts: SinkCounts
    """What became of the packets so far."""

    def take_header(self, header: Any) -> None:  # noqa: B027 - most formats need none
        """Hears the header of the stream before its first packet; None where it has none."""

    @abstractmethod
    def write(self, timestamp_us: int, payload: Any) -> None:
        """Takes one packet. Raises SinkError if it can't be kept."""

    @abstractmethod
    def close(self) -> None:
        """Finishes the file; may be called again. Raises SinkError if it can't be finished."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class NullSink(Sink):
    """Counts packets and forgets them."""

    def __init__(self) -> None:
        self.counts = SinkCounts()

    def write(self, timestamp_us: int, payload: Any) -> None:  # noqa: ARG002 - forgotten
        """Counts the packet."""
        self.counts.written += 1

    def close(self) -> None:
        """Has nothing to do."""
