from pathlib import Path

import pytest

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.json_lines import read_json_lines
from flowlace.framework.packet import Packet


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_rows_of_one_time_are_one_packet(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl",
        '{"timestamp_us": 5, "id": 1}\n{"timestamp_us": 5, "id": 2}\n\n{"timestamp_us": 2}\n',
    )
    assert read_json_lines(path) == [
        Packet([{"timestamp_us": 2}], 2),
        Packet([{"timestamp_us": 5, "id": 1}, {"timestamp_us": 5, "id": 2}], 5),
    ]


def test_rows_without_a_time_are_one_packet_in_their_order(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"n": 1}\n{"n": 2}\n')
    assert read_json_lines(path) == [Packet([{"n": 1}, {"n": 2}], 0)]


def test_the_time_may_have_another_name(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"frame": 7}\n')
    assert read_json_lines(path, time_field="frame") == [Packet([{"frame": 7}], 7)]


def test_an_empty_file_has_no_packets(tmp_path: Path) -> None:
    assert read_json_lines(written(tmp_path / "a.jsonl", "")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": \n', r"a.jsonl:2: expected one JSON object: "),
        ("[1]\n", "a.jsonl:1: expected one JSON object a line, but this is a list"),
        ('{"timestamp_us": 1}\n{"a": 1}\n', "a.jsonl:2: 'timestamp_us' has to be a number .* None"),
        ('{"timestamp_us": "1"}\n', "'timestamp_us' has to be a number"),
        ("[" * 100_000, "a.jsonl:1: expected one JSON object"),
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        read_json_lines(written(tmp_path / "a.jsonl", text))


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match="can't be read as JSON lines: No such file"):
        read_json_lines(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ComparisonError, match="can't be read as JSON lines"):
        read_json_lines(tmp_path / "bytes.jsonl")
    with pytest.raises(ComparisonError, match="Is a directory"):
        read_json_lines(tmp_path)
