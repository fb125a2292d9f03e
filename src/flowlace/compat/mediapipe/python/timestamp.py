"""`mp.Timestamp`: the engine's integer microseconds in MediaPipe's class."""

from functools import total_ordering
from operator import index
from typing import Any, ClassVar, TypeAlias

from flowlace.framework import timestamp as values

_RANGE = range(values.UNSET, values.DONE + 1)
# MediaPipe writes two of the names without the underscore.
_PEER_NAMES = {values.PRE_STREAM: "PRESTREAM", values.POST_STREAM: "POSTSTREAM"}


@total_ordering
class Timestamp:
    """A time in microseconds or one of the special values; compares with plain integers.

    Raises TypeError for anything but an int64 or another timestamp.
    """

    __slots__ = ("_value",)

    UNSET: ClassVar["Timestamp"]
    UNSTARTED: ClassVar["Timestamp"]
    PRESTREAM: ClassVar["Timestamp"]
    MIN: ClassVar["Timestamp"]
    MAX: ClassVar["Timestamp"]
    POSTSTREAM: ClassVar["Timestamp"]
    DONE: ClassVar["Timestamp"]

    def __init__(self, value: "TimeLike") -> None:
        self._value = microseconds_of(value)

    @classmethod
    def from_seconds(cls, seconds: float) -> "Timestamp":
        """Returns the timestamp of a time in seconds, to the nearest microsecond."""
        return cls(values.from_seconds(seconds))

    @property
    def value(self) -> int:
        """The time in microseconds."""
        return self._value

    def microseconds(self) -> int:
        """Returns the time in microseconds."""
        return self._value

    def seconds(self) -> float:
        """Returns the time in seconds."""
        return self._value / 1e6

    def is_special_value(self) -> bool:
        """Returns whether this is a named value; unlike in flowlace, MIN and MAX count."""
        return not values.MIN < self._value < values.MAX

    def is_range_value(self) -> bool:
        """Returns whether this is a time in [MIN, MAX]."""
        return values.is_range_value(self._value)

    def is_allowed_in_stream(self) -> bool:
        """Returns whether a packet in a stream may have this time."""
        return values.is_allowed_in_stream(self._value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Timestamp):
            return self._value == other._value
        return self._value == other if isinstance(other, int) else NotImplemented

    def __lt__(self, other: "TimeLike") -> bool:
        if isinstance(other, Timestamp):
            return self._value < other._value
        return self._value < other if isinstance(other, int) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"<mediapipe.Timestamp with value: {name_of(self._value)}>"


TimeLike: TypeAlias = Timestamp | int


def microseconds_of(value: Any) -> int:
    """Returns a timestamp or an integer as the engine's integer.

    Raises:
        TypeError: it is neither, or does not fit 64 bits.
    """
    if isinstance(value, Timestamp):
        return value.value
    if not hasattr(value, "__index__") or index(value) not in _RANGE:
        raise TypeError(f"a timestamp is an int64 or a Timestamp, not {value!r}")
    return index(value)


def name_of(microseconds: int) -> str:
    """Returns the name MediaPipe gives a special value, or the number."""
    return _PEER_NAMES.get(microseconds) or values.describe(microseconds)


Timestamp.UNSET = Timestamp(values.UNSET)
Timestamp.UNSTARTED = Timestamp(values.UNSTARTED)
Timestamp.PRESTREAM = Timestamp(values.PRE_STREAM)
Timestamp.MIN = Timestamp(values.MIN)
Timestamp.MAX = Timestamp(values.MAX)
Timestamp.POSTSTREAM = Timestamp(values.POST_STREAM)
Timestamp.DONE = Timestamp(values.DONE)
