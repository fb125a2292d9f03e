from pathlib import Path

import pytest

from flowlace.formats.box_row import BoxRow
from flowlace.formats.object_row import ObjectRow
from flowlace.sinks import SinkError, open_sink


def row(id_: int) -> ObjectRow:
    return ObjectRow(
        timestamp_us=0, id=id_, label="car", score=0.9, x=1.5, y=2, w=30.25, h=40, confidence=0.75
    )


def test_frames_are_counted_from_one_by_packets_and_empty_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with open_sink(str(path)) as sink:
        sink.write(1000, [row(7)])
        sink.write(2000, [])
        sink.write(3000, [row(7), row(8)])
    assert path.read_text().splitlines() == [
        "1,7,1.500,2.000,30.250,40.000,0.7500,-1,-1,-1",
        "3,7,1.500,2.000,30.250,40.000,0.7500,-1,-1,-1",
        "3,8,1.500,2.000,30.250,40.000,0.7500,-1,-1,-1",
    ]
    assert sink.counts.written == 3


def test_rows_of_single_boxes_are_taken_too(tmp_path: Path) -> None:
    box = BoxRow(timestamp_us=0, id=2, x=0, y=1, w=2, h=3, confidence=1, state="tracked")
    with open_sink(str(tmp_path / "out.txt")) as sink:
        sink.write(0, [box])
    text = (tmp_path / "out.txt").read_text()
    assert text == "1,2,0.000,1.000,2.000,3.000,1.0000,-1,-1,-1\n"


def test_what_is_written_can_be_read_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with open_sink(str(path)) as sink:
        sink.write(0, [row(7)])
        assert path.read_text().startswith("1,7,")


@pytest.mark.parametrize("payload", [row(1), [object()], [row(1), {"x": 1}]])
def test_other_payloads_are_an_error_that_says_what_to_do(tmp_path: Path, payload: object) -> None:
    with (
        open_sink(str(tmp_path / "out.txt")) as sink,
        pytest.raises(SinkError, match=r"takes lists of ObjectRow or BoxRow.*\.jsonl"),
    ):
        sink.write(0, payload)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="can't be written: No such file"):
        open_sink(str(tmp_path / "nowhere" / "out.txt"))
