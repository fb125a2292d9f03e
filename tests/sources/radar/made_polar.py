"""Writes tiny polar volumes, with bytes as radars have them."""

import bz2
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.sources.radar.made_files import hdf5

DAY = 18_000
"""Days since 1970 began, the first of them counted as 1: 13 April 2019."""
MILLISECONDS = ((15 * 60 + 30) * 60 + 25) * 1000
"""15:30:25."""


def odim_polar(
    scans: Sequence[dict[str, np.ndarray]],
    elevations: Sequence[float] = (0.5,),
    kind: str = "PVOL",
    how: dict[str, Any] | None = None,
    conventions: str = "ODIM_H5/V2_2",
    rstart: float = 0.0,
    bin_m: float = 1000.0,
) -> bytes:
    """Returns a volume of scans, each raw `[ray, bin]` by quantity; value = raw / 2 - 32."""
    groups: dict[str, dict[str, Any]] = {
        "what": {"object": kind, "date": "20190413", "time": "153025", "source": "NOD:nomade"},
        "where": {"lat": 60.0, "lon": 10.0, "height": 100.0},
        "": {"Conventions": conventions},
    }
    arrays: dict[str, np.ndarray] = {}
    for index, (scan, elevation) in enumerate(zip(scans, elevations, strict=True), 1):
        groups[f"dataset{index}/where"] = {
            "elangle": elevation, "rscale": bin_m, "rstart": rstart, "a1gate": 0,
        }  # fmt: skip
        if how:
            groups[f"dataset{index}/how"] = how
        for number, (quantity, raw) in enumerate(scan.items(), 1):
            path = f"dataset{index}/data{number}"
            gain, offset = (0.004, 0.0) if quantity == "RHOHV" else (0.5, -32.0)
            groups[f"{path}/what"] = {
                "quantity": quantity, "gain": gain, "offset": offset,
                "nodata": 255.0, "undetect": 0.0,
            }  # fmt: skip
            arrays[f"{path}/data"] = raw.astype(np.uint8)
    groups["/"] = groups.pop("")
    return hdf5(groups, arrays)


def level2(
    turns: Sequence[dict[str, np.ndarray]],
    elevations: Sequence[float] = (0.5,),
    compressed: bool = True,
    ends: bool = True,
    places: bool = True,
    first_azimuth: float = 0.25,
) -> bytes:
    """Returns a volume of turns, each codes `[ray, bin]` by moment; bins are 1 km from 0 on."""
    messages = [_padded(2, bytes(100))]
    last = len(turns) - 1
    for number, (turn, elevation) in enumerate(zip(turns, elevations, strict=True)):
        rays = len(next(iter(turn.values())))
        for ray in range(rays):
            status = _status(number, ray, rays, number == last and ends)
            azimuth = (first_azimuth + ray * 360 / rays) % 360
            moments = {name: codes[ray] for name, codes in turn.items()}
            messages.append(_message_31(azimuth, elevation, number + 1, status, moments, places))
    if not compressed:
        return volume_header() + b"".join(messages)
    half = len(messages) // 2
    records = [bz2.compress(b"".join(one)) for one in (messages[:half], messages[half:])]
    signs = (1, -1)  # the last one's length is negative
    return volume_header() + b"".join(
        struct.pack(">i", sign * len(one)) + one for sign, one in zip(signs, records, strict=True)
    )


def volume_header(version: bytes = b"AR2V0006.001") -> bytes:
    """Returns what every Level II file begins with."""
    return version + struct.pack(">II4s", DAY, MILLISECONDS, b"KTST")


def _status(turn: int, ray: int, rays: int, is_last: bool) -> int:
    if ray == 0:
        return 0 if turn else 3
    if ray == rays - 1:
        return 4 if is_last else 2
    return 1


def _message(kind: int, body: bytes) -> bytes:
    halfwords = (16 + len(body)) // 2
    return bytes(12) + struct.pack(">HBBHHIHH", halfwords, 0, kind, 1, DAY, 0, 1, 1) + body


def _padded(kind: int, body: bytes) -> bytes:
    return _message(kind, body).ljust(2432, b"\0")


def _message_31(
    azimuth: float, elevation: float, number: int, status: int,
    moments: dict[str, np.ndarray], places: bool,
) -> bytes:  # fmt: skip
    blocks = []
    if places:
        blocks.append(b"RVOL" + struct.pack(">HBBff", 44, 1, 0, 35.25, -97.5) + bytes(28))
    for name, codes in moments.items():
        scale, offset = (300.0, -60.5) if name == "RHO" else (2.0, 66.0)
        word = 16 if codes.dtype == np.uint16 else 8
        head = struct.pack(">HHHHHBBff", len(codes), 500, 1000, 0, 16, 0, word, scale, offset)
        data = codes.astype(">u2" if word == 16 else "u1").tobytes()
        block = b"D" + name.encode() + bytes(4) + head + data
        blocks.append(block + bytes(len(block) % 2))
    pointers, at = [], 32 + 4 * len(blocks)
    for block in blocks:
        pointers.append(at)
        at += len(block)
    body = struct.pack(">4sIHHfBBHBBBBfBBH", b"KTST", 0, DAY, 1, azimuth, 0, 0, at, 1, status,
                       number, 1, elevation, 0, 0, len(blocks))  # fmt: skip
    return _message(31, body + struct.pack(f">{len(blocks)}I", *pointers) + b"".join(blocks))


def level2_of_2005(codes: np.ndarray, elevation: float = 0.5) -> bytes:
    """Returns a volume of one turn in messages of type 1; bins are 1 km, the first around 0."""
    rays, bins = codes.shape
    messages = []
    for ray in range(rays):
        azimuth = round((ray + 0.5) * 360 / rays * 8 * 4096 / 180)
        status = 4 if ray == rays - 1 else 1
        head = struct.pack(">IHHHHHHH", 0, DAY, 4660, azimuth, ray + 1, status,
                           round(elevation * 8 * 4096 / 180), 1)  # fmt: skip
        head += struct.pack(">hhHHHHHfH", 0, -375, 1000, 250, bins, 0, 1, 0.0, 100)
        messages.append(_padded(1, head.ljust(100, b"\0") + codes[ray].astype("u1").tobytes()))
    return volume_header(b"AR2V0001.001") + b"".join(messages)
