import threading
import time
from typing import Any

import pytest

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.errors import CalculatorError, GraphError
from flowlace.framework.graph import CalculatorGraph
from flowlace.runner.graph_runner import BoundSink, GraphRunner
from flowlace.runner.queue_policy import QueuePolicy
from flowlace.sinks.sink import Sink, SinkCounts, SinkError
from flowlace.sources.source import (
    Frame,
    Medium,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
)
from tests.framework import probes

assert probes

PASS = (
    'input_stream: "a" output_stream: "b" '
    'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }'
)


class ListSource(Source):
    """Gives payloads at their own times; raises where an item is an error."""

    def __init__(
        self,
        items: list[Any],
        *,
        is_live: bool = False,
        medium: Medium | None = None,
        header: TimeSeriesHeader | None = None,
    ) -> None:
        self.items = list(items)
        self.is_live = is_live
        self.medium = medium
        self.header = header
        self.info = SourceInfo(name="list", frame_count=len(items))
        self.counts = SourceCounts()
        self.is_closed = False

    def read(self, timeout_s: float | None = None) -> Frame | None:
        if not self.items or self.is_closed:
            return None
        item = self.items.pop(0)
        if isinstance(item, Exception):
            raise item
        self.counts.read += 1
        return Frame(item, item)

    def close(self) -> None:
        self.is_closed = True


class ListSink(Sink):
    """Keeps what it is given; raises at the time `fail_at`."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.counts = SinkCounts()
        self.found: list[int] = []
        self.fail_at = fail_at
        self.is_closed = False

    def write(self, timestamp_us: int, payload: Any) -> None:
        if timestamp_us == self.fail_at:
            raise SinkError("sink 'full.jsonl': no space left on device")
        self.found.append(payload)
        self.counts.written += 1

    def close(self) -> None:
        self.is_closed = True


def runner(text: str, sources: dict[str, Source], sink: ListSink, **more: Any) -> GraphRunner:
    return GraphRunner(CalculatorGraph(text), sources, [BoundSink("b", "list", sink)], **more)


def test_every_frame_of_a_file_reaches_the_sink() -> None:
    source, sink = ListSource(list(range(500))), ListSink()
    summary = runner(PASS, {"a": source}, sink).run()
    assert sink.found == list(range(500))
    assert (summary.frames, summary.drops) == (500, 0)
    assert source.is_closed
    assert sink.is_closed


def test_two_files_are_added_by_time() -> None:
    text = (
        'input_stream: "a" input_stream: "c" output_stream: "b" '
        'node { calculator: "ShowSetsCalculator" input_stream: "a" input_stream: "c" '
        'output_stream: "SETS:b" }'
    )
    sink = ListSink()
    runner(text, {"a": ListSource([1, 3]), "c": ListSource([2, 3])}, sink).run()
    assert sink.found == ["1: 1 -", "2: - 2", "3: 3 3"]


def test_live_and_file_sources_run_side_by_side() -> None:
    text = (
        'input_stream: "a" input_stream: "c" output_stream: "b" '
        'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }'
        'node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" }'
    )
    sink = ListSink()
    live = ListSource(list(range(50)), is_live=True)
    summary = runner(text, {"a": live, "c": ListSource(list(range(50)))}, sink).run()
    assert summary.frames == 100
    assert sink.found == list(range(50))


def test_first_packets_come_with_the_first_frame() -> None:
    text = (
        'input_stream: "a" input_stream: "first" output_stream: "b" '
        'node { calculator: "ShowSetsCalculator" input_stream: "a" input_stream: "first" '
        'output_stream: "SETS:b" }'
    )
    sink = ListSink()
    first = {"first": lambda frame: f"at {frame.timestamp_us}"}
    runner(text, {"a": ListSource([7, 8])}, sink, first_packets=first).run()
    assert sink.found == ["7: 7 at 7", "8: 8 -"]


def test_a_source_that_fails_keeps_what_was_processed() -> None:
    source = ListSource([1, 2, SourceError("video 'x.mp4': cut off at 2 us")])
    sink = ListSink()
    with pytest.raises(SourceError, match="cut off at 2 us"):
        runner(PASS, {"a": source}, sink).run()
    assert sink.found == [1, 2]
    assert sink.is_closed


def test_a_sink_that_fails_ends_the_run_and_names_it() -> None:
    sink = ListSink(fail_at=3)
    with pytest.raises(GraphError, match=r"failed at 3: SinkError: sink 'full.jsonl': no space"):
        runner(PASS, {"a": ListSource(list(range(10)))}, sink).run()
    assert sink.found == [0, 1, 2]
    assert sink.is_closed


def test_a_calculator_that_raises_ends_the_run_and_closes_everything() -> None:
    text = (
        'input_stream: "a" output_stream: "b" '
        'node { calculator: "FailCalculator" input_stream: "a" output_stream: "b" '
        "options { [flowlace.tests.ProbeOptions.ext] { fail_at: 5 } } }"
    )
    source, sink = ListSource(list(range(10))), ListSink()
    with pytest.raises(CalculatorError, match="failed in process at 5"):
        runner(text, {"a": source}, sink).run()
    assert sink.found == [0, 1, 2, 3, 4]
    assert source.is_closed
    assert sink.is_closed


GATED = (
    'input_stream: "a" output_stream: "b" input_side_packet: "gate" '
    'input_side_packet: "entered" node { calculator: "WaitForGateCalculator" '
    'input_stream: "a" output_stream: "b" input_side_packet: "GATE:gate" '
    'input_side_packet: "ENTERED:entered" }'
)


def drops_at_a_gate(text: str) -> int:
    gate, sink = threading.Event(), ListSink()
    source = ListSource(list(range(100)))
    sides = {"gate": gate, "entered": threading.Semaphore(0)}
    threading.Timer(0.2, gate.set).start()
    summary = runner(
        text, {"a": source}, sink, side_packets=sides, queue_policy=QueuePolicy.DROP_NEWEST
    ).run()
    assert len(sink.found) + summary.drops == 100
    return summary.drops


def test_frames_that_find_the_queues_full_are_dropped_and_counted_if_asked_so() -> None:
    assert 80 < drops_at_a_gate(GATED) < 94


def test_a_graph_that_asks_for_short_queues_gets_them_at_its_inputs() -> None:
    assert drops_at_a_gate(f"max_queue_size: 2 {GATED}") > 94


def test_a_live_source_has_one_frame_in_the_graph() -> None:
    depths: list[int] = []
    source, sink = ListSource(list(range(20)), is_live=True), ListSink()
    running = runner(PASS, {"a": source}, sink, on_frame=lambda _: depths.append(len(sink.found)))
    running.run()
    assert depths == list(range(1, 21))


def test_live_sound_is_not_thinned_while_the_graph_is_busy() -> None:
    text = (
        'input_stream: "a" output_stream: "b" input_side_packet: "gate" '
        'input_side_packet: "entered" node { calculator: "WaitForGateCalculator" '
        'input_stream: "a" output_stream: "b" input_side_packet: "GATE:gate" '
        'input_side_packet: "ENTERED:entered" }'
    )
    gate, added, sink = threading.Event(), threading.Semaphore(0), ListSink()
    sound = ListSource(list(range(6)), is_live=True, medium=Medium.SOUND)
    sides = {"gate": gate, "entered": threading.Semaphore(0)}
    running = runner(
        text, {"a": sound}, sink, side_packets=sides, on_frame=lambda _: added.release()
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    all_added = [added.acquire(timeout=20) for _ in range(6)]
    found_before = list(sink.found)
    gate.set()
    thread.join(20)
    assert all(all_added)
    assert (found_before, sink.found) == ([], list(range(6)))


class Microphone(ListSource):
    """Gives what has arrived also when it is closed, as live sound does."""

    def read(self, timeout_s: float | None = None) -> Frame | None:
        while not self.items and not self.is_closed:
            time.sleep(0.001)
        frame = super().read() if not self.is_closed else None
        if frame is None and self.items:
            item = self.items.pop(0)
            return Frame(item, item)
        return frame


def test_after_stop_the_sound_that_has_arrived_is_still_processed() -> None:
    sink, seen = ListSink(), threading.Event()
    sound = Microphone([0], is_live=True, medium=Medium.SOUND)
    running = runner(PASS, {"a": sound}, sink, on_frame=lambda _: seen.set())
    thread = threading.Thread(target=running.run)
    thread.start()
    assert seen.wait(20)
    sound.is_closed = True  # nothing more arrives
    sound.items += [1, 2, 3]
    running.stop()
    thread.join(20)
    assert sink.found == [0, 1, 2, 3]
    assert running.summary.was_interrupted


def test_the_headers_of_sources_are_those_of_their_streams() -> None:
    source = ListSource([1], header=TimeSeriesHeader(sample_rate=16_000.0, num_channels=1))
    running = runner(PASS, {"a": source}, ListSink())
    running.run()
    assert running.graph.header("b").payload == source.header


def test_a_source_without_a_header_gives_none() -> None:
    running = runner(PASS, {"a": ListSource([1])}, ListSink())
    running.run()
    assert not running.graph.header("b")


def test_stop_drains_and_says_so() -> None:
    source, sink = ListSource(list(range(100_000))), ListSink()
    running = runner(PASS, {"a": source}, sink, on_frame=lambda frame: seen.set())
    seen = threading.Event()
    thread = threading.Thread(target=running.run)
    thread.start()
    assert seen.wait(20)
    running.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert running.summary.was_interrupted
    assert len(sink.found) == source.counts.read or len(sink.found) == source.counts.read - 1
    assert sink.is_closed


def test_the_summary_shows_every_count() -> None:
    source, sink = ListSource([1]), ListSink()
    running = runner(PASS, {"a": source}, sink)
    source.counts.dropped = 4
    source.counts.skipped["no timestamp"] = 2
    source.counts.resampled = 3
    source.counts.flaws["clipped"] = 1
    lines = "\n".join(running.run().lines())
    assert "4 dropped" in lines
    assert "2 skipped (no timestamp)" in lines
    assert "3 resampled" in lines
    assert "1 flawed (clipped)" in lines
    assert "list: 1 written" in lines
