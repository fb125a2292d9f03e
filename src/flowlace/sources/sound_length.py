"""What sound files say of their own length, where FFmpeg doesn't pass it on.

FFmpeg trims the stated length of a WAV file to what is there, and finds an Ogg file complete
wherever it ends; so a file that was cut off looks whole.
"""

import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from flowlace.sources.decoding import exact_microseconds

_CUT_OFF_US: Final = 100_000
_STATES_ITS_LENGTH = {"wav", "w64", "flac", "aiff", "au", "caf", "ogg", "mp4"}
"""Containers that say in front how much follows; FFmpeg lets a cut end pass without a word."""
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # of files written into a pipe
_LARGEST_OGG_PAGE = 65_307
_LAST_PAGE = 4  # flag in byte 5 of a page
_SEGMENTS_AT = 26  # the byte that counts a page's segments; their lengths follow


def missing_sound(path: Path, container: Any, stream: Any, end_us: Fraction | None) -> str:
    """Says what a container promised and did not give; nothing where it can't be known.

    Formats that don't state a length, or guess it from their bit rate, can end early unseen.

    Args:
        path: of the file, which may lie on a server.
        container: of PyAV.
        stream: the sound that was read to its end.
        end_us: when that was, by the times of the file; None where there was no sound.
    """
    if path.is_file() and (missing := missing_end(path)):
        return missing
    kinds = set(container.format.name.split(","))
    is_alone = len(container.streams) == 1  # pictures may last longer
    if not kinds & _STATES_ITS_LENGTH and not ("matroska" in kinds and is_alone):
        return ""
    stated_us = stated_length_us(container, stream)
    if end_us is None or stated_us is None:
        return ""
    lasts_us = end_us - exact_microseconds(stream.start_time or 0, stream.time_base)
    return f"its length should be {stated_us} µs" if lasts_us + _CUT_OFF_US < stated_us else ""


def stated_length_us(container: Any, stream: Any) -> int | None:
    """Returns how long a stream of PyAV lasts by the word of its container."""
    if stream.duration:
        return round(exact_microseconds(stream.duration, stream.time_base))
    return container.duration or None


def missing_end(path: Path) -> str:
    """Returns what a local WAV or Ogg file lacks at its end; nothing where it is whole."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            return _missing_of_wav(path)
        return _missing_of_ogg(path) if head[:4] == b"OggS" else ""


def _missing_of_wav(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 12
        while place + 8 <= size:
            file.seek(place)
            name, length = struct.unpack("<4sI", file.read(8))
            if name == b"data":
                there = size - place - 8
                is_cut = length not in _UNKNOWN_SIZES and there < length
                return f"{there} of {length} bytes of sound are there" if is_cut else ""
            place += 8 + length + length % 2
    return ""


def _missing_of_ogg(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LARGEST_OGG_PAGE), os.SEEK_SET)
        tail = file.read()
    start = tail.rfind(b"OggS")
    page = tail[start:] if start >= 0 else b""
    if len(page) <= _SEGMENTS_AT:
        return "its last page is missing"
    lengths = page[_SEGMENTS_AT + 1 : _SEGMENTS_AT + 1 + page[_SEGMENTS_AT]]
    is_whole = len(page) >= _SEGMENTS_AT + 1 + page[_SEGMENTS_AT] + sum(lengths)
    return "" if is_whole and page[5] & _LAST_PAGE else "its last page is missing"
