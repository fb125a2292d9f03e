"""One grammar for everything that can feed a graph.

| typed | opened |
| --- | --- |
| `0`, `/dev/video0` | camera |
| `clip.mp4`, any file FFmpeg reads | video file |
| `street.png` | one picture |
| `frames/`, `frames/*.png` | pictures, one after the other |
| `rtsp://…`, `http://…` | network stream; `http://…/clip.mp4` is read as a file |
| `testsrc:street` | built-in moving pictures |

Options follow a question mark: `frames/*.png?fps=10`, `0?width=1280`; for network
addresses, whose question mark belongs to the server, a hash: `rtsp://cam/1#transport=udp`.

Other packages add names and file endings with `opens_source` or the entry-point group
`flowlace.sources` (name: `mic` or `.mcap`, value: `module:function`); the function takes
`(url: Url, clock: Clock)` and returns a Source.
"""

import glob
import re
from pathlib import Path
from typing import cast

from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.openers import Openers, Url
from flowlace.sources.source import Source, SourceError

_NETWORK = ("rtsp", "rtsps", "http", "https", "rtmp", "udp", "srt")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")

_openers = Openers(
    "flowlace.sources",
    {
        "testsrc": "flowlace.sources.testsrc.registry:open_test_source",
        **dict.fromkeys(_NETWORK, "flowlace.sources.network:open_network"),
        **dict.fromkeys(_PICTURES, "flowlace.sources.image_sequence:open_image_sequence"),
        "camera": "flowlace.sources.camera:open_camera",
        "folder": "flowlace.sources.image_sequence:open_image_sequence",
        "video": "flowlace.sources.video_file:open_video_file",
    },
)
opens_source = _openers.opens

_OPTIONS = re.compile(r"(?s)^(.*?)[?](\w+=[^?/&]*(?:&\w+=[^?/&]*)*)$")
_NETWORK_OPTIONS = re.compile(r"(?s)^(.*?)#(\w+=[^#&]*(?:&\w+=[^#&]*)*)$")


def open_source(url: str, clock: Clock | None = None) -> Source:
    """Returns the source that `url` names; see the head of this file for the grammar.

    `clock` stamps live sources; sources of one graph must share it. Raises SourceError
    that names the URL and what is known if nothing can open it.
    """
    parsed = parse_url(url)
    try:
        opened = _openers.opener(parsed.name)(parsed, clock or MonotonicClock())
    except ValueError as error:
        raise SourceError(f"source {url!r}: {error}") from error
    return cast(Source, opened)


def parse_url(text: str) -> Url:
    """Returns `text` taken apart, with the name of what opens it; SourceError if unknown."""
    plain, options = _split(text)
    name = _name(plain) if plain else None
    if name is None:
        raise SourceError(_unknown(text))
    prefix = f"{name}:"
    rest = plain.removeprefix(prefix) if name not in _NETWORK else plain
    return Url(text, name, "" if plain == name else rest, options)


def _split(text: str) -> tuple[str, str]:
    if Path(text).exists():
        return text, ""
    is_network = text.partition("://")[0] in _NETWORK
    match = (_NETWORK_OPTIONS if is_network else _OPTIONS).match(text)
    return (match[1], match[2]) if match else (text, "")


def _name(plain: str) -> str | None:
    if re.fullmatch(r"\d+|/dev/video\d+", plain):
        return "camera"
    if (scheme := plain.partition("://")[0]) in _NETWORK:
        return scheme
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
