"""Packets as lines of JSON, for `jq`, pandas and databases.

Each packet is handed to the system before `write` returns, so a killed process loses
nothing and `tail -f` shows the present. That costs a few microseconds a packet.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any

import numpy as np

from flowlace.framework.openers import Url
from flowlace.sinks.sink import Sink, SinkCounts, SinkError


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesOptions:
    """How lines are written."""

    append: bool = False
    """Add to a file that is there instead of replacing it."""


class JsonLinesSink(Sink):
    """Writes `{"timestamp_us": …, …}`, one object a line.

    A mapping or dataclass gives its fields, a list of them one line each (an empty list
    none), anything else goes under `value`. A field `timestamp_us` of the payload wins over
    the packet's. NaN and infinity become null, enums their names.
    """

    def __init__(
        self,
        path: str | Path,
        options: JsonLinesOptions = JsonLinesOptions(),
        file: IO[bytes] | None = None,
    ) -> None:
        self._path = str(path)
        self.counts = SinkCounts()
        try:
            self._file = file or open(path, "ab" if options.append else "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._error(error) from error

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes the lines of one packet; SinkError if the payload has no JSON form."""
        items = payload if isinstance(payload, list | tuple) else [payload]
        try:
            text = "".join(_line(timestamp_us, one) for one in items)
        except TypeError as error:
            raise SinkError(f"sink {self._path!r} at {timestamp_us} µs: {error}") from error
        self._write_all(text.encode())
        self.counts.written += 1

    def close(self) -> None:
        """Closes the file."""
        try:
            self._file.close()
        except OSError as error:
            raise self._error(error) from error

    def _write_all(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except (OSError, ValueError) as error:
            raise self._error(error) from error

    def _error(self, error: OSError | ValueError) -> SinkError:
        reason = getattr(error, "strerror", None) or error
        folder = Path(self._path).parent
        if isinstance(error, FileNotFoundError):
            reason = f"there is no folder {str(folder)!r}; make it first"
        return SinkError(f"sink {self._path!r} can't be written: {reason}")


def to_json(value: Any) -> Any:
    """Returns `value` as what `json` can write; TypeError names a type that has no such form.

    >>> to_json({"score": np.float32(0.5), "box": np.array([1, 2]), "speed": float("nan")})
    {'score': 0.5, 'box': [1, 2], 'speed': None}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.generic | np.ndarray):
        return _plain_numpy(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(to_json(key)): to_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_json(getattr(value, one.name)) for one in dataclasses.fields(value)}
    raise TypeError(f"a {type(value).__name__} has no JSON form; send a mapping or a dataclass")


def _plain_numpy(value: np.generic | np.ndarray[Any, Any]) -> Any:
    if value.dtype.kind not in "biufU":
        raise TypeError(f"numpy values of dtype {value.dtype} have no JSON form")
    if value.ndim and value.size > 100_000:
        raise TypeError(f"an array of {value.size} values does not belong in JSON; use a picture")
    return to_json(value.tolist())


def _line(timestamp_us: int, payload: Any) -> str:
    plain = to_json(payload)
    fields = plain if isinstance(plain, dict) else {"value": plain}
    return json.dumps({"timestamp_us": timestamp_us, **fields}, allow_nan=False) + "\n"


def open_standard_output(url: Url) -> Sink:
    """Writes JSON lines to the standard output, for pipes."""
    url.read_options(JsonLinesOptions)
    return JsonLinesSink("-", file=os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0))


def open_json_lines(url: Url) -> Sink:
    """Opens a JSON lines file named on the command line."""
    return JsonLinesSink(url.rest, url.read_options(JsonLinesOptions))
