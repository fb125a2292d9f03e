"""`NAME=URL`: which source feeds and which sink takes which stream of a graph."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from flowlace.formats.image import Image
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.time_series import Matrix
from flowlace.framework.contract import ConnectedPort, alternatives
from flowlace.runner.errors import RunnerError, unknown_name
from flowlace.sources.sound_endings import SOUND_ENDINGS
from flowlace.sources.source import Medium

_NAMED = re.compile(r"(?s)([a-z_][a-z0-9_]*)=(.*)")
NOWHERE = ("none", "null")
"""Sinks that write nothing, so any number of streams may share one."""

_SOUND_SOURCE = re.compile(r"(?s)(mic|pcm|sound)([:?].*)?|testsrc:sounds.*")
_PAYLOADS: dict[type, tuple[str, ...]] = {
    Nowcast: (".nc", ".tif", ".tiff", ".zarr", ".zarr/"),
    Image: (".mp4", ".mkv", ".mov", ".avi", ".gif", ".png", ".jpg", ".jpeg", "/"),
    Matrix: (".wav", ".flac", ".ogg", ".oga", ".opus"),
}
"""What sinks take by their ending; all others take what these don't."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One source or sink and the stream it belongs to."""

    stream: str
    """Name of the graph's stream; empty where the user left it out."""

    url: str


def parse_binding(text: str) -> Binding:
    """Returns the parts of `NAME=URL`; a URL alone has no name.

    Example:
        >>> parse_binding("boxes=out.jsonl")
        Binding(stream='boxes', url='out.jsonl')
        >>> parse_binding("testsrc:street?seed=1")
        Binding(stream='', url='testsrc:street?seed=1')
    """
    match = _NAMED.fullmatch(text)
    return Binding(match[1], match[2]) if match else Binding("", text)


def bind_sources(texts: Iterable[str], inputs: dict[str, ConnectedPort]) -> list[dict[str, str]]:
    """Returns, for each graph to run, the source URL of each input stream.

    Unnamed sources go to the one input that takes pictures, or the one that takes sound where
    there is none or the source holds nothing else; several of them make several graphs.

    Raises:
        RunnerError: a name the graph does not have, or no way to tell which stream is meant.
    """
    bindings = [parse_binding(text) for text in texts]
    named = {one.stream: one.url for one in bindings if one.stream}
    for name in named:
        _check_name(name, inputs, "input")
    unnamed = [one.url for one in bindings if not one.stream]
    if not unnamed:
        return [named]
    return [{**named, _stream_of(url, inputs, named): url} for url in unnamed]


def _stream_of(url: str, inputs: dict[str, ConnectedPort], named: dict[str, str]) -> str:
    is_sound = _SOUND_SOURCE.fullmatch(url) or _plain(url).endswith(SOUND_ENDINGS)
    first = Medium.SOUND if is_sound else Medium.PICTURES
    return _main_stream(inputs, named, "input", "source", first)


def bind_sinks(texts: Sequence[str], outputs: dict[str, ConnectedPort]) -> list[Binding]:
    """Returns the sinks with the stream of each.

    A sink without a name takes the graph's pictures, sound or nowcasts if it holds such, else its
    other output; where there are several, the one its file is called after (`words.jsonl`). A
    stream may be named in the singular.

    Raises:
        RunnerError: a name the graph does not have, no way to tell which stream is meant, or
            one file for two streams.
    """
    bound: list[Binding] = []
    for binding in map(parse_binding, texts):
        _check_is_free(binding.url, bound)
        if binding.stream:
            name = _in_plural(binding.stream, outputs)
            _check_name(name, outputs, "output")
            bound.append(Binding(name, binding.url))
            continue
        wanted = _payload_of_sink(binding.url)
        fitting = {name: port for name, port in outputs.items() if _payload_of(port) is wanted}
        called = PurePath(binding.url.partition("?")[0]).stem
        candidates = {called: outputs[called]} if called in fitting else fitting or outputs
        bound.append(Binding(_main_stream(candidates, {}, "output", "sink"), binding.url))
    return bound


def numbered(url: str, index: int, count: int) -> str:
    """Returns the sink of one of several graphs: `{index}` filled in, or put before the ending.

    Example:
        >>> numbered("out.mp4", 1, 2), numbered("cam{index}.mp4", 1, 2), numbered("out.mp4", 0, 1)
        ('out-1.mp4', 'cam1.mp4', 'out.mp4')
    """
    if "{index}" in url:
        return url.replace("{index}", str(index))
    if count == 1 or url in NOWHERE:
        return url
    plain, question, options = url.partition("?")
    stem, dot, ending = plain.rpartition(".")
    if not dot or "/" in ending:
        return f"{plain.rstrip('/')}-{index}/{question}{options}"
    return f"{stem}-{index}.{ending}{question}{options}"


def medium_of(port: ConnectedPort) -> Medium | None:
    """Returns whether a stream is one of pictures, of sound, or neither."""
    kinds = [one for one in alternatives(port.type) if isinstance(one, type)]
    if any(issubclass(one, Image) for one in kinds):
        return Medium.PICTURES
    return Medium.SOUND if any(issubclass(one, Matrix) for one in kinds) else None


def _plain(url: str) -> str:
    return url.partition("?")[0].lower()


def _payload_of_sink(url: str) -> type | None:
    """Returns what a sink takes; None where that is anything, text for example."""
    endings = ((kind, ends) for kind, ends in _PAYLOADS.items() if _plain(url).endswith(ends))
    return next((kind for kind, _ in endings), None)


def _payload_of(port: ConnectedPort) -> type | None:
    """Returns what a stream carries that has sinks of its own; None for all else."""
    kinds = [one for one in alternatives(port.type) if isinstance(one, type)]
    return next((kind for kind in _PAYLOADS if any(issubclass(one, kind) for one in kinds)), None)


def _in_plural(name: str, ports: dict[str, ConnectedPort]) -> str:
    return f"{name}s" if name not in ports and f"{name}s" in ports else name


def _main_stream(
    ports: dict[str, ConnectedPort],
    taken: dict[str, str],
    what: str,
    option: str,
    first: Medium = Medium.PICTURES,
) -> str:
    free = [name for name in ports if name not in taken]
    by_medium = {
        medium: [name for name in free if medium_of(ports[name]) is medium] for medium in Medium
    }
    second = Medium.PICTURES if first is Medium.SOUND else Medium.SOUND
    candidates = by_medium[first] or by_medium[second] or free
    if len(candidates) == 1:
        return candidates[0]
    if not free:
        raise RunnerError(f"the graph has no {what} stream left for a --{option} without a name")
    raise RunnerError(
        f"which {what} stream is meant? write --{option} NAME=URL with one of: {', '.join(free)}"
    )


def _check_is_free(url: str, bound: list[Binding]) -> None:
    if url not in NOWHERE and any(one.url == url for one in bound):
        raise RunnerError(f"--sink {url!r} is given twice; each stream needs a file of its own")


def _check_name(name: str, ports: dict[str, ConnectedPort], what: str) -> None:
    if name not in ports:
        known = ", ".join(ports) or "none"
        message = f"the graph has no {what} stream {name!r}; it has: {known}"
        raise unknown_name(message, name, ports)
