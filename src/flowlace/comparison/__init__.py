"""Compares the results of two runs: exactly, or with tolerances by kind of payload.

`compare_streams` takes packets by stream and returns the first difference and counts of all;
`report` puts it into words. Boxes are paired by place and judged by IoU, events by time, arrays by
error, pictures and sound by decibels, texts by words.
"""

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.json_lines import read_json_lines
from flowlace.comparison.mismatch import NOTHING, Mismatch
from flowlace.comparison.picture import difference_picture, write_difference_picture
from flowlace.comparison.report import report
from flowlace.comparison.streams import Comparison, Difference, compare_streams
from flowlace.comparison.tolerances import (
    StreamTolerances,
    Tolerances,
    parse_stream_tolerances,
    parse_tolerances,
)
from flowlace.comparison.values import ValueComparison, compares

__all__ = [
    "NOTHING",
    "Comparison",
    "ComparisonError",
    "Difference",
    "Mismatch",
    "StreamTolerances",
    "Tolerances",
    "ValueComparison",
    "compare_streams",
    "compares",
    "difference_picture",
    "parse_stream_tolerances",
    "parse_tolerances",
    "read_json_lines",
    "report",
    "write_difference_picture",
]
