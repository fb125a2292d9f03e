"""A comparison in words: the first difference as rows below each other, then counts of all.

Made of rich's texts, so a terminal shows colours and a log the same words without.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from flowlace.comparison.mismatch import NOTHING
from flowlace.comparison.records import flat_fields, is_list, record_fields
from flowlace.comparison.streams import Comparison, Difference, StreamCounts
from flowlace.formats.tensor import Tensor
from flowlace.framework.timestamp import describe, is_range_value

_EXPECTED, _ACTUAL = "green", "red"
FIRST_DATE_US = 10**14
"""Timestamps from three years on are dates since 1970, as radar has them, and no running time."""
LONGEST_VALUE = 40
"""Characters of a value in a row."""


def report(comparison: Comparison, width: int = 100) -> Text:
    """Returns what there is to say about a comparison, in lines of at most `width` if rows fit."""
    lines: list[Text] = []
    if comparison.first is not None:
        lines += [*difference_lines(comparison.first, width), Text()]
    lines += _counts(comparison)
    lines += _fields(comparison)
    if comparison.unmet:
        names = ", ".join(comparison.unmet)
        lines.append(Text(f"no field of these names was seen: {names}", style="yellow"))
    return Text("\n").join(lines)


def difference_lines(difference: Difference, width: int) -> list[Text]:
    """Returns the place of a difference, and the rows that differ, aligned."""
    mismatch = difference.mismatch
    head = Text.assemble(("first difference: ", "bold"), (difference.stream, "bold cyan"))
    if difference.timestamp_us is not None:
        head.append(f" at {_time(difference.timestamp_us)}")
    head.append(f", {mismatch.field}" if mismatch.field else "")
    head.append(f": {mismatch.what}")
    return [head, *(Text("  ").append_text(row) for row in _rows(difference, width - 2))]


def _time(timestamp_us: int) -> str:
    if not is_range_value(timestamp_us):
        return describe(timestamp_us)
    if abs(timestamp_us) < FIRST_DATE_US:
        return f"{timestamp_us} µs ({timestamp_us / 1e6:.3f} s)"
    try:
        date = datetime.fromtimestamp(timestamp_us / 1e6, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{timestamp_us} µs"
    return f"{timestamp_us} µs ({date:%Y-%m-%d %H:%M:%S} UTC)"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Returns the same for programs."""
    first = comparison.first
    return {
        "is_same": comparison.is_same,
        "first": first and {
            "stream": first.stream,
            "timestamp_us": first.timestamp_us,
            "field": first.mismatch.field,
            "what": first.mismatch.what,
            "expected": _plain(first.mismatch.expected),
            "actual": _plain(first.mismatch.actual),
            "deviation": first.mismatch.deviation,
        },
        "streams": {name: _plain_counts(counts) for name, counts in comparison.streams.items()},
        "unmet": comparison.unmet,
    }  # fmt: skip


def _plain_counts(counts: StreamCounts) -> dict[str, Any]:
    fields = {name: asdict(found) for name, found in counts.fields.items()}
    told = {name: getattr(counts, name) for name in ("same", "different", "missing", "extra")}
    return {**told, "fields": fields}


def _plain(value: Any) -> Any:
    if value is NOTHING:
        return None
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else repr(value)
    fields = record_fields(value)
    if fields is not None:
        return {name: _plain(each) for name, each in fields.items()}
    return [_plain(each) for each in value] if is_list(value) else _shown(value)


def _rows(difference: Difference, width: int) -> Iterator[Text]:
    mismatch = difference.mismatch
    sides = mismatch.record or (mismatch.expected, mismatch.actual)
    if mismatch.record is None and record_fields(difference.expected) is not None:
        sides = (difference.expected, difference.actual)
    rows = [_row(side) for side in sides]
    if rows == [{}, {}]:
        return
    names = [name for name in {**rows[0], **rows[1]} if not _is_dull(name, rows)]
    cells = [[_shown(row.get(name, NOTHING)) for name in names] for row in rows]
    cells = [[("" if one == "nothing" else one) for one in row] for row in cells]
    widths = [max(map(cell_len, column)) for column in zip(names, cells[0], cells[1], strict=True)]
    if sum(widths) + 2 * len(widths) + 10 <= width:
        yield from _beside(names, cells, widths)
    else:
        yield from _below(names, cells)


def _row(side: Any) -> dict[str, Any]:
    if side is NOTHING:
        return {}
    if is_list(side) and len(side) == 1:
        side = side[0]
    if is_list(side) and not side:
        return {"value": "[]"}
    return flat_fields(side)


def _is_dull(name: str, rows: list[dict[str, Any]]) -> bool:
    """Tells whether a field is empty on both sides, so that it would only widen the row."""
    values = [row.get(name) for row in rows]
    return len(rows[0]) > 1 and all(
        value is None or (is_list(value) and not value) or value == "" for value in values
        if not isinstance(value, np.ndarray)
    ) and not any(isinstance(value, np.ndarray) for value in values)  # fmt: skip


def _beside(names: list[str], cells: list[list[str]], widths: list[int]) -> Iterator[Text]:
    differs = [one != other for one, other in zip(*cells, strict=True)]
    yield Text((" " * 10 + "  ".join(map(_fill, names, widths))).rstrip(), style="dim")
    for title, style, row in (("expected", _EXPECTED, cells[0]), ("actual", _ACTUAL, cells[1])):
        line = Text(f"{title:<10}", style=style)
        if not any(row):
            line.append("nothing", style=style)
        for cell, wide, is_other in zip(row, widths, differs, strict=True):
            line.append(_fill(cell, wide) + "  ", style=f"bold {style}" if is_other else "")
        line.rstrip()
        yield line
    if any(differs) and all(any(row) for row in cells):
        marks = (("^" * wide if d else " " * wide) for wide, d in zip(widths, differs, strict=True))
        yield Text((" " * 10 + "  ".join(marks)).rstrip(), style="bold")


def _below(names: list[str], cells: list[list[str]]) -> Iterator[Text]:
    wide = max(map(cell_len, names))
    has_both = all(any(row) for row in cells)
    if not has_both:
        yield Text("only in what is " + ("expected:" if any(cells[0]) else "actual:"))
    for name, expected, actual in zip(names, *cells, strict=True):
        line = Text(_fill(name, wide) + "  ", style="dim")
        if not has_both or expected == actual:
            yield line.append(expected or actual, style="")
        else:
            line.append(expected or "nothing", style=f"bold {_EXPECTED}")
            yield line.append(" → ").append(actual or "nothing", style=f"bold {_ACTUAL}")


def _fill(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _shown(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.9g}"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray):
        return _array(value)
    values = getattr(value, "values", None)
    if isinstance(values, np.ndarray):  # sound, spectra, scores
        return f"{type(value).__name__} {_array(values)}"
    if is_list(value):
        text = f"{len(value)} elements" if len(value) > 16 else "[" + ", ".join(
            _shown(each) for each in value) + "]"  # fmt: skip
    else:
        text = value if isinstance(value, str) else str(value)
    text = text.replace("\n", "⏎")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _array(array: np.ndarray[Any, Any]) -> str:
    shape = f"{array.dtype}{list(array.shape)}"
    if not array.size or array.dtype.kind not in "biuf":
        return shape
    nans = int(np.isnan(array).sum())
    if nans == array.size:
        return f"{shape} NaN"
    range_ = f"{np.nanmin(array):.4g}..{np.nanmax(array):.4g}"
    return f"{shape} {range_}" + (f", {nans} NaN" if nans else "")


def _counts(comparison: Comparison) -> Iterator[Text]:
    headings = ("same", "different", "missing", "extra")
    wide = max((cell_len(name) for name in comparison.streams), default=0)
    wide = max(wide, len("stream"))
    yield Text(_fill("packets of", wide) + "".join(f"{each:>11}" for each in headings), style="dim")
    for name, counts in comparison.streams.items():
        line = Text(_fill(name, max(wide, len("packets of"))))
        for heading in headings:
            count = getattr(counts, heading)
            is_bad = count and heading != "same"
            line.append(f"{count:>11}", style="bold red" if is_bad else "")
        yield line


def _fields(comparison: Comparison) -> Iterator[Text]:
    for stream, counts in comparison.streams.items():
        for name, found in sorted(counts.fields.items(), key=lambda item: -item[1].count):
            largest = "" if found.largest is None else f", by up to {found.largest:.6g}"
            times = f"{found.count} time{'s' if found.count > 1 else ''}"
            differs = "" if name.endswith(" elements") else " differs"
            yield Text(f"{stream}: {name or 'the value'}{differs} {times}{largest}")
