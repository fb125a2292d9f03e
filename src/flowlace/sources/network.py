"""Network streams: RTSP, MJPEG over HTTP and whatever else FFmpeg opens.

Everything that can wait has a limit: FFmpeg's own time-outs in `options`, PyAV's interrupt
on opening and reading, and the watchdog over both. An HTTP address that ends like a video
file is read as a file: lossless, with its own timestamps, to its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import av

from flowlace.formats.image import Image
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.decoding import SizeKeeper, upright_rgb
from flowlace.sources.reconnecting import ReconnectingSource, ReconnectPolicy
from flowlace.sources.source import Source, SourceCounts
from flowlace.sources.video_file import VideoFileSource

_FILE_ENDINGS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}


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


class NetworkStream:
    """One connection; frames come as PyAV gives them."""

    def __init__(
        self, address: str, options: NetworkOptions, open_container: Callable[..., Any] = av.open
    ) -> None:
        with _plain_errors():
            self._container = open_container(
                address,
                options=ffmpeg_options(address, options),
                timeout=(options.open_timeout_s, options.read_timeout_s),
            )
        self._video = next(iter(self._container.streams.video), None)
        if self._video is None:
            self.close()
            raise ValueError("the stream holds no video")
        # Decoding several frames at once would hold each back until the next ones are in.
        self._video.thread_type = "SLICE"

    def __iter__(self) -> Iterator[Any]:
        with _plain_errors():
            for packet in self._container.demux(self._video):
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
    """Returns a live source for an address FFmpeg can open."""
    if options.transport not in ("tcp", "udp"):
        raise ValueError(f"option transport={options.transport!r} must be 'tcp' or 'udp'")
    counts = SourceCounts()
    # A camera that is set to another size must not end a graph that runs for months.
    sizes = SizeKeeper("rescale", counts)

    def to_image(frame: Any) -> Image:
        return sizes.image(upright_rgb(frame))

    return ReconnectingSource(
        without_password(address),
        lambda: NetworkStream(address, options, open_container),
        to_image,
        clock,
        ReconnectPolicy(
            watchdog_s=options.watchdog_s, first_tries=options.first_tries, seed=options.seed
        ),
        counts,
    )


def open_network(url: Url, clock: Clock) -> Source:
    """Opens a network address named on the command line."""
    path = PurePath(urlsplit(url.rest).path)
    if url.name in ("http", "https") and path.suffix.lower() in _FILE_ENDINGS:
        return VideoFileSource(url.rest)
    return network_source(url.rest, clock, url.read_options(NetworkOptions))
