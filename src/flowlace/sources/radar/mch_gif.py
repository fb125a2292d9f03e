"""MeteoSwiss composites as GIF: the palette's places are steps of rain in five minutes.

The places matter, not the colours, and OpenCV gives colours only; so the GIF is taken apart here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, time_in_name
from flowlace.sources.radar.rain_values import ReadRules

_PROJECTION = "EPSG:21781"
_WEST, _NORTH = 255_000.0, 480_000.0


def read_mch_gif(file: RadarFile, rules: ReadRules) -> list[RadarGrid]:  # noqa: ARG001
    """Returns the picture as rain; 255 is nothing seen.

    A place stands for `(10^((place - 71.5) / 20) / 316)^(1 / 1.5)` mm in five minutes.
    The time is that of the file's name, `AQC` + yyDDDhhmm.
    """
    time = time_in_name(file.name)
    if time is None:
        raise RadarFileError(f"{file.name}: a GIF needs its time in its name, such as AQC161932045")
    places = gif_places(file)
    table = 12 * (10 ** ((np.arange(256) - 71.5) / 20) / 316) ** (1 / 1.5)
    table[[0, 1, 251, 252, 253, 254]] = 0.0
    table[255] = np.nan
    rows, columns = places.shape
    return [
        RadarGrid(
            rain_rate_mm_h=table.astype(np.float32)[places],
            projection=_PROJECTION,
            extent=Extent(_WEST, _NORTH - rows * 1000, _WEST + columns * 1000, _NORTH),
            observed_us=time,
            source=f"MeteoSwiss {file.name[:3]}",
        )
    ]


def gif_places(file: RadarFile) -> NDArray[np.uint8]:
    """Returns the places in the palette `[y, x]` of the first picture of a GIF."""
    data = file.data
    try:
        at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 128 else 0)
        while data[at] == 0x21:
            at = _end_of_blocks(data, at + 2)
        if data[at] != 0x2C:
            raise RadarFileError(f"{file.name}: the GIF holds no picture")
        columns = int.from_bytes(data[at + 5 : at + 7], "little")
        rows = int.from_bytes(data[at + 7 : at + 9], "little")
        flags = data[at + 9]
        at += 10 + (3 << ((flags & 7) + 1) if flags & 128 else 0)
        end = _end_of_blocks(data, at + 1)
        packed = _blocks(data, at + 1, end)
        pixels = _unpack(packed, data[at], rows * columns)
    except IndexError as error:
        raise RadarFileError(f"{file.name}: the GIF is cut off") from error
    if len(pixels) < rows * columns:
        raise RadarFileError(f"{file.name}: the GIF is cut off")
    places = np.frombuffer(pixels, np.uint8, rows * columns).reshape(rows, columns)
    return _deinterlaced(places) if flags & 64 else places


def _end_of_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _blocks(data: bytes, at: int, end: int) -> bytes:
    parts = []
    while at < end - 1:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(parts)


def _unpack(packed: bytes, bits: int, wanted: int) -> bytearray:
    """Returns the pixels that LZW packed (GIF89a, appendix F)."""
    clear, stop = 1 << bits, (1 << bits) + 1
    fresh = [bytes([one]) for one in range(clear)] + [b"", b""]
    table, width, last = fresh.copy(), bits + 1, b""
    pixels = bytearray()
    held = count = 0
    for byte in packed:
        held |= byte << count
        count += 8
        while count >= width:
            code = held & ((1 << width) - 1)
            held >>= width
            count -= width
            if code == clear:
                table, width, last = fresh.copy(), bits + 1, b""
                continue
            if code == stop or len(pixels) >= wanted:
                return pixels
            entry = table[code] if code < len(table) else last + last[:1]
            pixels += entry
            if last and len(table) < 4096:
                table.append(last + entry[:1])
                if len(table) == 1 << width and width < 12:
                    width += 1
            last = entry
    return pixels


def _deinterlaced(places: NDArray[np.uint8]) -> NDArray[np.uint8]:
    order = [
        row
        for start, step in ((0, 8), (4, 8), (2, 4), (1, 2))
        for row in range(start, len(places), step)
    ]
    sorted_rows = np.empty_like(places)
    sorted_rows[order] = places
    return sorted_rows
