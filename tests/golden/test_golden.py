import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.report import report
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.golden import GoldenError, Recipe, check_golden, create_golden, update_golden
from flowlace.golden.golden import UNFINISHED, golden_folders
from flowlace.golden.result_file import ResultFile, ResultSink, ResultWriter, describe_results
from flowlace.recording import GraphRecorder
from tests.recording.recorded_runs import record

ZSTD_MAGIC = bytes.fromhex("28b52ffd")
STORM = "testsrc:storm?minutes=4&width=32&height=32"
RAIN = Recipe(graph="nowcast", sources=(STORM,), streams=("summaries",))
PASS = """
input_stream: "numbers"
output_stream: "passed"
node { calculator: "PassThroughCalculator" input_stream: "numbers" output_stream: "passed" }
"""


def recorded(path: Path, payloads: list[Any]) -> Path:
    graph = CalculatorGraph(PASS)
    with GraphRecorder(graph, path, overwrites=True), graph:
        graph.start_run()
        for time, payload in enumerate(payloads):
            graph.add_packet_to_input_stream("numbers", Packet(payload, time))
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    recorded(tmp_path / "rec.mcap", list(range(50)))
    create_golden(tmp_path / "golden", Recipe(recording=str(tmp_path / "rec.mcap")))
    return tmp_path / "golden"


def test_a_run_is_like_what_was_kept_of_it(kept: Path) -> None:
    checked = check_golden(kept)
    assert checked.comparison.is_same
    assert checked.comparison.streams["passed"].same == 50
    assert checked.changes == ()


def test_another_input_is_found_at_its_first_packet(kept: Path, tmp_path: Path) -> None:
    recorded(tmp_path / "rec.mcap", [*range(20), 99, *range(21, 50)])
    first = check_golden(kept).comparison.first
    assert first is not None
    assert (first.stream, first.timestamp_us, first.expected, first.actual) == (
        "passed",
        20,
        20,
        99,
    )


def test_an_update_makes_the_present_result_the_expected_one(kept: Path, tmp_path: Path) -> None:
    recorded(tmp_path / "rec.mcap", [5] * 50)
    assert update_golden(kept)["passed"].written == 50
    assert check_golden(kept).comparison.is_same


def test_tolerances_in_the_recipe_are_those_of_the_check(kept: Path, tmp_path: Path) -> None:
    recorded(tmp_path / "rec.mcap", [each + 0.25 for each in range(50)])
    assert not check_golden(kept).comparison.is_same
    recipe = json.loads((kept / "recipe.json").read_text())
    (kept / "recipe.json").write_text(json.dumps({**recipe, "tolerances": ["number=0.25"]}))
    assert check_golden(kept).comparison.is_same


def test_another_graph_is_told_beside_the_difference(tmp_path: Path) -> None:
    (tmp_path / "own.pbtxt").write_text(PASS)
    recipe = Recipe(
        graph=str(tmp_path / "own.pbtxt"),
        recording=str(recorded(tmp_path / "rec.mcap", list(range(5)))),
    )
    create_golden(tmp_path / "golden", recipe)
    (tmp_path / "own.pbtxt").write_text(PASS.replace("node {", 'node { name: "other"'))
    checked = check_golden(tmp_path / "golden")
    assert checked.comparison.is_same
    assert checked.changes == ("the graph or an option of it was changed",)


def test_a_golden_result_needs_no_recording(tmp_path: Path) -> None:
    counts = create_golden(tmp_path / "golden", RAIN)
    assert counts["summaries"].written == 1
    assert check_golden(tmp_path / "golden").comparison.is_same


def test_a_changed_option_is_caught(tmp_path: Path) -> None:
    create_golden(tmp_path / "golden", RAIN)
    recipe = json.loads((tmp_path / "golden" / "recipe.json").read_text())
    recipe["settings"] = ["nowcast.lead_minutes=[70]"]
    (tmp_path / "golden" / "recipe.json").write_text(json.dumps(recipe))
    checked = check_golden(tmp_path / "golden")
    assert not checked.comparison.is_same
    assert checked.changes == ("the graph or an option of it was changed",)


def test_faults_of_a_replay_are_the_same_every_time(tmp_path: Path) -> None:
    path = recorded(tmp_path / "rec.mcap", list(range(200)))
    recipe = Recipe(recording=str(path), faults=("drop=0.2",), seed=3)
    kept = create_golden(tmp_path / "golden", recipe)["passed"].written
    assert 120 < kept < 190
    assert check_golden(tmp_path / "golden").comparison.is_same


def test_what_is_there_is_not_overwritten_unless_asked(kept: Path, tmp_path: Path) -> None:
    recipe = Recipe(recording=str(tmp_path / "rec.mcap"))
    with pytest.raises(GoldenError, match="exists already"):
        create_golden(kept, recipe)
    create_golden(kept, recipe, overwrites=True)


def test_a_run_that_fails_leaves_what_was_there(kept: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    (tmp_path / "rec.mcap").write_bytes((tmp_path / "rec.mcap").read_bytes()[:-4000])
    with pytest.raises(FlowlaceError):
        update_golden(kept)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


def test_a_run_that_fails_leaves_no_new_folder(tmp_path: Path) -> None:
    live = Recipe(graph="box_tracking", sources=("testsrc:street?live=1",))
    with pytest.raises(FlowlaceError, match="live"):
        create_golden(tmp_path / "golden", live)
    assert not (tmp_path / "golden").exists()


def test_a_payload_that_can_not_be_kept_is_named(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path / "a.mcap", describe_results(["s"]))
    with pytest.raises(FlowlaceError, match="object can't be recorded; mark a dataclass"):
        writer.write("s", Packet(object(), 0))
    writer.abandon()


@pytest.mark.parametrize("keep", [0.3, 0.6])
def test_kept_outputs_that_were_cut_off_are_told(kept: Path, keep: float) -> None:
    data = (kept / "outputs.mcap").read_bytes()
    (kept / "outputs.mcap").write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(FlowlaceError, match=r"cut off|damaged|no MCAP|can't be"):
        check_golden(kept)


def test_kept_outputs_with_a_wrong_bit_are_told(kept: Path) -> None:
    data = bytearray((kept / "outputs.mcap").read_bytes())
    data[data.index(ZSTD_MAGIC) + 40] ^= 0x10
    (kept / "outputs.mcap").write_bytes(data)
    with pytest.raises(ComparisonError, match="damaged"):
        check_golden(kept)


def test_missing_parts_are_told(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "rec.mcap").unlink()
    with pytest.raises(FlowlaceError, match=r"rec\.mcap': there is no such file"):
        check_golden(kept)
    (kept / "outputs.mcap").unlink()
    with pytest.raises(GoldenError, match=r"has no outputs\.mcap"):
        check_golden(kept)
    (kept / "recipe.json").unlink()
    with pytest.raises(GoldenError, match=r"recipe\.json' can't be read: No such file"):
        check_golden(kept)


def test_all_golden_results_below_a_folder_are_found(kept: Path, tmp_path: Path) -> None:
    assert golden_folders(tmp_path) == [kept]
    assert golden_folders(kept) == [kept]
    shutil.copytree(kept, kept / f"{UNFINISHED}killed")
    assert golden_folders(tmp_path) == [kept]
    with pytest.raises(GoldenError, match="there is no golden result"):
        golden_folders(tmp_path / "none")


def test_results_are_read_stream_by_stream_as_they_were_written(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path / "a.mcap", describe_results(["a", "b", "empty"]))
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    writer.write("a", Packet({"x": float("nan"), "y": (1, 2)}, 5))
    writer.write("b", Packet(array, 3))
    writer.write("a", Packet([None, "text"], 7))
    writer.finish()
    with ResultFile(tmp_path / "a.mcap") as file:
        found = {name: list(packets) for name, packets in file.streams().items()}
        assert file.is_complete
    assert [packet.timestamp for packet in found["a"]] == [5, 7]
    assert found["a"][1].payload == [None, "text"]
    np.testing.assert_array_equal(found["b"][0].payload, array)
    assert found["empty"] == []


def test_equal_results_are_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        writer = ResultWriter(tmp_path / name, describe_results(["s"]))
        writer.write("s", Packet({"x": 1.5}, 5))
        writer.finish()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


HEADER = TimeSeriesHeader(sample_rate=16_000.0, num_channels=1)


def results_with_headers(path: Path, headers: dict[str, Any]) -> ResultFile:
    writer = ResultWriter(path, describe_results(["s", "t"]))
    sink = ResultSink(writer, "s")
    sink.take_header(headers.get("s"))
    sink.write(5, 1.5)
    try:
        writer.finish()
    finally:
        writer.abandon()
    return ResultFile(path)


def test_headers_of_outputs_are_kept_with_them(tmp_path: Path) -> None:
    with results_with_headers(tmp_path / "a.mcap", {"s": HEADER}) as file:
        assert file.headers == {"s": HEADER}
    with results_with_headers(tmp_path / "b.mcap", {}) as file:
        assert file.headers == {"s": None}


def test_a_header_that_can_not_be_kept_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlowlaceError, match=r"header of 's': a payload of type builtins\.object"):
        results_with_headers(tmp_path / "a.mcap", {"s": object()})


def test_a_recording_tells_the_headers_of_what_entered(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(1, 1))], headers={"a": Packet(HEADER)})
    with ResultFile(path) as file:
        assert file.headers == {"a": HEADER, "b": None}


def test_a_changed_header_of_an_output_is_a_difference(tmp_path: Path) -> None:
    def sounding(rate_hz: float) -> Recipe:
        path = tmp_path / "rec.mcap"
        path.unlink(missing_ok=True)
        sound = Packet(Matrix(np.zeros((1, 4), np.float32)), 0)
        header = TimeSeriesHeader(sample_rate=rate_hz, num_channels=1)
        record(path, [("a", sound)], headers={"a": Packet(header)})
        return Recipe(recording=str(path))

    create_golden(tmp_path / "golden", sounding(16_000.0))
    assert check_golden(tmp_path / "golden").comparison.is_same
    sounding(8_000.0)
    comparison = check_golden(tmp_path / "golden").comparison
    assert not comparison.is_same
    assert report(comparison).plain.startswith(
        "first difference: c, header.sample_rate: off by 8000"
    )
