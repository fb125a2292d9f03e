"""One stream of a recording as a source: `--source frames=rec.mcap?stream=camera_frames`."""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass

from flowlace.formats.image import Image
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.recording.errors import RecordingError
from flowlace.recording.recording import Recording
from flowlace.sources.source import Frame, Medium, Source, SourceCounts, SourceError, SourceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSourceOptions:
    """Which part of a recording is read."""

    stream: str = ""
    """The recorded stream; needed where several were fed by sources."""


class RecordedSource(Source):
    """Gives the packets of one recorded stream; bounds and other streams are for `replay`.

    Raises:
        SourceError: the file can't be read, has no such stream, or it is not clear which is meant.
    """

    def __init__(self, path: str, options: RecordedSourceOptions | None = None) -> None:
        options = options or RecordedSourceOptions()
        try:
            self._recording = Recording(path)
        except RecordingError as error:
            raise SourceError(str(error)) from error
        self._is_closed = False
        self._frames = self._read_frames()
        try:
            self._stream = self._chosen(options.stream)
            self._next = next(self._frames, None)
        except BaseException:
            self._recording.close()
            raise
        self.counts = SourceCounts(skipped=self._recording.skipped)
        self._describe()

    def read(self, timeout_s: float | None = None) -> Frame | None:  # noqa: ARG002 - never waits
        """Returns the next packet; None at the end."""
        frame = self._next
        if frame is None or self._is_closed:
            return None
        self.counts.read += 1
        self._next = next(self._frames, None)
        return frame

    def close(self) -> None:
        """Ends the source and closes the file, which a `read` in another thread does at its end."""
        self._is_closed = True
        with suppress(ValueError):  # another thread is reading
            self._frames.close()

    def _read_frames(self) -> Generator[Frame, None, None]:
        with self._recording as recording:
            for event in recording.events(wants=lambda stream: stream == self._stream):
                if self._is_closed:
                    return
                if event.packet is not None:
                    yield Frame(event.packet.payload, event.packet.timestamp)

    def _chosen(self, stream: str) -> str:
        known = self._recording.streams()
        described = self._recording.description
        fed = [each for each in known if described is None or each in described.sources]
        if stream in known:
            return stream
        if not stream and len(fed or known) == 1:
            return (fed or known)[0]
        named = f"has no stream {stream!r}" if stream else "holds several streams"
        raise SourceError(
            f"recording {self._recording.name!r} {named}; write ?stream= with one of: "
            f"{', '.join(known) or 'none'}"
        )

    def _describe(self) -> None:
        described = self._recording.description
        header = described.headers.get(self._stream) if described else None
        self.header = header if isinstance(header, TimeSeriesHeader) else None
        payload = self._next.payload if self._next else None
        if isinstance(payload, Image):
            self.medium = Medium.PICTURES
        elif isinstance(payload, Matrix) or self.header is not None:
            self.medium = Medium.SOUND
        duration_us = self._recording.end_us - self._recording.start_us
        self.info = SourceInfo(
            name=self._recording.name,
            width_px=payload.width_px if isinstance(payload, Image) else None,
            height_px=payload.height_px if isinstance(payload, Image) else None,
            duration_us=duration_us,
            sample_rate_hz=round(self.header.sample_rate or 0) or None if self.header else None,
            channels=self.header.num_channels if self.header else None,
        )


def open_recording(url: Url, clock: Clock) -> Source:  # noqa: ARG001 - recordings carry their time
    """Opens a recording named on the command line."""
    return RecordedSource(url.rest, url.read_options(RecordedSourceOptions))
