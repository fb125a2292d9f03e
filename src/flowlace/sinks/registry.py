"""One grammar for everything that can take the output of a graph.

| typed | opened |
| --- | --- |
| `out.mp4`, `.mkv`, `.mov`, `.avi` | video file |
| `out.flac`, `.wav`, `.opus`, `.ogg` | sound file |
| `out/`, `out/%012d.png`, `out/%012d.jpg` | pictures, named by their timestamp in µs |
| `out.svg`, `waveform:out.png` | bars of sound as a coloured waveform |
| `out.jsonl`, `-` | one JSON object a line; `-` is the standard output |
| `out.gif` | animation; `?last=7` keeps the newest pictures only |
| `out.nc`, `out_%Y%m%dT%H%M%SZ.nc` | nowcasts as CF-NetCDF: all, or one a file |
| `out_%Y%m%dT%H%M%SZ.tif` | each nowcast as a Cloud-Optimised GeoTIFF; `out.tif` is the newest |
| `out.zarr` | nowcasts as a Zarr store |
| `out.txt` | tracked boxes as MOT Challenge text, frames counted from 1 by packets |
| `none`, `null` | nowhere; packets are counted |

Options follow a question mark: `out.mp4?crf=18`. Other packages add names and endings with
`opens_sink` or the entry-point group `flowlace.sinks`; the function takes `(url: Url)`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flowlace.framework.openers import Openers, Url
from flowlace.sinks.sink import NullSink, Sink, SinkError

_VIDEO = "flowlace.sinks.video_file:open_video_file"
_SOUND = "flowlace.sinks.sound_file:open_sound_file"
_WAVEFORM = "flowlace.sinks.waveform_picture:open_waveform_picture"
_PICTURES = "flowlace.sinks.image_folder:open_image_folder"

_openers = Openers(
    "flowlace.sinks",
    {
        **dict.fromkeys((".mp4", ".mov", ".mkv", ".avi"), _VIDEO),
        **dict.fromkeys((".flac", ".wav", ".opus", ".ogg", ".oga"), _SOUND),
        **dict.fromkeys((".png", ".jpg", ".jpeg", "folder"), _PICTURES),
        ".jsonl": "flowlace.sinks.json_lines:open_json_lines",
        **dict.fromkeys((".svg", "waveform"), _WAVEFORM),
        ".gif": "flowlace.sinks.gif_file:open_gif",
        ".nc": "flowlace.sinks.netcdf_file:open_netcdf",
        **dict.fromkeys((".tif", ".tiff"), "flowlace.sinks.geotiff_file:open_geotiff"),
        ".zarr": "flowlace.sinks.zarr_store:open_zarr",
        ".txt": "flowlace.sinks.mot_text:open_mot_text",
        "-": "flowlace.sinks.json_lines:open_standard_output",
    },
)
opens_sink = _openers.opens

_OPTIONS = re.compile(r"(?s)^(.*?)[?](\w+=[^?/&]*(?:&\w+=[^?/&]*)*)$")


@opens_sink("none", "null")
def _open_null(url: Url) -> Sink:
    url.read_options(_NoOptions)
    return NullSink()


@dataclass(frozen=True, slots=True)
class _NoOptions:
    pass


def open_sink(url: str) -> Sink:
    """Returns the sink that `url` names; see the head of this file for the grammar.

    Raises SinkError that names the URL and what is known if nothing can open it.
    """
    match = _OPTIONS.match(url)
    plain, options = (match[1], match[2]) if match else (url, "")
    known_name = _openers.name_of(plain)
    is_folder = plain.endswith("/") or (bool(plain) and Path(plain).is_dir())
    name = "folder" if is_folder and known_name != ".zarr" else known_name
    if name is None:
        known = ", ".join(_openers.known())
        raise SinkError(f"sink {url!r} is of no kind that is known; known are: {known}")
    try:
        parsed = Url(url, name, plain.removeprefix(f"{name}:"), options)
        return cast(Sink, _openers.opener(name)(parsed))
    except ValueError as error:
        raise SinkError(f"sink {url!r}: {error}") from error
