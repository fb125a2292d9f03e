"""Timestamps of streams as the times of an MCAP file, exactly.

MCAP has unsigned nanoseconds. A message's publish time is its packet's timestamp as a signed number
of nanoseconds in two's complement; the special values, which are no times, take the odd numbers at
the ends of that range. Its log time never goes back: it is the latest time seen when the packet
entered the graph, so log times tell the order of entry and are what seeking goes by.
"""

from typing import Final

from flowlace.framework.timestamp import MAX, MIN, POST_STREAM, PRE_STREAM, describe
from flowlace.recording.errors import RecordingError

_NS: Final = 1000
_WRAP: Final = 1 << 64
_LARGEST_US: Final = (1 << 63) // _NS - 16
_CODES: Final = {
    PRE_STREAM: -(1 << 63),
    MIN: -(1 << 63) + 1,
    MAX: (1 << 63) - 2,
    POST_STREAM: (1 << 63) - 1,
}
_SPECIAL: Final = {code: timestamp for timestamp, code in _CODES.items()}


def to_publish_ns(timestamp: int) -> int:
    """Returns the publish time of a packet.

    Raises:
        RecordingError: the timestamp is more than 292 years from 1970.
    """
    if abs(timestamp) <= _LARGEST_US:
        return timestamp * _NS % _WRAP
    if timestamp in _CODES:
        return _CODES[timestamp] % _WRAP
    raise RecordingError(
        f"a packet at {describe(timestamp)} can't be recorded: recordings hold times within 292 "
        "years of 1970"
    )


def from_publish_ns(publish_ns: int) -> int:
    """Returns the timestamp of a packet; nanoseconds of other writers are rounded down."""
    signed = publish_ns - _WRAP if publish_ns >= 1 << 63 else publish_ns
    return _SPECIAL.get(signed, signed // _NS)


def to_log_ns(timestamp_us: int) -> int:
    """Returns the log time of a time; what lies before 1970 or too far ahead comes to the ends."""
    return min(max(timestamp_us, 0), _LARGEST_US) * _NS
