import json
from typing import Any

import numpy as np
import pytest

from flowlace.comparison.report import as_json, report
from flowlace.comparison.streams import compare_streams
from flowlace.comparison.tolerances import Tolerances, parse_tolerances
from flowlace.formats.object_row import ObjectRow
from flowlace.formats.time_series import Matrix
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import PRE_STREAM, describe


def car(x: float, label: str = "car") -> ObjectRow:
    return ObjectRow(
        timestamp_us=40_000, id=1, label=label, score=0.9, x=x, y=10, w=20, h=20, confidence=1.0
    )


def told(
    expected: Any, actual: Any, tolerances: Tolerances | None = None, width: int = 100
) -> list[str]:
    result = compare_streams(
        {"objects": [Packet(expected, 40_000)]}, {"objects": [Packet(actual, 40_000)]}, tolerances
    )
    return report(result, width).plain.splitlines()


def test_the_first_difference_is_two_rows_below_each_other() -> None:
    assert told([car(0), car(100.5)], [car(0), car(101)]) == [
        "first difference: objects at 40000 µs (0.040 s), [1].x: off by 0.5",
        "            timestamp_us  id  label  score  x      y   w   h   confidence",
        "  expected  40000         1   car    0.9    100.5  10  20  20  1",
        "  actual    40000         1   car    0.9    101    10  20  20  1",
        "                                            ^^^^^",
        "",
        "packets of       same  different    missing      extra",
        "objects             0          1          0          0",
        "objects: x differs 1 time, by up to 0.5",
    ]


def test_a_row_that_does_not_fit_is_told_field_by_field() -> None:
    lines = told([car(0)], [car(1)], width=40)
    assert "  x             0 → 1" in lines
    assert "  label         car" in lines


def test_what_only_one_side_has_stands_alone() -> None:
    lines = told([car(0), car(100)], [car(0)])
    assert lines[0].endswith("[1]: is missing")
    assert lines[3].split() == ["actual", "nothing"]


def test_long_values_are_cut_and_arrays_summed_up() -> None:
    lines = told({"text": "a" * 500, "list": list(range(99))}, {"text": "b", "list": []})
    assert max(map(len, lines)) <= 100
    assert any("99 elements" in line for line in lines)
    silence = Matrix(np.zeros((1, 1600), np.float32))
    lines = told(silence, Matrix(silence.values + np.float32(0.5)))
    assert "  expected  float32[1, 1600] 0..0" in lines


def test_equal_runs_have_only_their_counts_told() -> None:
    assert told([car(0)], [car(0)]) == [
        "packets of       same  different    missing      extra",
        "objects             1          0          0          0",
    ]


def test_a_misspelt_tolerance_is_told() -> None:
    assert told([car(0)], [car(0.5)], parse_tolerances(["X=1"]))[-1] == (
        "no field of these names was seen: X"
    )


@pytest.mark.parametrize(
    ("timestamp", "words"),
    [
        (1_500_000, "a at 1500000 µs (1.500 s): "),
        (1_700_000_700_000_000, "a at 1700000700000000 µs (2023-11-14 22:25:00 UTC): "),
        (10**17, "a at 100000000000000000 µs ("),
        (PRE_STREAM, f"a at {describe(PRE_STREAM)}: "),
    ],
)
def test_the_time_of_a_difference_can_be_read(timestamp: int, words: str) -> None:
    result = compare_streams({"a": [Packet(1, timestamp)]}, {"a": [Packet(2, timestamp)]})
    assert words in report(result).plain


def test_programs_get_the_same() -> None:
    result = compare_streams(
        {"objects": [Packet([car(0)], 1), Packet(float("nan"), 2)]},
        {"objects": [Packet([car(3)], 1), Packet(1.0, 2)]},
    )
    plain = json.loads(json.dumps(as_json(result), allow_nan=False))
    assert plain["is_same"] is False
    assert plain["first"] == {
        "stream": "objects", "timestamp_us": 1, "field": "[0].x", "what": "off by 3",
        "expected": 0, "actual": 3, "deviation": 3.0,
    }  # fmt: skip
    assert plain["streams"]["objects"]["different"] == 2
