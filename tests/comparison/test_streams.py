from dataclasses import replace
from typing import Any

import pytest

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.mismatch import NOTHING
from flowlace.comparison.streams import Comparison, StreamCounts, compare_streams
from flowlace.comparison.tolerances import Tolerances, parse_stream_tolerances, parse_tolerances
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.packet import Packet
from flowlace.testing import packets

NUMBERS = packets({0: 1.0, 10: 2.0, 20: 3.0})


def compared(expected: Any, actual: Any, *allowed: str) -> Comparison:
    return compare_streams({"a": expected}, {"a": actual}, parse_tolerances(allowed))


def test_a_run_is_like_itself() -> None:
    result = compared(NUMBERS, NUMBERS)
    assert result.is_same
    assert result.streams == {"a": StreamCounts(same=3)}


def test_the_first_difference_is_told_and_all_are_counted() -> None:
    result = compared(NUMBERS, packets({0: 1.0, 10: 2.5, 20: 9.0}))
    assert result.first is not None
    assert (result.first.stream, result.first.timestamp_us) == ("a", 10)
    assert (result.first.expected, result.first.actual) == (2.0, 2.5)
    counts = result.streams["a"]
    assert (counts.same, counts.different) == (1, 2)
    assert (counts.fields[""].count, counts.fields[""].largest) == (2, 6)


def test_packets_that_are_missing_or_too_many_are_told() -> None:
    result = compared(NUMBERS, packets({10: 2.0, 20: 3.0, 30: 4.0}))
    assert result.first is not None
    assert result.first.mismatch.what == "the packet is missing"
    assert (result.first.timestamp_us, result.first.actual) == (0, NOTHING)
    assert result.streams["a"] == StreamCounts(same=2, missing=1, extra=1)


def test_the_first_difference_is_the_first_in_time_of_all_streams() -> None:
    late = packets({0: 1.0, 10: 2.0, 20: 4.0})
    early = packets({0: 1.0, 10: 4.0, 20: 3.0})
    result = compare_streams({"a": NUMBERS, "b": NUMBERS}, {"a": late, "b": early})
    assert result.first is not None
    assert (result.first.stream, result.first.timestamp_us) == ("b", 10)


def test_a_stream_that_one_run_does_not_have_is_told_even_if_it_is_empty() -> None:
    result = compare_streams({"a": []}, {"b": NUMBERS})
    assert result.first is not None
    assert result.first.mismatch.what == "there is no such stream in what is actual"
    assert result.streams["b"].extra == 3


def test_packets_are_paired_within_the_tolerance_of_time() -> None:
    moved = packets({4: 1.0, 10: 2.0, 15: 3.0})
    assert compared(NUMBERS, moved, "time=5us").is_same
    assert not compared(NUMBERS, moved, "time=4us").is_same


def test_each_stream_may_have_its_own_tolerances() -> None:
    other = packets({0: 1.1, 10: 2.0, 20: 3.0})
    result = compare_streams(
        {"a": NUMBERS, "b": NUMBERS},
        {"a": other, "b": other},
        parse_stream_tolerances(["a:number=0.2"]),
    )
    assert result.streams["a"].is_same
    assert not result.streams["b"].is_same


def test_tolerances_of_a_stream_that_there_is_not_are_refused() -> None:
    with pytest.raises(ComparisonError, match="stream 'c': there is no such: a"):
        compare_streams({"a": []}, {"a": []}, parse_stream_tolerances(["c:number=0.2"]))


def test_a_tolerance_for_no_field_is_told() -> None:
    rows = [Packet({"score": 1.0}, 0)]
    assert compared(rows, [Packet({"score": 1.5}, 0)], "scroe=1", "score=1").unmet == ["scroe"]
    assert compared(rows, [Packet({"score": 1.5}, 0)], "score=1").unmet == []


def test_ids_that_are_renamed_stay_renamed_from_packet_to_packet() -> None:
    def rows(first: int, second: int) -> Any:
        return [Packet({"id": first, "x": 0}, 0), Packet({"id": second, "x": 0}, 10)]

    def differing(actual: Any) -> int:
        renamed = Tolerances(are_ids_renamed=True)
        return compare_streams({"a": rows(1, 1)}, {"a": actual}, renamed).streams["a"].different

    assert differing(rows(5, 5)) == 0
    assert differing(rows(5, 6)) == 1


HEADER = TimeSeriesHeader(sample_rate=16_000.0, num_channels=1)


def compared_headers(expected: dict[str, Any], actual: dict[str, Any], *allowed: str) -> str:
    result = compare_streams(
        {"a": NUMBERS},
        {"a": NUMBERS},
        parse_tolerances(allowed),
        expected_headers=expected,
        actual_headers=actual,
    )
    first = result.first
    return f"{first.mismatch.field} {first.mismatch.what}" if first else "same"


def test_headers_are_compared_like_payloads() -> None:
    faster = replace(HEADER, sample_rate=16_001.0)
    assert compared_headers({"a": HEADER}, {"a": HEADER}) == "same"
    assert compared_headers({"a": HEADER}, {"a": faster}) == "header.sample_rate off by 1"
    assert compared_headers({"a": HEADER}, {"a": faster}, "sample_rate=1") == "same"


def test_a_header_that_only_one_side_has_is_a_difference() -> None:
    assert compared_headers({"a": HEADER}, {"a": None}) == "header is missing"
    assert compared_headers({"a": None}, {"a": HEADER}) == "header was not expected"
    assert compared_headers({"a": None}, {"a": None}) == "same"


def test_headers_that_one_side_does_not_tell_of_are_not_compared() -> None:
    assert compared_headers({"a": HEADER}, {}) == "same"
    assert compared_headers({}, {"a": HEADER}) == "same"
