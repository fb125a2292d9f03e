"""Files of JSON lines read as packets: the rows of one time are one packet."""

import json
from pathlib import Path
from typing import Any

from flowlace.comparison.alignment import AnyPacket
from flowlace.comparison.errors import ComparisonError
from flowlace.framework.packet import Packet

TIME_FIELD = "timestamp_us"


def read_json_lines(path: str | Path, *, time_field: str = TIME_FIELD) -> list[AnyPacket]:
    """Returns the rows of a file as packets in the order of time.

    Rows with `time_field` are put together by it. A file without it has all its rows in one packet
    at 0, where rows are paired by keys or by their order.

    Raises:
        ComparisonError: a file that can't be read, a line that is no JSON object, or a row without
            the time that others have.
    """
    rows = _rows(Path(path))
    if not any(time_field in row for _, row in rows):
        return [Packet([row for _, row in rows], 0)] if rows else []
    by_time: dict[int, list[dict[str, Any]]] = {}
    for line, row in rows:
        time = row.get(time_field)
        if not isinstance(time, int | float) or isinstance(time, bool):
            raise ComparisonError(
                f"{path}:{line}: {time_field!r} has to be a number as in other rows, not {time!r}"
            )
        by_time.setdefault(round(time), []).append(row)
    return [Packet(by_time[time], time) for time in sorted(by_time)]


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    rows.append((number, _row(path, number, line)))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ComparisonError(f"{str(path)!r} can't be read as JSON lines: {reason}") from error
    return rows


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ComparisonError(f"{path}:{number}: expected one JSON object: {error}") from error
    if not isinstance(row, dict):
        raise ComparisonError(
            f"{path}:{number}: expected one JSON object a line, but this is a {type(row).__name__}"
        )
    return row
