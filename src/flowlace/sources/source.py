"""What feeds the input of a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple, Self

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError


class SourceError(FlowlaceError):
    """A source that can't be opened or read; names the source and the reason."""


class SourceTimeoutError(SourceError, TimeoutError):
    """Nothing came within the time given to `read`; the source goes on."""


class Medium(Enum):
    """What a source gives, or what the stream it feeds takes."""

    PICTURES = "pictures"
    """Payloads are of type `Image`."""

    SOUND = "sound"
    """Payloads are of type `Matrix`, `[channel, sample]`."""


class Frame(NamedTuple):
    """One item of a source."""

    payload: Any
    """What the packet will hold: an `Image`, or a `Matrix` of sound."""

    timestamp_us: int
    """Strictly larger than that of the frame before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What is known of a source; a live one learns its size with the first frame."""

    name: str
    """As the user typed it, without passwords."""

    width_px: int | None = None
    """Columns of a picture."""

    height_px: int | None = None
    """Rows of a picture."""

    frame_rate: float | None = None
    """Frames a second, on average."""

    frame_count: int | None = None
    """Frames in all, as the container states; None where there is no end or no statement."""

    duration_us: int | None = None
    """Length of the whole, as the container states."""

    sample_rate_hz: int | None = None
    """Samples a second of each channel of sound."""

    channels: int | None = None
    """Channels of sound."""


@dataclass(slots=True)
class SourceCounts:
    """What became of the frames; nothing is lost without being counted here."""

    read: int = 0
    """Frames given to the reader."""

    dropped: int = 0
    """Frames of a live source that newer ones replaced before they were read."""

    skipped: Counter[str] = field(default_factory=Counter)
    """Frames that could not be used, by reason."""

    reconnects: int = 0
    """Times a live stream was opened again after it had failed or stalled."""

    rescaled: int = 0
    """Pictures brought to the size of the first one."""

    resampled: int = 0
    """Pieces of sound brought to the first one's rate or number of channels after a change."""

    flaws: Counter[str] = field(default_factory=Counter)
    """Frames that were used although something is wrong with them, by what that is."""


class Source(ABC):
    """Gives frames in the order of their timestamps.

    A file is lossless and waits for its reader. A live source of pictures keeps only the newest
    one, one of sound the newest seconds; both count what they drop. Iteration reads to the end;
    leaving a `with` block closes.
    """

    is_live: bool = False
    """Whether frames arrive by themselves and unread ones are dropped."""

    medium: Medium | None = None
    """What the frames are; None where it is neither, or a source of another package."""

    header: TimeSeriesHeader | None = None
    """For sound: its rate and channels, known once the source is open; they never change."""

    info: SourceInfo
    """What is known of this source so far."""

    counts: SourceCounts
    """What became of its frames so far."""

    @abstractmethod
    def read(self, timeout_s: float | None = None) -> Frame | None:
        """Returns the next frame, None at the end or after `close`.

        A live source waits at most `timeout_s` (None: no limit) and then raises
        SourceTimeoutError; a file does not wait. Raises SourceError if the source fails.
        """

    @abstractmethod
    def close(self) -> None:
        """Lets go of everything and ends a `read` in another thread; may be called again.

        Live sound that has arrived and was not read yet can still be read.
        """

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
