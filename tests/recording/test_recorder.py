from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE, PRE_STREAM
from flowlace.framework.validation import validate_graph
from flowlace.recording import GraphRecorder, Recording, RecordingError, Rotation, VideoMode
from tests.recording.recorded_runs import TWO_STREAMS, all_events, entries, record


def picture(value: int, *, size: int = 8) -> Image:
    return Image(ImageFormat.GRAY8, np.full((size, size), value, np.uint8))


def test_packets_of_all_streams_come_back_in_the_order_they_entered(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    added = [("b", 30, "late"), ("a", 10, 1), ("b", 31, 2.5), ("a", 20, picture(3)), ("a", 40, [])]
    record(path, [(stream, Packet(payload, time)) for stream, time, payload in added])
    assert entries(path) == added


def test_special_and_negative_timestamps_come_back(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    added = [("a", PRE_STREAM, "first"), ("b", -5, "negative"), ("b", 7, "then")]
    record(path, [(stream, Packet(payload, time)) for stream, time, payload in added])
    assert entries(path) == added


def test_bounds_ends_and_the_end_of_the_run_are_kept_in_their_places(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    graph = CalculatorGraph(TWO_STREAMS)
    with GraphRecorder(graph, path), graph:
        graph.start_run()
        graph.add_packet_to_input_stream("a", Packet("one", 10))
        graph.set_input_stream_timestamp_bound("b", 15)
        graph.close_input_stream("a")
        graph.add_packet_to_input_stream("b", Packet("two", 20))
    moves = [(e.stream, e.packet.payload if e.packet else e.bound) for e in all_events(path)]
    assert moves == [("a", "one"), ("b", 15), ("a", DONE), ("b", "two"), ("b", DONE)]


def test_a_recording_says_what_made_it(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    text = TWO_STREAMS + 'input_side_packet: "name"\n'
    header = TimeSeriesHeader(sample_rate=16_000.0, num_channels=1)
    sound = Matrix(np.ones((1, 4), np.float32))
    record(
        path, [("a", Packet(sound, 0))], graph_text=text,
        headers={"a": Packet(header)}, side_packets={"name": "Anna"},
    )  # fmt: skip
    with Recording(path) as recording:
        described = recording.description
        assert list(recording.events())
        assert recording.is_complete
    assert described is not None
    assert described.streams == ("a", "b")
    assert described.headers == {"a": header}
    assert described.versions["flowlace"]
    assert described.started.endswith("+00:00")
    assert [node.name for node in validate_graph(described.graph).nodes] == [
        "PassThroughCalculator_1", "PassThroughCalculator_2",
    ]  # fmt: skip


def test_models_are_known_by_their_checksums(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    graph = CalculatorGraph(
        'input_stream: "t" output_stream: "o" node { calculator: "InferenceCalculator" '
        'input_stream: "TENSORS:t" output_stream: "TENSORS:o" options { '
        '[mediapipe.InferenceCalculatorOptions.ext] { model_path: "street_detector" } } }'
    )
    with GraphRecorder(graph, path), graph:
        graph.start_run()
    with Recording(path) as recording:
        assert recording.description is not None
        ((name, digest),) = recording.description.models.items()
    assert (name, len(digest)) == ("street_detector", 64)


@pytest.mark.parametrize("video", VideoMode)
def test_every_way_of_writing_pictures_keeps_their_number_and_times(
    tmp_path: Path, video: VideoMode
) -> None:
    path = tmp_path / "rec.mcap"
    added = [("a", Packet(picture(value, size=32), value * 1000)) for value in range(20)]
    record(path, added, video=video)
    found = entries(path)
    assert [time for _, time, _ in found] == [value * 1000 for value in range(20)]
    worst = max(abs(int(image.pixels.mean()) - value) for value, (*_, image) in enumerate(found))
    assert worst <= (3 if video is VideoMode.H264 else 0)


def test_a_recording_goes_on_in_other_files_and_each_can_be_read_alone(tmp_path: Path) -> None:
    graph = CalculatorGraph(TWO_STREAMS)
    rotation = Rotation(duration_us=10)
    with GraphRecorder(graph, tmp_path / "rec.mcap", rotation=rotation) as recorder, graph:
        graph.start_run()
        graph.close_input_stream("b")
        for time in range(0, 40, 5):
            graph.add_packet_to_input_stream("a", Packet(time, time))
    assert [path.name for path in recorder.paths[:2]] == ["rec-0000.mcap", "rec-0001.mcap"]
    assert [time for _, time, _ in entries(tmp_path)] == list(range(0, 40, 5))
    second = all_events(recorder.paths[1])
    assert (second[0].stream, second[0].packet) == ("b", None)
    assert [e.packet.timestamp for e in second if e.packet] == [15, 20, 25]


def test_a_file_is_full_at_its_size(tmp_path: Path) -> None:
    added = [("a", Packet(picture(1, size=100), time)) for time in range(10)]
    paths = record(tmp_path / "rec.mcap", added, rotation=Rotation(size_bytes=30_000))
    assert len(paths) == 4
    assert len(entries(f"{tmp_path}/rec-*.mcap")) == 10


def test_files_of_two_runs_do_not_make_one_recording(tmp_path: Path) -> None:
    record(tmp_path / "one.mcap", [("a", Packet(1, 1))])
    record(tmp_path / "two.mcap", [("a", Packet(1, 1))])
    with pytest.raises(RecordingError, match="is not of the same run as"):
        Recording(tmp_path)


def test_a_missing_file_of_a_series_is_told(tmp_path: Path) -> None:
    added = [("a", Packet(picture(1, size=100), time)) for time in range(10)]
    paths = record(tmp_path / "rec.mcap", added, rotation=Rotation(size_bytes=30_000))
    paths[1].unlink()
    with Recording(tmp_path) as recording:
        assert recording.skipped == {"missing file": 1}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rec.mp4", "has to end in .mcap"),
        ("none/rec.mcap", "there is no folder"),
        ("there.mcap", "exists already; give another name, or --overwrite"),
    ],
)
def test_a_path_that_can_not_be_is_refused_at_once(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "there.mcap").write_text("precious")
    with pytest.raises(RecordingError, match=message):
        GraphRecorder(CalculatorGraph(TWO_STREAMS), tmp_path / name)


def test_any_file_of_a_series_that_exists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rec-0003.mcap").write_text("precious")
    with pytest.raises(RecordingError, match=r"rec-0003\.mcap' exists already"):
        GraphRecorder(
            CalculatorGraph(TWO_STREAMS), tmp_path / "rec.mcap", rotation=Rotation(duration_us=1)
        )


def test_a_file_that_came_while_the_run_was_prepared_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    graph = CalculatorGraph(TWO_STREAMS)
    recorder = GraphRecorder(graph, path)
    path.write_text("precious")
    with pytest.raises(RecordingError, match=r"can't be written: .*File exists"):
        graph.start_run()
    recorder.close()
    assert path.read_text() == "precious"


def test_what_another_recorder_writes_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    first, second = CalculatorGraph(TWO_STREAMS), CalculatorGraph(TWO_STREAMS)
    with GraphRecorder(first, path), first:
        first.start_run()
        first.add_packet_to_input_stream("a", Packet("kept", 1))
        other = GraphRecorder(second, path, overwrites=True)
        with pytest.raises(RecordingError, match="another recorder is writing"):
            second.start_run()
        other.close()
    assert entries(path) == [("a", 1, "kept")]


def test_a_longer_recording_is_replaced_by_a_shorter_one(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, [("a", Packet(picture(1, size=500), 1))])
    graph = CalculatorGraph(TWO_STREAMS)
    with GraphRecorder(graph, path, overwrites=True), graph:
        graph.start_run()
        graph.add_packet_to_input_stream("a", Packet("short", 1))
    assert path.stat().st_size < 10_000
    assert entries(path) == [("a", 1, "short")]


def test_a_full_disk_fails_the_run_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "full.mcap"
    path.symlink_to("/dev/full")
    graph = CalculatorGraph(TWO_STREAMS)
    recorder = GraphRecorder(graph, path, overwrites=True)
    with pytest.raises(RecordingError, match=r"full\.mcap' can't be written: .*No space left"):
        graph.start_run()
    recorder.close()


def test_a_disk_that_fills_up_later_fails_the_run_and_nothing_hangs(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    graph = CalculatorGraph(TWO_STREAMS)
    recorder = GraphRecorder(graph, path)
    graph.start_run()
    assert recorder._file is not None
    with open("/dev/full", "wb", buffering=0) as full:
        recorder._file._writer._file = full
        with pytest.raises(RecordingError, match=r"No space left.* before can be replayed"):
            for time in range(100_000):
                graph.add_packet_to_input_stream("a", Packet(picture(1, size=1000), time))
        graph.cancel()
        recorder.close()


def test_a_payload_nobody_can_write_fails_the_run_with_what_to_do(tmp_path: Path) -> None:
    graph = CalculatorGraph(TWO_STREAMS)
    recorder = GraphRecorder(graph, tmp_path / "rec.mcap")
    graph.start_run()
    graph.add_packet_to_input_stream("a", Packet(object(), 1))
    graph.close_all_packet_sources()
    with pytest.raises(RecordingError, match=r"type builtins\.object can't be recorded"):
        recorder.close()
    assert entries(tmp_path / "rec.mcap") == []


def test_a_side_packet_nobody_can_write_keeps_the_run_from_starting(tmp_path: Path) -> None:
    text = TWO_STREAMS + 'input_side_packet: "thing"\n'
    graph = CalculatorGraph(text + 'node { calculator: "PassThroughCalculator" '
        'input_side_packet: "thing" output_side_packet: "same" }')  # fmt: skip
    recorder = GraphRecorder(graph, tmp_path / "rec.mcap")
    with pytest.raises(RecordingError, match=r"side packet 'thing'.* can't be recorded"):
        graph.start_run({"thing": object()})
    recorder.close()


def test_a_recorder_records_one_run(tmp_path: Path) -> None:
    graph = CalculatorGraph(TWO_STREAMS)
    with GraphRecorder(graph, tmp_path / "rec.mcap"):
        with graph:
            graph.start_run()
        with pytest.raises(RecordingError, match="records one run"):
            graph.start_run()
