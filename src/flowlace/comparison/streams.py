"""Compares the streams of two runs and keeps the first difference and counts of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from flowlace.comparison.alignment import AnyPacket, align
from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.mismatch import NOTHING, Mismatch
from flowlace.comparison.tolerances import StreamTolerances, Tolerances
from flowlace.comparison.values import ValueComparison

Streams = Mapping[str, Iterable[AnyPacket]]
"""Packets in the order of their timestamps, by stream; each is read once."""
Headers = Mapping[str, Any]
"""Payload of each stream's header, None for one that has none; others' are not known."""
UNKNOWN_HEADERS: Final[Headers] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """The place of one difference, and the packets it lies between."""

    stream: str
    timestamp_us: int | None
    """Of the expected packet, or of the one that was not expected; None for a whole stream."""
    mismatch: Mismatch
    expected: Any = NOTHING
    """The whole payload; `NOTHING` where there is no such packet."""
    actual: Any = NOTHING


@dataclass(slots=True)
class FieldCount:
    """How often one field differs."""

    count: int = 0
    largest: float | None = None
    """The largest deviation, where it is a number; see `Mismatch.deviation`."""

    def add(self, mismatch: Mismatch) -> None:
        """Counts one more."""
        self.count += 1
        if mismatch.deviation is not None:
            self.largest = max(self.largest or 0.0, mismatch.deviation)


@dataclass(slots=True)
class StreamCounts:
    """What became of the packets of one stream."""

    same: int = 0
    different: int = 0
    missing: int = 0
    """Expected and not there."""
    extra: int = 0
    """There and not expected."""
    fields: dict[str, FieldCount] = field(default_factory=dict)
    """What differs in packets that both have, by field."""
    first: Difference | None = field(default=None, compare=False)
    """The first difference of this stream."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.different or self.missing or self.extra)


@dataclass(slots=True)
class Comparison:
    """The result: whether two runs are the same, and where they first are not."""

    streams: dict[str, StreamCounts] = field(default_factory=dict)
    unmet: list[str] = field(default_factory=list)
    """Tolerances and ignored fields that no field has, so probably misspelt."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs that is not allowed to."""
        return not self.differences

    @property
    def differences(self) -> list[Difference]:
        """The first difference of each stream, in the order of time."""
        found = [counts.first for counts in self.streams.values() if counts.first is not None]
        return sorted(found, key=_when)

    @property
    def first(self) -> Difference | None:
        """The first in time; at one time that of the stream that was named first."""
        return next(iter(self.differences), None)


def _when(difference: Difference) -> float:
    return -1e30 if difference.timestamp_us is None else difference.timestamp_us


def compare_streams(
    expected: Streams,
    actual: Streams,
    tolerances: Tolerances | StreamTolerances | None = None,
    *,
    expected_headers: Headers = UNKNOWN_HEADERS,
    actual_headers: Headers = UNKNOWN_HEADERS,
) -> Comparison:
    """Returns how the streams of one run differ from those of another.

    Streams are paired by name, packets by timestamp and payloads by the rules of their types.
    Pictures and grids are held one pair at a time, if the iterables make them so. Headers are
    compared like payloads, where both sides know them.

    Raises:
        ComparisonError: tolerances of a stream that there is not.
    """
    allowed = tolerances
    if not isinstance(allowed, StreamTolerances):
        allowed = StreamTolerances(common=allowed or Tolerances())
    _check_streams(allowed, [*expected, *actual])
    result = Comparison()
    met: set[str] = set()
    for name in [*expected, *(name for name in actual if name not in expected)]:
        comparison = ValueComparison(allowed.of(name))
        counts = result.streams[name] = StreamCounts()
        if name not in expected or name not in actual:
            where = "expected" if name in actual else "actual"
            what = f"there is no such stream in what is {where}"
            counts.first = Difference(name, None, Mismatch(what, NOTHING, NOTHING))
        elif name in expected_headers and name in actual_headers:
            headers = expected_headers[name], actual_headers[name]
            _compare_headers(name, headers, comparison, counts)
        _compare_stream(name, expected.get(name, ()), actual.get(name, ()), comparison, counts)
        met |= comparison.met
    result.unmet = sorted(_named(allowed) - met)
    return result


def _check_streams(tolerances: StreamTolerances, streams: Sequence[str]) -> None:
    for name in tolerances.by_stream:
        if name not in streams:
            known = ", ".join(dict.fromkeys(streams)) or "none"
            raise ComparisonError(f"tolerance of stream {name!r}: there is no such: {known}")


def _named(tolerances: StreamTolerances) -> set[str]:
    several = [tolerances.common, *tolerances.by_stream.values()]
    ignored = {path.rpartition(".")[2] for each in several for path in each.ignore}
    return ignored | {name for each in several for name in each.fields}


def _compare_headers(
    stream: str, headers: tuple[Any, Any], comparison: ValueComparison, counts: StreamCounts
) -> None:
    expected, actual = (NOTHING if each is None else each for each in headers)
    if (expected is NOTHING) != (actual is NOTHING):
        what = "is missing" if actual is NOTHING else "was not expected"
        found = [Mismatch(what, expected, actual, "header")]
    else:
        found = [each.inside("header") for each in comparison.mismatches(expected, actual)]
    for mismatch in found:
        counts.fields.setdefault(mismatch.kind, FieldCount()).add(mismatch)
    if found:
        counts.first = Difference(stream, None, found[0], expected, actual)


def _compare_stream(
    stream: str,
    expected: Iterable[AnyPacket],
    actual: Iterable[AnyPacket],
    comparison: ValueComparison,
    counts: StreamCounts,
) -> None:
    for e, a in align(expected, actual, comparison.tolerances.time):
        if e is not None and a is not None:
            found = list(comparison.mismatches(e.payload, a.payload))
            counts.same += not found
            counts.different += bool(found)
            for mismatch in found:
                counts.fields.setdefault(mismatch.counted_as, FieldCount()).add(mismatch)
        elif e is not None:
            counts.missing += 1
            found = [Mismatch("the packet is missing", e.payload, NOTHING)]
        elif a is not None:
            counts.extra += 1
            found = [Mismatch("the packet was not expected", NOTHING, a.payload)]
        if found and counts.first is None:
            time, before, now = _told(e, a)
            counts.first = Difference(stream, time, found[0], before, now)


def _told(expected: AnyPacket | None, actual: AnyPacket | None) -> tuple[int, Any, Any]:
    """Returns the timestamp and the payloads of a pair."""
    time = next(each.timestamp for each in (expected, actual) if each is not None)
    payloads = [NOTHING if each is None else each.payload for each in (expected, actual)]
    return time, payloads[0], payloads[1]
