"""When a recording goes on in another file, and how its files are called."""

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowlace.recording.errors import RecordingError

_SIZES: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1, "": 1, "min": 60, "h": 3600, "d": 86400}
_NUMBER: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")


@dataclass(frozen=True, slots=True)
class Rotation:
    """The most a file may hold; a limit of 0 is none."""

    size_bytes: int = 0
    duration_us: int = 0
    """Of stream time."""

    def __bool__(self) -> bool:
        return bool(self.size_bytes or self.duration_us)

    def is_due(self, size_bytes: int, duration_us: int) -> bool:
        """Returns whether a file of this size and duration is full."""
        is_large = 0 < self.size_bytes <= size_bytes
        return is_large or 0 < self.duration_us <= duration_us

    def path(self, path: Path, part: int) -> Path:
        """Returns the file of a part: `rec-0000.mcap`, `rec-0001.mcap`, …; one alone as given."""
        return path.with_name(f"{path.stem}-{part:04d}{path.suffix}") if self else path

    def existing(self, path: Path) -> Path | None:
        """Returns the first file there is that this recording may come to; None for none."""
        if not self:
            return path if path.exists() else None
        pattern = f"{glob.escape(path.stem)}-[0-9][0-9][0-9][0-9]{glob.escape(path.suffix)}"
        return min(path.parent.glob(pattern), default=None)


def parse_size(text: str) -> int:
    """Returns bytes.

    >>> parse_size("500MB"), parse_size("2g")
    (500000000, 2000000000)
    """
    match = _NUMBER.fullmatch(text.strip().lower())
    unit = match[2].removesuffix("b") if match else ""
    if match is None or unit not in _SIZES:
        raise RecordingError(f"size {text!r} is not a number with kB, MB, GB or TB")
    return round(float(match[1]) * _SIZES[unit])


def parse_duration_us(text: str) -> int:
    """Returns microseconds.

    >>> parse_duration_us("10ms"), parse_duration_us("1.5h"), parse_duration_us("20")
    (10000, 5400000000, 20000000)
    """
    match = _NUMBER.fullmatch(text.strip().lower())
    if match is None or match[2] not in _SECONDS:
        raise RecordingError(f"duration {text!r} is not a number with us, ms, s, min, h or d")
    return round(float(match[1]) * _SECONDS[match[2]] * 1e6)
