"""How radar files are found on a server, as the user says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from flowlace.sources.radar.folder import RadarFolderOptions
from flowlace.sources.radar.radar_file import microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarListingOptions(RadarFolderOptions):
    """How files are found on a server and fetched."""

    poll_s: float = 15.0
    """How often a live list is looked at."""

    minutes: float = 0.0
    """Only the newest files, over so many minutes; 0 takes an hour if live, else all."""

    start: str = ""
    """Only files from this time on, UTC, such as 2024-05-07T18:00."""

    end: str = ""
    """Only files up to this time."""

    timeout_s: float = 10.0
    """Limit for connecting, and for the server to say anything."""

    transfer_s: float = 120.0
    """Limit for one file or list."""

    endpoint: str = ""
    """Address of a server that is like S3; buckets are below it."""

    token_env: str = ""
    """Environment variable with a token that is sent as `Authorization: Bearer`."""

    def __post_init__(self) -> None:
        RadarFolderOptions.__post_init__(self)
        if self.timeout_s <= 0 or self.transfer_s <= 0 or self.minutes < 0:
            raise ValueError("timeout_s and transfer_s must be positive, minutes not negative")
        if self.token_env and not os.environ.get(self.token_env):
            raise ValueError(f"token_env={self.token_env!r} is not set in the environment")
        if self.end and (self.live or not self.start):
            raise ValueError("end needs start, and is not for live=1")
        if self.start and self.minutes:
            raise ValueError("start and minutes exclude each other")
        if self.end and _time("end", self.end) < _time("start", self.start):
            raise ValueError(f"end={self.end} is before start={self.start}")

    @property
    def start_us(self) -> int | None:
        """`start` in microseconds since 1970."""
        return _time("start", self.start) if self.start else None

    @property
    def end_us(self) -> int | None:
        """`end` in microseconds since 1970."""
        return _time("end", self.end) if self.end else None

    @property
    def newest_us(self) -> int | None:
        """How much of the newest is wanted; None for all."""
        minutes = self.minutes or (60.0 if self.live else 0.0)
        return round(minutes * 60e6) if minutes and not self.start else None


def _time(name: str, text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name}={text!r} must be a time such as 2024-05-07T18:00") from None
    return microseconds(time.astimezone(UTC) if time.tzinfo else time)
