"""Events and words as spans of time, told by the names of their fields."""

from collections.abc import Mapping
from typing import Any

_SPANS = (("onset_us", "offset_us"), ("start_us", "end_us"), ("start_sample", "end_sample"))
_NAMES = ("label", "word", "text")


def span_of(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """Returns when an event begins and ends; None for what is no event.

    >>> span_of({"onset_us": 5, "offset_us": 9})
    (5.0, 9.0)
    """
    for begin, end in _SPANS:
        if all(isinstance(record.get(name), int | float) for name in (begin, end)):
            return float(record[begin]), float(record[end])
    return None


def name_of(record: Mapping[str, Any]) -> Any:
    """Returns what a box or an event is said to be; None where it has no such field."""
    found = next((record[name] for name in _NAMES if name in record), None)
    return tuple(found) if isinstance(found, list) else found


def shared_time(first: tuple[float, float], second: tuple[float, float], slack: float) -> float:
    """Returns the shared part of two spans, 0..1, each being longer by `slack` at both ends.

    >>> shared_time((0, 10), (5, 15), 0), shared_time((0, 1), (3, 4), 0)
    (0.3333333333333333, 0.0)
    """
    shared = min(first[1], second[1]) - max(first[0], second[0]) + 2 * slack
    whole = max(first[1], second[1]) - min(first[0], second[0]) + 2 * slack
    if whole <= 0:
        return 1.0
    return max(shared, 0.0) / whole
