"""One grammar for everything that can feed a graph.

| typed | opened |
| --- | --- |
| `0`, `/dev/video0` | camera |
| `clip.mp4`, any file FFmpeg reads | its pictures, or its sound where sound is wanted |
| `take.wav`, `.flac`, `.mp3`, `.ogg`, … | sound file |
| `street.png` | one picture |
| `frames/`, `frames/*.png` | pictures, one after the other |
| `rtsp://…`, `http://…` | network stream; `http://…/clip.mp4` is read as a file |
| `mic`, `mic:2`, `mic:USB` | microphone, by number or a part of its name |
| `pcm:-?rate=16000&channels=1&format=s16le` | bare samples from the standard input, or a file |
| `rec.mcap`, `rec.mcap?stream=NAME` | a stream of a recording |
| `radar:DATA`, `mrms:DATA` | radar files: one, a folder, a glob; `?live=1` watches the folder |
| `radar:https://…/`, `radar:s3://bucket/…/` | radar files a server lists; `?live=1` polls it |
| `testsrc:street`, `testsrc:sounds` | built-in moving pictures, built-in sound |
| `testsrc:storm` | built-in rain that moves, grows, decays and merges |

Options follow a question mark: `frames/*.png?fps=10`, `0?width=1280`; for network
addresses, whose question mark belongs to the server, a hash: `rtsp://cam/1#transport=udp`. Lists of
radar files are rarely asked for with a question mark, so either is taken: the hash where there is
one.

Whether a video file or a network address gives pictures or sound is for the graph to say: it is
what the stream takes that is fed. `video:clip.mp4` and `sound:clip.mp4` say it in so many words.

Other packages add names and file endings with `opens_source` or the entry-point group
`flowlace.sources` (name: `mic` or `.mcap`, value: `module:function`); the function takes
`(url: Url, clock: Clock)` and returns a Source. What opens an address's sound where the same
address also has pictures is added with `opens_sound` or the group `flowlace.sound_sources`.
"""

import glob
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.openers import Openers, Url
from flowlace.sources.sound_endings import SOUND_ENDINGS
from flowlace.sources.source import Medium, Source, SourceError

_NETWORK = ("rtsp", "rtsps", "http", "https", "rtmp", "udp", "srt")
_RADAR = ("radar", "mrms")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")

_openers = Openers(
    "flowlace.sources",
    {
        **dict.fromkeys(_RADAR, "flowlace.sources.radar.opening:open_radar"),
        "testsrc": "flowlace.sources.testsrc.registry:open_test_source",
        **dict.fromkeys(_NETWORK, "flowlace.sources.network:open_network"),
        **dict.fromkeys(_PICTURES, "flowlace.sources.image_sequence:open_image_sequence"),
        **dict.fromkeys(SOUND_ENDINGS, "flowlace.sources.sound_file:open_sound_file"),
        ".mcap": "flowlace.recording.recorded_source:open_recording",
        "sound": "flowlace.sources.sound_file:open_sound_file",
        "mic": "flowlace.sources.microphone:open_microphone",
        "pcm": "flowlace.sources.pcm:open_pcm",
        "camera": "flowlace.sources.camera:open_camera",
        "folder": "flowlace.sources.image_sequence:open_image_sequence",
        "video": "flowlace.sources.video_file:open_video_file",
    },
)
opens_source = _openers.opens

_sound_openers = Openers(
    "flowlace.sound_sources",
    {
        **dict.fromkeys(_NETWORK, "flowlace.sources.network:open_network_sound"),
        "video": "flowlace.sources.sound_file:open_sound_file",
    },
)
opens_sound = _sound_openers.opens

_OPTIONS = re.compile(r"(?s)^(.*?)[?](\w+=[^?/&]*(?:&\w+=[^?/&]*)*)$")
_NAMED_OPTIONS = re.compile(r"(?s)^(.*?)[?](\w+=[^?&]*(?:&\w+=[^?&]*)*)$")
_NETWORK_OPTIONS = re.compile(r"(?s)^(.*?)#(\w+=[^#&]*(?:&\w+=[^#&]*)*)$")
_NAMED = ("testsrc:", "pcm:", "mic:", "mic?")
"""No folders, so a question mark is not that of a glob and options may hold paths."""
_RADAR_ON_A_SERVER = re.compile(r"(?:radar|mrms):(?:https?|s3)://")


def open_source(url: str, clock: Clock | None = None, wants: Medium | None = None) -> Source:
    """Returns the source that `url` names; see the head of this file for the grammar.

    `clock` stamps live sources; sources of one graph must share it. `wants` is what the stream
    takes, where that is known. Raises SourceError that names the URL and what is known if nothing
    can open it, or if it gives something else.
    """
    parsed = parse_url(url, wants)
    if parsed.name == "folder" and wants is Medium.SOUND:
        raise SourceError(
            f"source {url!r} is a folder or a pattern, which gives pictures, but the stream it "
            "feeds takes sound; name one sound file"
        )
    openers = _openers
    if wants is Medium.SOUND and _sound_openers.name_of(f"{parsed.name}:") is not None:
        openers = _sound_openers
    try:
        opened = cast(Source, openers.opener(parsed.name)(parsed, clock or MonotonicClock()))
    except ValueError as error:
        raise SourceError(f"source {url!r}: {error}") from error
    if wants is not None and opened.medium not in (None, wants):
        opened.close()
        assert opened.medium is not None
        gives = opened.medium.value
        raise SourceError(
            f"source {url!r} gives {gives}, but the stream it feeds takes {wants.value}"
        )
    return opened


def open_sources(
    urls: Mapping[str, str], clock: Clock, wants: Mapping[str, Medium | None]
) -> dict[str, Source]:
    """Returns the sources of one graph by the streams they feed.

    Pictures and sound of one network address come over one connection. If one source can't be
    opened, the others are closed.
    """
    opened: dict[str, Source] = {}
    with ExitStack() as closing:
        for pictures, sound in _pairs(urls, wants):
            pair = _open_pair(urls[pictures], urls[sound], clock)
            opened |= dict(zip((pictures, sound), pair, strict=True))
            closing.callback(pair[0].close)
            closing.callback(pair[1].close)
        for stream, url in urls.items():
            if stream not in opened:
                opened[stream] = open_source(url, clock, wants.get(stream))
                closing.callback(opened[stream].close)
        closing.pop_all()
    return {stream: opened[stream] for stream in urls}


def _pairs(urls: Mapping[str, str], wants: Mapping[str, Medium | None]) -> list[tuple[str, str]]:
    """Returns the streams that want pictures and sound of the same live address."""
    parts: dict[str, dict[Medium, str]] = {}
    for stream, url in urls.items():
        medium = wants.get(stream)
        if medium is not None and url.partition("://")[0] in _NETWORK and not _is_file(url):
            parts.setdefault(_split(url)[0], {}).setdefault(medium, stream)
    return [
        (both[Medium.PICTURES], both[Medium.SOUND]) for both in parts.values() if len(both) == 2
    ]


def _is_file(url: str) -> bool:
    from flowlace.sources.network import is_file_on_a_server  # not before it is needed

    return is_file_on_a_server(parse_url(url))


def _open_pair(pictures: str, sound: str, clock: Clock) -> tuple[Source, Source]:
    from flowlace.sources.network import open_network_pair

    try:
        return open_network_pair(parse_url(pictures), parse_url(sound), clock)
    except ValueError as error:
        raise SourceError(f"source {sound!r}: {error}") from error


def parse_url(text: str, wants: Medium | None = None) -> Url:
    """Returns `text` taken apart, with the name of what opens it; SourceError if unknown."""
    plain, options = _split(text)
    name = _name(plain) if plain else None
    if name is None:
        raise SourceError(_unknown(text))
    if name in SOUND_ENDINGS and wants is Medium.PICTURES:
        name = "video"  # some of these containers may hold moving pictures after all
    prefix = f"{name}:"
    rest = plain.removeprefix(prefix) if name not in _NETWORK else plain
    return Url(text, name, "" if plain == name else rest, options)


def _split(text: str) -> tuple[str, str]:
    if Path(text).exists():
        return text, ""
    options = _OPTIONS
    if text.partition("://")[0] in _NETWORK:
        options = _NETWORK_OPTIONS
    elif _RADAR_ON_A_SERVER.match(text):
        options = _NETWORK_OPTIONS if "#" in text else _NAMED_OPTIONS
    elif text.startswith(_NAMED):
        options = _NAMED_OPTIONS
    match = options.match(text)
    return (match[1], match[2]) if match else (text, "")


def _name(plain: str) -> str | None:
    if re.fullmatch(r"\d+|/dev/video\d+", plain):
        return "camera"
    if (scheme := plain.partition("://")[0]) in _NETWORK:
        return scheme
    if plain.startswith(tuple(f"{one}:" for one in _RADAR)):
        return plain.partition(":")[0]  # its rest may be a glob
    if Path(plain).is_file():
        return _openers.name_of(plain) or "video"
    if Path(plain).is_dir() or glob.has_magic(plain):
        return "folder"
    if (known := _openers.name_of(plain)) is not None:
        return known
    return None if _is_address(plain) else "video"


def _is_address(plain: str) -> bool:
    """Tells `rstp://x` and `micc` from a file that is missing: those have a folder or an ending."""
    has_scheme = re.match(r"\w[\w+.-]+:", plain) is not None
    return has_scheme or not (Path(plain).suffix or "/" in plain)


def _unknown(text: str) -> str:
    names = ", ".join(f"{one}:" if not one.startswith(".") else one for one in _openers.known())
    return (
        f"source {text!r} is not a file, folder or glob that exists, nor a name that is known; "
        f"known are: a camera number, /dev/videoN, video files, {names}"
    )
