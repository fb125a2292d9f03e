"""One file of radar data, in memory, and what its name says of its time."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flowlace.sources.source import SourceError


class RadarFileError(SourceError):
    """A file that can't be used: cut off, of no known kind, or without what is needed."""


class MissingPackageError(SourceError):
    """A format needs a package that is not installed; no other file will do better."""

    def __init__(self, package: str, what: str) -> None:
        super().__init__(f"{what} needs {package}; install it with: pip install 'flowlace[radar]'")


@dataclass(frozen=True, slots=True)
class RadarFile:
    """What was in a file, unpacked."""

    name: str
    """Without its folder."""
    data: bytes
    """Read whole: radar files are small, and so none changes under the reader."""


def load_radar_file(path: Path) -> RadarFile:
    """Returns the file, unpacked if it is gzipped; RadarFileError says why it can't be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RadarFileError(f"{path.name}: {error.strerror}") from error
    return unpacked_radar_file(path.name, data)


def unpacked_radar_file(name: str, data: bytes) -> RadarFile:
    """Returns the contents as a file, unpacked if they are gzipped; RadarFileError as above."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise RadarFileError(f"{name}: the gzip data is cut off or damaged") from error
    if not data:
        raise RadarFileError(f"{name}: the file is empty")
    return RadarFile(name, data)


def microseconds(time: datetime) -> int:
    """Returns the time, taken as UTC, in microseconds since 1970.

    >>> microseconds(datetime(1970, 1, 1, 0, 1))
    60000000
    """
    return round(time.replace(tzinfo=UTC).timestamp()) * 1_000_000


_LONG = re.compile(r"(?<!\d)((?:19|20)\d{6})[-_T]?(\d{6}|\d{4})(?!\d)")
_DAY_OF_YEAR = re.compile(r"(?<=[A-Z])(\d{2})(\d{3})(\d{4})(?!\d)")
_SHORT = re.compile(r"(?<!\d)(\d{10})(?!\d)")


def time_in_name(name: str) -> int | None:
    """Returns the time a file's name tells, in microseconds since 1970; None where it tells none.

    >>> time_in_name("MRMS_PrecipRate_00.00_20190610-000238.grib2.gz")
    1560124958000000
    >>> time_in_name("AQC161932045V_00005.801.gif") == time_in_name("x_201607112045.nc")
    True
    """
    if match := _LONG.search(name):
        return _parsed(match[1] + match[2], "%Y%m%d%H%M%S" if len(match[2]) == 6 else "%Y%m%d%H%M")
    if match := _DAY_OF_YEAR.search(name):
        return _parsed("".join(match.groups()), "%y%j%H%M")
    if match := _SHORT.search(name):
        return _parsed(match[1], "%y%m%d%H%M")
    return None


def _parsed(text: str, how: str) -> int | None:
    try:
        return microseconds(datetime.strptime(text, how))
    except ValueError:
        return None
