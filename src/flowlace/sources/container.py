"""Opens what FFmpeg reads, with plain words where it can't be read."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av

from flowlace.sources.decoding import to_microseconds
from flowlace.sources.source import SourceError

_HTTP_TIMEOUTS_S = (10.0, 10.0)  # to open, to read: only a file on a server ever waits


def open_container(name: str, medium: str) -> Any:
    """Returns the open container of PyAV; SourceError says why it can't be read as `medium`."""
    is_remote = "://" in name
    if not is_remote:
        _check_readable(Path(name), medium)
    try:
        return av.open(name, timeout=_HTTP_TIMEOUTS_S if is_remote else None)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        if not is_remote and _lacks_index(Path(name)):
            reason = "its index (moov) is missing, so it was cut off before it was finished"
        raise SourceError(f"source {name!r} can't be read as {medium}: {reason}") from error


def _check_readable(path: Path, medium: str) -> None:
    """Says plainly what FFmpeg would call "invalid data"."""
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise SourceError(f"source {str(path)!r} can't be opened: {error.strerror}") from error
    if is_empty:
        raise SourceError(f"source {str(path)!r} can't be read as {medium}: the file is empty")


def _lacks_index(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data[4:8] == b"ftyp" and data.find(b"moov") < 0


def packets_to_cut(
    container: Any, stream: Any, on_cut: Callable[[av.error.FFmpegError], None]
) -> Iterator[Any]:
    """Yields the packets of a stream to where it breaks off, and then one that ends decoding."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            on_cut(error)
            # What the decoder still holds is good, so let it go before the end.
            packet = av.Packet()
            packet.stream = stream
            yield packet
            return
        yield packet


def time_of(packet: Any) -> str:
    """Returns the time of a packet for messages."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return "the end" if stamp is None else f"{to_microseconds(stamp, packet.time_base)} µs"
