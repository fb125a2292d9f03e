"""Which element of one list answers which of another.

A list of boxes has no order that means anything, and one box more must not make all after it
differ. So boxes are paired by place, events by time, rows by keys; all else by position.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlace.comparison.boxes import corners_of, overlap
from flowlace.comparison.events import name_of, shared_time, span_of
from flowlace.comparison.records import record_fields
from flowlace.comparison.tolerances import Tolerances
from flowlace.tracking.box_matching import pairs_one_to_one

Pair = tuple[int | None, int | None]
"""Indices of an expected and an actual element; None where one has no partner."""

LEAST_OVERLAP = 0.1
"""Boxes that share less are two boxes, not one that has moved."""


def pair_elements(
    expected: Sequence[Any], actual: Sequence[Any], tolerances: Tolerances
) -> list[Pair]:
    """Returns pairs in the order of the expected elements, those without a partner included."""
    alike = _likeness(expected, actual, tolerances)
    if alike is None:
        longest = max(len(expected), len(actual))
        return [
            (i if i < len(expected) else None, i if i < len(actual) else None)
            for i in range(longest)
        ]
    scores = np.array([[alike(e, a) for a in range(len(actual))] for e in range(len(expected))])
    partner = dict(pairs_one_to_one(scores.reshape(len(expected), len(actual)), LEAST_OVERLAP))
    extra = sorted(set(range(len(actual))) - set(partner.values()))
    return [*((e, partner.get(e)) for e in range(len(expected))), *((None, a) for a in extra)]


def _likeness(
    expected: Sequence[Any], actual: Sequence[Any], tolerances: Tolerances
) -> Callable[[int, int], float] | None:
    """Returns what scores a pair by indices, below `LEAST_OVERLAP` for none; None for no rule."""
    records = [[record_fields(one) for one in side] for side in (expected, actual)]
    if not all(one is not None for side in records for one in side):
        return None
    rows = [[one or {} for one in side] for side in records]
    keys = tolerances.keys
    if keys and all(key in row for side in rows for row in side for key in keys):
        return lambda e, a: float(all(rows[0][e][key] == rows[1][a][key] for key in keys))
    names = [[name_of(row) for row in side] for side in rows]
    spans = [[span_of(row) for row in side] for side in rows]
    if all(span is not None for side in spans for span in side):
        slack = tolerances.error_of("onset_us") / 2
        return lambda e, a: (
            shared_time(spans[0][e] or (0, 0), spans[1][a] or (0, 0), slack)
            * (names[0][e] == names[1][a])
        )
    boxes = [[corners_of(one) for one in side] for side in (expected, actual)]
    if any(box is None for side in boxes for box in side):
        return None

    def score(e: int, a: int) -> float:
        first, second = boxes[0][e], boxes[1][a]
        assert first is not None
        assert second is not None
        share = overlap(first, second)
        # A box of the same name comes before any other, the same id decides between equal ones.
        named = names[0][e] == names[1][a]
        same_id = rows[0][e].get("id") == rows[1][a].get("id")
        return share + named + 1e-6 * same_id if share >= LEAST_OVERLAP else 0.0

    return score
