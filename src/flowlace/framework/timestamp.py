"""Integer microsecond timestamps with MediaPipe's special values.

A timestamp is a plain ``int``: packets carry millions of them, and an ``int`` subclass would cost
on every comparison without making one mistake harder. Source of the values and of the clamping
rules: MediaPipe `framework/timestamp.h`.
"""

from typing import Final

_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1

UNSET: Final = _INT64_MIN
"""No timestamp at all; the timestamp of a packet that has not been placed in time."""
UNSTARTED: Final = _INT64_MIN + 1
"""Before anything; the input timestamp while `open` runs."""
PRE_STREAM: Final = _INT64_MIN + 2
"""A packet that comes before the stream's own time, usually the only one."""
MIN: Final = _INT64_MIN + 3
MAX: Final = _INT64_MAX - 3
POST_STREAM: Final = _INT64_MAX - 2
"""A packet that sums up the stream; has to be the only one on its stream."""
ONE_OVER_POST_STREAM: Final = _INT64_MAX - 1
"""The bound of a stream on which nothing more is allowed."""
DONE: Final = _INT64_MAX
"""The bound of a closed stream; the input timestamp while `close` runs."""

_NAMES: Final = {
    UNSET: "UNSET",
    UNSTARTED: "UNSTARTED",
    PRE_STREAM: "PRE_STREAM",
    MIN: "MIN",
    MAX: "MAX",
    POST_STREAM: "POST_STREAM",
    ONE_OVER_POST_STREAM: "ONE_OVER_POST_STREAM",
    DONE: "DONE",
}


def is_range_value(timestamp: int) -> bool:
    """Returns whether `timestamp` is an ordinary time, on which arithmetic is defined."""
    return MIN <= timestamp <= MAX


def is_special_value(timestamp: int) -> bool:
    """Returns whether `timestamp` is one of the named values outside [MIN, MAX]."""
    return not MIN <= timestamp <= MAX


def is_allowed_in_stream(timestamp: int) -> bool:
    """Returns whether a packet may carry `timestamp`: PRE_STREAM to POST_STREAM."""
    return PRE_STREAM <= timestamp <= POST_STREAM


def next_allowed(timestamp: int) -> int:
    """Returns the smallest timestamp that may follow `timestamp` on a stream.

    After PRE_STREAM, MAX and POST_STREAM nothing may follow.
    """
    if timestamp == PRE_STREAM or timestamp >= MAX:
        return ONE_OVER_POST_STREAM
    return MIN if timestamp < MIN else timestamp + 1


def previous_allowed(bound: int) -> int:
    """Returns the largest ordinary timestamp that is settled once the bound is `bound`.

    UNSTARTED where nothing may come before; MAX for a stream that has ended.
    """
    if bound <= MIN:
        return UNSTARTED
    return MAX if bound > MAX else bound - 1


def add_offset(timestamp: int, offset_us: int) -> int:
    """Returns `timestamp + offset_us` clamped to [MIN, MAX].

    Raises:
        ValueError: `timestamp` is a special value, on which arithmetic has no meaning.
    """
    if is_special_value(timestamp):
        raise ValueError(f"{describe(timestamp)} has no arithmetic; only times in [MIN, MAX] do")
    return min(max(timestamp + offset_us, MIN), MAX)


def from_seconds(seconds: float) -> int:
    """Returns the timestamp of a time in seconds, rounded to the nearest microsecond."""
    return round(seconds * 1e6)


def describe(timestamp: int) -> str:
    """Returns the name of a special value, or the number itself, for messages."""
    return _NAMES.get(timestamp, str(timestamp))
