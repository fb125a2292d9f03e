from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from flowlace.framework.clock import Clock
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.recording import GraphRecorder, Recording, RecordingError, VideoMode
from flowlace.recording.codecs import ValueCodec
from flowlace.recording.faults import parse_fault
from flowlace.recording.replay import ReplayFeed
from flowlace.runner.boxes import start_boxes
from flowlace.runner.errors import RunnerError
from flowlace.runner.find_graph import find_graph
from flowlace.runner.graph_runner import BoundSink, GraphRunner
from flowlace.sinks.sink import Sink, SinkCounts
from flowlace.sources import Frame, Source, open_source
from flowlace.testing.simulated_clock import SimulatedClock
from tests.recording.recorded_runs import TWO_STREAMS, record

STREET = "testsrc:street?width=160&height=120&seconds=1&seed=3"
SOUNDS = "testsrc:sounds?seconds=6"
STORM = "testsrc:storm?width=64&height=64&minutes=40"
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"

JOBS = {
    "box_tracking": ("camera_frames", STREET, "boxes"),
    "object_tracking": ("camera_frames", STREET, "objects"),
    "sound_events": ("sounds", SOUNDS, "bars"),
    "nowcast": ("radar_grids", STORM, "nowcasts"),
}


class Collected(Sink):
    """Keeps every payload as the bytes a recording would hold, so that every bit counts."""

    def __init__(self) -> None:
        self.counts = SinkCounts()
        self.rows: list[tuple[int, bytes]] = []

    def write(self, timestamp: int, payload: Any) -> None:
        self.rows.append((timestamp, ValueCodec().encode(payload, timestamp)))

    def close(self) -> None:
        pass


class FirstFrames(Source):
    """So many frames of another source."""

    def __init__(self, source: Source, count: int) -> None:
        self._source, self._left = source, count
        self.info, self.medium, self.header = source.info, source.medium, source.header
        self.counts = source.counts

    def read(self, timeout_s: float | None = None) -> Frame | None:
        self._left -= 1
        return self._source.read(timeout_s) if self._left >= 0 else None

    def close(self) -> None:
        self._source.close()


def record_job(
    name: str, path: Path, url: str, video: VideoMode, frames: int = 1_000_000
) -> list[tuple[int, bytes]]:
    """Records a packaged graph; returns the results of the recorded run."""
    stream, _, output = JOBS[name]
    graph = CalculatorGraph(validate_graph(find_graph(name)))
    source, sink = FirstFrames(open_source(url), frames), Collected()
    boxes = start_boxes(["0.3,0.4,0.2,0.3", "0.6,0.5,0.2,0.2"])({stream: source})
    first = {"start_boxes": boxes} if name == "box_tracking" else {}
    runner = GraphRunner(
        graph, {stream: source}, [BoundSink(output, "", sink)], first_packets=first
    )
    with GraphRecorder(graph, path, video=video):
        runner.run()
    return sink.rows


def replay_job(
    name: str, path: Path, *, threads: int = 0, clock: Clock | None = None, speed: float = 0
) -> list[tuple[int, bytes]]:
    recording, sink = Recording(path), Collected()
    assert recording.description is not None
    plan = validate_graph(recording.description.graph)
    plan.num_threads = threads
    feed = ReplayFeed(recording, list(plan.input_streams), speed=speed, clock=clock)
    GraphRunner(CalculatorGraph(plan), {}, [BoundSink(JOBS[name][2], "", sink)], feed=feed).run()
    return sink.rows


@pytest.fixture(scope="module", params=sorted(JOBS))
def job(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[tuple[int, bytes]]]:
    name = request.param
    path = tmp_path_factory.mktemp("replay") / f"{name}.mcap"
    return name, path, record_job(name, path, JOBS[name][1], VideoMode.RAW)


Job = tuple[str, Path, list[tuple[int, bytes]]]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_replay_gives_the_results_of_the_recorded_run_on_any_number_of_threads(
    job: Job, threads: int
) -> None:
    name, path, recorded = job
    assert len(recorded) >= 3
    assert replay_job(name, path, threads=threads) == recorded


def test_a_replay_at_its_own_speed_gives_the_results_of_the_recorded_run(job: Job) -> None:
    name, path, recorded = job
    assert replay_job(name, path, clock=SimulatedClock(), speed=1) == recorded


REAL = {
    "box_tracking": (f"{SHARED}/video/car4.mp4", 40),
    "object_tracking": (f"{SHARED}/video/traffic_car_detection.mp4", 20),
    "nowcast": (f"radar:{SHARED}/radar/raw/bom66_nc", 2),
}
"""Sources in the shared data and how many frames of them are recorded, by graph."""


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_video_and_radar_replay_to_the_same_results(tmp_path: Path, name: str) -> None:
    url, count = REAL[name]
    path = tmp_path / f"{name}.mcap"
    recorded = record_job(name, path, url, VideoMode.RAW, count)
    assert len(recorded) == count
    assert replay_job(name, path, threads=8) == recorded


def test_replays_of_lossy_pictures_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record_job("object_tracking", path, STREET, VideoMode.H264)
    assert replay_job("object_tracking", path) == replay_job("object_tracking", path, threads=8)


class Order:
    """Notes what enters a graph."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Any]] = []

    def started(self, side_packets: Mapping[str, Any], headers: Mapping[str, Any]) -> None:
        pass

    def entered(self, stream: str, packets: Sequence[Packet[Any]], bound: int) -> None:
        self.entries.append((stream, [each.timestamp for each in packets] or bound))


def test_packets_bounds_and_ends_enter_in_the_recorded_order(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    graph, recorded, replayed = CalculatorGraph(TWO_STREAMS), Order(), Order()
    graph.observe_inputs(recorded)
    with GraphRecorder(graph, path), graph:
        graph.start_run()
        for stream, time in [("a", 5), ("b", 3), ("b", 8), ("a", 6)]:
            graph.add_packet_to_input_stream(stream, Packet(stream, time))
        graph.set_input_stream_timestamp_bound("b", 50)
        graph.close_input_stream("a")
        graph.add_packet_to_input_stream("b", Packet("b", 60))
    again = CalculatorGraph(TWO_STREAMS)
    again.observe_inputs(replayed)
    GraphRunner(again, {}, [], feed=ReplayFeed(Recording(path), ["a", "b"])).run()
    assert len(recorded.entries) == 8
    assert replayed.entries == recorded.entries


def added(times: Mapping[str, list[int]]) -> list[tuple[str, Packet[Any]]]:
    return [(stream, Packet(time, time)) for stream, each in times.items() for time in each]


class WatchedClock(SimulatedClock):
    """Remembers when packets were let through."""


def paced(path: Path, speed: float) -> list[int]:
    clock = WatchedClock(start_us=500)
    recording = Recording(path)
    feed = ReplayFeed(recording, ["a", "b"], speed=speed, clock=clock)
    return [clock.now_us() for event in feed.events() if event.packet is not None]


def test_speed_sets_when_packets_enter(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": [1000, 1100, 1500]}))
    assert paced(path, 1) == [500, 600, 1000]
    assert paced(path, 4) == [500, 525, 625]
    assert paced(path, 0) == [500, 500, 500]


def test_a_feed_that_is_closed_ends_its_wait(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": [0, 3_600_000_000]}))
    feed = ReplayFeed(Recording(path), ["a"], speed=1)
    events = feed.events()
    assert next(events).packet == Packet(0, 0)
    feed.close()
    assert list(events) == []


def test_a_feed_that_is_closed_before_it_began_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": [0, 5]}))
    feed = ReplayFeed(Recording(path), ["a"])
    events = feed.events()
    feed.close()
    assert list(events) == []


def test_another_graph_takes_recorded_streams_under_its_own_names(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": [1, 2], "b": [3]}))
    graph = CalculatorGraph(
        'input_stream: "frames" output_stream: "out" node { calculator: "PassThroughCalculator" '
        'input_stream: "frames" output_stream: "out" }'
    )
    seen: list[int] = []
    graph.observe_output_stream("out", lambda packet: seen.append(packet.timestamp))
    feed = ReplayFeed(Recording(path), ["frames"], stream_of={"frames": "a"})
    summary = GraphRunner(graph, {}, [], feed=feed).run()
    assert seen == [1, 2]
    assert [counts.read for counts in summary.sources.values()] == [2]


def test_names_that_do_not_fit_are_refused_with_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": [1]}))
    with Recording(path) as recording:
        with pytest.raises(RecordingError, match=r"holds a, b, the graph takes x; .*--input"):
            ReplayFeed(recording, ["x"])
        with pytest.raises(RunnerError, match="no input 'y': x"):
            ReplayFeed(recording, ["x"], stream_of={"y": "a"})
        with pytest.raises(RunnerError, match="recorded streams are: a, b"):
            ReplayFeed(recording, ["x"], stream_of={"x": "aa"})
        with pytest.raises(RunnerError, match="nothing is replayed on stream 'x'"):
            ReplayFeed(recording, ["a"], faults=[parse_fault("x:drop=0.5")])
        with pytest.raises(RecordingError, match="0 s long; nothing lies between"):
            ReplayFeed(recording, ["a"], from_us=10)


def test_what_faults_did_is_in_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "rec.mcap"
    record(path, added({"a": list(range(100))}))
    recording = Recording(path)
    feed = ReplayFeed(recording, ["a", "b"], faults=[parse_fault("drop=0.2")], seed=1)
    assert recording.description is not None
    graph = CalculatorGraph(recording.description.graph)
    lines = GraphRunner(graph, {}, [], feed=feed).run().lines()
    dropped = feed.counts[f"a={path}"].skipped["fault: dropped"]
    assert 10 <= dropped <= 30
    assert f"  a={path}: {100 - dropped} read, 0 dropped, {dropped} skipped" in "\n".join(lines)
