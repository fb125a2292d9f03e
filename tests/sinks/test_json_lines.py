import errno
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from flowlace.sinks import SinkError, open_sink
from flowlace.sinks.json_lines import JsonLinesSink, to_json


class Color(Enum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    label: str


@dataclass(frozen=True)
class Detection:
    box: Box
    scores: np.ndarray
    color: Color


def lines(path: Path) -> list[Any]:
    return [json.loads(one) for one in path.read_text().splitlines()]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], list[Any]]:
    def write(payload: Any) -> list[Any]:
        with open_sink(str(tmp_path / "out.jsonl")) as sink:
            sink.write(5, payload)
        return lines(tmp_path / "out.jsonl")

    return write


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"speed": 2.5}, [{"timestamp_us": 5, "speed": 2.5}]),
        (MappingProxyType({"a": 1}), [{"timestamp_us": 5, "a": 1}]),
        (Box(1.5, "car"), [{"timestamp_us": 5, "x": 1.5, "label": "car"}]),
        (
            [Box(1, "a"), {"b": 2}],
            [{"timestamp_us": 5, "x": 1, "label": "a"}, {"timestamp_us": 5, "b": 2}],
        ),
        ([], []),
        (7, [{"timestamp_us": 5, "value": 7}]),
        ("words", [{"timestamp_us": 5, "value": "words"}]),
        (None, [{"timestamp_us": 5, "value": None}]),
        ({"timestamp_us": 3}, [{"timestamp_us": 3}]),
        (
            Detection(Box(0.5, "é"), np.array([0.25, np.nan]), Color.RED),
            [
                {
                    "timestamp_us": 5,
                    "box": {"x": 0.5, "label": "é"},
                    "scores": [0.25, None],
                    "color": "RED",
                }
            ],
        ),
    ],
)
def test_a_packet_becomes_lines(
    payload: Any, expected: list[Any], written: Callable[[Any], list[Any]]
) -> None:
    assert written(payload) == expected


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int32(3), 3),
        (np.bool_(True), True),
        (np.float64("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (np.float32(0.5), 0.5),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (np.array(7), 7),
        ((1, 2), [1, 2]),
        ({1: "a", np.int64(2): "b"}, {"1": "a", "2": "b"}),
        (Path("/a/b"), "/a/b"),
        (True, True),
        (np.str_("x"), "x"),
    ],
)
def test_values_of_many_types_have_a_json_form(value: Any, plain: Any) -> None:
    assert to_json(value) == plain


def test_big_whole_numbers_are_exact() -> None:
    assert to_json(np.int64(2**62)) == 2**62


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"raw", "at 5 µs: a bytes has no JSON form; send a mapping or a dataclass"),
        ({"a": object()}, "a object has no JSON form"),
        (np.zeros(2, complex), "dtype complex128 have no JSON form"),
        (np.zeros((640, 360)), "an array of 230400 values does not belong in JSON"),
        (Box, "a type has no JSON form"),
    ],
)
def test_what_has_no_json_form_is_an_error_that_names_it(
    payload: Any, message: str, written: Callable[[Any], list[Any]]
) -> None:
    with pytest.raises(SinkError, match=message):
        written(payload)


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with open_sink(str(path)) as sink:
        sink.write(1, {"a": 1})
        assert lines(path) == [{"timestamp_us": 1, "a": 1}]


def test_replaces_an_old_file_unless_told_to_append(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for url in (f"{path}", f"{path}?append=1"):
        with open_sink(url) as sink:
            sink.write(1, {})
    assert len(lines(path)) == 2
    with open_sink(str(path)):
        pass
    assert lines(path) == []


def test_counts_packets(tmp_path: Path) -> None:
    with open_sink(str(tmp_path / "out.jsonl")) as sink:
        sink.write(1, [{}, {}])
        sink.write(2, [])
        assert sink.counts.written == 2


def test_a_full_disk_is_an_error_that_names_file_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    os.symlink("/dev/full", path)
    with (
        open_sink(str(path)) as sink,
        pytest.raises(SinkError, match=r"out.jsonl' can't be written: No space left on device"),
    ):
        sink.write(0, {"a": 1})


def test_a_disk_that_takes_a_part_gets_the_rest() -> None:
    class Sipping(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data[:3]))

    file = Sipping()
    sink = JsonLinesSink("out.jsonl", file=file)
    sink.write(1, {"a": 1})
    assert json.loads(file.getvalue()) == {"timestamp_us": 1, "a": 1}


def test_a_disk_that_fills_up_on_closing_is_an_error() -> None:
    class FullAtTheEnd(io.BytesIO):
        def close(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sink = JsonLinesSink("out.jsonl", file=FullAtTheEnd())
    with pytest.raises(SinkError, match="No space left on device"):
        sink.close()


def test_writing_after_closing_is_an_error(tmp_path: Path) -> None:
    sink = open_sink(str(tmp_path / "out.jsonl"))
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="closed file"):
        sink.write(0, {})


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(
        SinkError, match=r"'/nowhere/out.jsonl' can't be written: there is no folder"
    ):
        open_sink("/nowhere/out.jsonl")
