"""Network streams: RTSP, MJPEG over HTTP and whatever else FFmpeg opens; pictures, sound, or both.

Everything that can wait has a limit: FFmpeg's own time-outs in `options`, PyAV's interrupt
on opening and reading, and the watchdog over both. An HTTP address that ends like a video
or sound file is read as a file: lossless, with its own timestamps, to its end.

Pictures alone are stamped on arrival. Sound can't be: its samples are counted. So sound, and
pictures beside it, follow the sender's clock, anchored at the first packet of a connection.
Both come over one connection, because cameras often allow no second one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import av

from flowlace.formats.image import Image
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.decoding import (
    SizeKeeper,
    exact_microseconds,
    float_samples,
    upright_rgb,
)
from flowlace.sources.live_sound import LiveSound, LiveSoundShape
from flowlace.sources.live_timeline import LiveTimeline
from flowlace.sources.reconnecting import LivePictures, ReconnectingSource
from flowlace.sources.sound_endings import SOUND_ENDINGS
from flowlace.sources.sound_file import (
    SoundFileOptions,
    SoundFileSource,
    check_rate_and_channels,
)
from flowlace.sources.source import Medium, Source, SourceCounts, SourceError
from flowlace.sources.stream_keeper import ReconnectPolicy, StreamKeeper
from flowlace.sources.video_file import VideoFileSource

_FILE_ENDINGS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}
_NO_TIME = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """How a network stream is opened and watched."""

    transport: str = "tcp"
    """RTSP over `tcp` (whole pictures) or `udp` (less delay, broken pictures on loss)."""

    open_timeout_s: float = 10.0
    """Limit for connecting and finding the video in the stream."""

    read_timeout_s: float = 5.0
    """Limit for one packet to arrive."""

    watchdog_s: float = 10.0
    """A stream without a whole frame for this long is opened again."""

    first_tries: int = 5
    """Failures in a row before the first frame that make it an error; 0 tries for ever."""

    seed: int = 0
    """Of the jitter of the delays between tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSoundOptions(NetworkOptions):
    """How a network stream is opened, and what its sound becomes.

    Rate and channels are fixed beforehand, because a graph wants to know them before the first
    connection, and a camera may come back with others.
    """

    rate: int = 16_000
    """Samples a second to give."""

    channels: int = 1
    """Channels to give; 1 mixes all."""

    buffer_s: float = 10.0
    """Sound that may wait for the graph; older sound is dropped."""

    def __post_init__(self) -> None:
        check_rate_and_channels(self.rate, self.channels)


class NetworkStream:
    """One connection; frames of pictures and of sound come as PyAV gives them."""

    def __init__(
        self,
        address: str,
        options: NetworkOptions,
        open_container: Callable[..., Any] = av.open,
        media: Collection[Medium] = (Medium.PICTURES,),
    ) -> None:
        with _plain_errors():
            self._container = open_container(
                address,
                options=ffmpeg_options(address, options),
                timeout=(options.open_timeout_s, options.read_timeout_s),
            )
        try:
            self._streams = [self._first(medium) for medium in media]
        except ValueError:
            self.close()
            raise

    def _first(self, medium: Medium) -> Any:
        if medium is Medium.SOUND:
            if not self._container.streams.audio:
                raise ValueError("the stream holds no sound")
            return self._container.streams.audio[0]
        if not self._container.streams.video:
            raise ValueError("the stream holds no video")
        video = self._container.streams.video[0]
        # Decoding several frames at once would hold each back until the next ones are in.
        video.thread_type = "SLICE"
        return video

    def __iter__(self) -> Iterator[Any]:
        with _plain_errors():
            for packet in self._container.demux(*self._streams):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    continue  # packets before the first key frame, or damaged on the way
                yield from (one for one in frames if not one.is_corrupt)

    def close(self) -> None:
        """Hangs up."""
        self._container.close()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Lets the reason of an error through without the address, which may hold a password."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise OSError(error.strerror) from error


def ffmpeg_options(address: str, options: NetworkOptions) -> dict[str, str]:
    """Returns the options FFmpeg needs to be quick and never to hang, by protocol."""
    scheme = urlsplit(address).scheme
    timeout_us = str(round(options.read_timeout_s * 1e6))
    common = {"fflags": "nobuffer", "flags": "low_delay"}
    if scheme in ("rtsp", "rtsps"):
        # `timeout` is the socket's, in microseconds; FFmpeg before 5 called it `stimeout`.
        return common | {"rtsp_transport": options.transport, "timeout": timeout_us}
    if scheme in ("http", "https"):
        return common | {"timeout": timeout_us, "rw_timeout": timeout_us}
    return common | {"rw_timeout": timeout_us}


def without_password(address: str) -> str:
    """Returns an address that may be shown.

    >>> without_password("rtsp://me:secret@camera/1")
    'rtsp://me:***@camera/1'
    """
    return re.sub(r"(//[^/@:]*):[^/]*@", r"\1:***@", address)


def network_source(
    address: str,
    clock: Clock,
    options: NetworkOptions = NetworkOptions(),
    open_container: Callable[..., Any] = av.open,
) -> ReconnectingSource[Any]:
    """Returns a live source of pictures for an address FFmpeg can open."""
    _check(options)
    counts = SourceCounts()
    return ReconnectingSource(
        without_password(address),
        lambda: NetworkStream(address, options, open_container),
        _to_image(counts),
        clock,
        _policy(options),
        counts,
    )


def _to_image(counts: SourceCounts) -> Callable[[Any], Image]:
    # A camera that is set to another size must not end a graph that runs for months.
    sizes = SizeKeeper("rescale", counts)
    return lambda frame: sizes.image(upright_rgb(frame))


def _policy(options: NetworkOptions) -> ReconnectPolicy:
    return ReconnectPolicy(
        watchdog_s=options.watchdog_s, first_tries=options.first_tries, seed=options.seed
    )


def _check(options: NetworkOptions) -> None:
    if options.transport not in ("tcp", "udp"):
        raise ValueError(f"option transport={options.transport!r} must be 'tcp' or 'udp'")


class SharedConnection:
    """Feeds a source of sound, and one of pictures if asked for, from one connection.

    It hangs up when all of them are closed.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        options: NetworkSoundOptions,
        *,
        with_pictures: bool,
        open_container: Callable[..., Any] = av.open,
    ) -> None:
        _check(options)
        name = without_password(address)
        self._clock = clock
        self._timeline = LiveTimeline()
        shape = LiveSoundShape(
            rate=options.rate, channels=options.channels, buffer_s=options.buffer_s
        )
        self.sound = _SharedSound(name, shape, clock, self._hang_up)
        self.pictures: _SharedPictures | None = None
        if with_pictures:
            self.pictures = _SharedPictures(name, clock, self._hang_up)
        self._sources = [one for one in (self.sound, self.pictures) if one is not None]
        media = [Medium.SOUND, Medium.PICTURES] if with_pictures else [Medium.SOUND]
        self._keeper = StreamKeeper(
            name,
            lambda: NetworkStream(address, options, open_container, media),
            clock,
            _policy(options),
            self,
        )

    def accept(self, raw: Any) -> None:
        """Passes a frame on to the source it is for, on the thread that reads the connection."""
        is_sound = isinstance(raw, av.AudioFrame)
        sent_us = None if raw.pts is None else exact_microseconds(raw.pts, raw.time_base)
        duration_us = Fraction(raw.samples * 10**6, raw.sample_rate) if is_sound else _NO_TIME
        time_us = self._timeline.stamp(sent_us, self._clock.now_us(), duration_us)
        if is_sound:
            start_us = None if sent_us is None and self.sound.end_us is not None else time_us
            self.sound.put(float_samples(raw), raw.sample_rate, start_us)
        elif self.pictures is not None:
            self.pictures.put(raw, round(time_us))

    def on_reconnect(self) -> None:
        """Starts a new line of time; counts at each source."""
        self._timeline.restart()
        for source in self._sources:
            source.on_reconnect()

    def on_end(self, error: SourceError) -> None:
        """Ends the reading of each source with an error."""
        for source in self._sources:
            source.on_end(error)

    def _hang_up(self) -> None:
        if all(source.is_closed for source in self._sources):
            self._keeper.close()


class _SharedSound(LiveSound):
    def __init__(
        self, name: str, shape: LiveSoundShape, clock: Clock, hang_up: Callable[[], None]
    ) -> None:
        super().__init__(name, shape, clock)
        self._hang_up = hang_up
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True
        self._hang_up()
        super().close()


class _SharedPictures(LivePictures[Any]):
    def __init__(self, name: str, clock: Clock, hang_up: Callable[[], None]) -> None:
        counts = SourceCounts()
        super().__init__(name, _to_image(counts), clock, counts)
        self._hang_up = hang_up
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True
        self._hang_up()
        super().close()


def open_network(url: Url, clock: Clock) -> Source:
    """Opens the pictures of a network address named on the command line."""
    if is_file_on_a_server(url):
        return VideoFileSource(url.rest)
    return network_source(url.rest, clock, url.read_options(NetworkOptions))


def open_network_sound(url: Url, clock: Clock) -> Source:
    """Opens the sound of a network address named on the command line."""
    if is_file_on_a_server(url):
        file = SoundFileSource(url.rest, url.read_options(SoundFileOptions))
        if not file.is_endless:
            return file
        file.close()  # radio stations end in .mp3 too
    options = url.read_options(NetworkSoundOptions)
    return SharedConnection(url.rest, clock, options, with_pictures=False).sound


def open_network_pair(pictures: Url, sound: Url, clock: Clock) -> tuple[Source, Source]:
    """Opens pictures and sound of one address over one connection.

    Raises ValueError where the two ask for different connections.
    """
    options = sound.read_options(NetworkSoundOptions)
    wanted = pictures.read_options(NetworkOptions)
    for one in fields(NetworkOptions):
        asked, given = getattr(wanted, one.name), getattr(options, one.name)
        if asked != given:
            raise ValueError(
                f"option {one.name} is {asked!r} for the pictures and {given!r} for the sound of "
                "one connection; write the same for both"
            )
    shared = SharedConnection(sound.rest, clock, options, with_pictures=True)
    assert shared.pictures is not None
    return shared.pictures, shared.sound


def is_file_on_a_server(url: Url) -> bool:
    """Tells whether an address is read as a file, lossless, instead of live."""
    ending = PurePath(urlsplit(url.rest).path).suffix.lower()
    return url.name in ("http", "https") and ending in _FILE_ENDINGS | set(SOUND_ENDINGS)
