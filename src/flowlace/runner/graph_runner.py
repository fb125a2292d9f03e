"""Feeds one graph from its sources and its results to its sinks."""

import heapq
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from time import monotonic
from typing import Any, NamedTuple

from flowlace.framework.errors import FlowlaceError, ThrottledError
from flowlace.framework.graph import AddMode, CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE
from flowlace.runner.input_feed import InputEvent, InputFeed
from flowlace.runner.latency import LatencyMeter
from flowlace.runner.queue_policy import QueuePolicy
from flowlace.runner.summary import RunSummary
from flowlace.sinks.sink import Sink
from flowlace.sources.source import Frame, Medium, Source, SourceTimeoutError

QUEUED_FRAMES = 8
"""Frames a stream queues at most: enough to keep the graph busy, few enough for large ones."""

LOOK_UP_S = 0.2
"""How often a wait for a live frame looks whether it should stop."""


class BoundSink(NamedTuple):
    """A sink and the output stream it takes."""

    stream: str
    url: str
    """As the user typed it, for the summary."""
    sink: Sink


FirstFrame = Callable[[Frame], Any]
"""Makes the payload of an input stream's only packet from the first frame."""


class GraphRunner:
    """Runs a graph from sources to sinks.

    Files are lossless: adding waits for the graph. For a live source of pictures one frame is in
    the graph at a time; while it is busy the source keeps the newest frame and counts those it
    drops. Live sound queues up in the graph and then in its source, which keeps the newest
    seconds; so a graph that falls behind catches up without a gap, and after `stop` the sound
    that has arrived is still processed. Another `queue_policy` changes that for every source.

    Args:
        graph: the graph, not started.
        sources: by input stream.
        sinks: any number a stream.
        first_packets: input streams that get one packet at the time of the first frame.
        side_packets: the graph's input side packets.
        queue_policy: what happens to frames that come while the graph is busy.
        on_frame: called after each frame that was added, for progress.
        feed: gives everything that is to enter the graph, in order, instead of sources. It waits
            for the graph; nothing is dropped.
    """

    def __init__(
        self,
        graph: CalculatorGraph,
        sources: Mapping[str, Source],
        sinks: list[BoundSink],
        *,
        first_packets: Mapping[str, FirstFrame] | None = None,
        side_packets: Mapping[str, Any] | None = None,
        queue_policy: QueuePolicy | None = None,
        on_frame: Callable[[Frame], None] | None = None,
        feed: InputFeed | None = None,
    ) -> None:
        self.graph = graph
        self._sources = dict(sources)
        self._sinks = sinks
        self._first_packets = dict(first_packets or {})
        self._side_packets = side_packets
        self._queue_policy = queue_policy
        self.on_frame = on_frame
        self._input_feed = feed
        self._stop = threading.Event()
        self._is_cancelled = False
        self._feeding_error: BaseException | None = None
        self._started_s = 0.0
        self._is_over = False
        self._has_started = False
        self._latency = LatencyMeter()
        self.summary = RunSummary(latency=self._latency.times)

    def stop(self) -> None:
        """Ends the sources; what is in the graph is still processed and written."""
        self._stop.set()
        for source in self._sources.values():
            source.close()
        if self._input_feed is not None:
            self._input_feed.close()
        elif not self._sources and self._has_started:
            self.graph.close_all_packet_sources()

    def cancel(self) -> None:
        """Ends the run at once; files are still finished."""
        self._is_cancelled = True
        self._stop.set()
        if self._input_feed is not None:
            self._input_feed.close()
        self.graph.cancel()

    def run(self) -> RunSummary:
        """Runs until the sources end; returns the counts.

        Raises:
            FlowlaceError: a source, the graph or a sink failed; what had been processed is kept.
        """
        self._started_s = monotonic()
        with ExitStack() as exits:
            for source in self._sources.values():
                exits.callback(source.close)
            if self._input_feed is not None:
                exits.callback(self._input_feed.close)
            for bound in self._sinks:
                exits.callback(bound.sink.close)
            exits.callback(self._end)
            for stream, _, sink in self._sinks:
                self.graph.observe_output_stream(stream, self._writer(stream, sink))
            for stream in self._fed_streams():
                self.graph.set_input_stream_max_queue_size(stream, self._queued_frames())
            self.graph.start_run(self._side_packets, headers=self._headers())
            self._has_started = True
            self._close_unfed_inputs()
            try:
                self._feed() if self._input_feed is None else self._feed_events(self._input_feed)
            except BaseException:
                self._end_early()
                raise
            if self._sources or self._input_feed is not None or self._stop.is_set():
                self.graph.close_all_packet_sources()
            # Without sources the graph's own source nodes end the run, or `stop` does.
            self.graph.wait_until_done()
        return self.summary

    def _queued_frames(self) -> int:
        """Returns how many frames wait at an input: fewer where the graph asks for short queues."""
        wanted = self.graph.plan.max_queue_size
        return min(QUEUED_FRAMES, wanted) if wanted > 0 else QUEUED_FRAMES

    def _fed_streams(self) -> set[str]:
        return {*self._sources} if self._input_feed is None else {*self._input_feed.streams}

    def _headers(self) -> dict[str, Packet[Any]]:
        if self._input_feed is not None:
            return {stream: Packet(each) for stream, each in self._input_feed.headers.items()}
        return {
            stream: Packet(source.header)
            for stream, source in self._sources.items()
            if source.header is not None
        }

    def _close_unfed_inputs(self) -> None:
        """Ends the inputs that nothing will ever come on, so that nobody waits for them."""
        for stream in self.graph.plan.input_streams:
            if stream not in self._fed_streams() and stream not in self._first_packets:
                self.graph.close_input_stream(stream)

    def _end_early(self) -> None:
        """Lets the graph finish what it has, so that files hold all results so far."""
        try:
            self.graph.close_all_packet_sources()
            self.graph.wait_until_done()
        except FlowlaceError:
            self.graph.cancel()

    @property
    def name(self) -> str:
        """The sources, as the user typed them."""
        if self._input_feed is not None:
            return self._input_feed.name
        return ", ".join(source.info.name for source in self._sources.values())

    @property
    def frame_count(self) -> int | None:
        """Frames to expect in all; None where that is not known."""
        if self._input_feed is not None:
            return self._input_feed.frame_count
        counts = [source.info.frame_count for source in self._sources.values()]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def source_names(self) -> dict[str, str]:
        """The source of each input stream, without passwords."""
        return {stream: source.info.name for stream, source in self._sources.items()}

    def counted(self) -> RunSummary:
        """Returns the counts up to now."""
        if self._started_s and not self._is_over:
            self._count()
        return self.summary

    def _end(self) -> None:
        self._count()
        self._is_over = True

    def _count(self) -> None:
        self.summary.elapsed_s = monotonic() - self._started_s
        self.summary.sources = {
            f"{stream}={source.info.name}": source.counts
            for stream, source in self._sources.items()
        }
        if self._input_feed is not None:
            self.summary.sources = dict(self._input_feed.counts)
        self.summary.was_interrupted = self._stop.is_set()
        self.summary.sinks = {each.url: each.sink.counts for each in self._sinks}
        if self._has_started:
            self.summary.counters = self.graph.counters()

    def _feed(self) -> None:
        live = {name: source for name, source in self._sources.items() if source.is_live}
        if (len(live) <= 1 and len(self._sources) == len(live)) or not live:
            self._feed_in_order(self._sources)
            return
        files = {name: source for name, source in self._sources.items() if name not in live}
        groups = [{name: source} for name, source in live.items()] + ([files] if files else [])
        threads = [threading.Thread(target=self._feed_group, args=(group,)) for group in groups]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._feeding_error is not None:
            raise self._feeding_error

    def _feed_events(self, feed: InputFeed) -> None:
        with closing(feed.events()) as events:
            for event in events:
                if self._stop.is_set():
                    return
                self._enter(event)

    def _enter(self, event: InputEvent) -> None:
        if event.packet is not None:
            self._latency.enter(event.packet.timestamp)
            self.graph.add_packet_to_input_stream(event.stream, event.packet)
            if self.on_frame is not None:
                self.on_frame(Frame(event.packet.payload, event.packet.timestamp))
        elif event.bound == DONE:
            self.graph.close_input_stream(event.stream)
        else:
            self.graph.set_input_stream_timestamp_bound(event.stream, event.bound)

    def _feed_group(self, sources: Mapping[str, Source]) -> None:
        try:
            self._feed_in_order(sources)
        except BaseException as error:
            self._feeding_error = self._feeding_error or error
            self.stop()

    def _feed_in_order(self, sources: Mapping[str, Source]) -> None:
        """Adds the frames of several sources by time, so that a replay gives the same order."""
        merged = heapq.merge(
            *(self._frames(name, source) for name, source in sources.items()),
            key=lambda item: item[1].timestamp_us,
        )
        for stream, frame in merged:
            if self._is_over_for(self._sources[stream]):
                return
            self._add_first_packets(frame)
            self._add(stream, frame)
            if self.on_frame is not None:
                self.on_frame(frame)

    def _add(self, stream: str, frame: Frame) -> None:
        source = self._sources[stream]
        policy = self._queue_policy
        if policy is None:
            is_thinned = source.is_live and source.medium is not Medium.SOUND
            policy = QueuePolicy.DROP_OLDEST if is_thinned else QueuePolicy.WAIT
        is_dropping = policy is QueuePolicy.DROP_NEWEST
        mode = AddMode.ADD_IF_NOT_FULL if is_dropping else AddMode.WAIT_TILL_NOT_FULL
        try:
            packet = Packet(frame.payload, frame.timestamp_us)
            self._latency.enter(frame.timestamp_us)
            self.graph.add_packet_to_input_stream(stream, packet, mode=mode)
        except ThrottledError:
            source.counts.dropped += 1
        if policy is QueuePolicy.DROP_OLDEST:
            # The source keeps the newest frame while this one is worked on.
            self.graph.wait_until_idle()

    def _frames(self, stream: str, source: Source) -> Iterator[tuple[str, Frame]]:
        while not self._is_over_for(source):
            try:
                frame = source.read(LOOK_UP_S if source.is_live else None)
            except SourceTimeoutError:
                continue
            if frame is None:
                self.graph.close_input_stream(stream)
                return
            yield stream, frame

    def _writer(self, stream: str, sink: Sink) -> Callable[[Packet[Any]], None]:
        has_begun = False

        def write(packet: Packet[Any]) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                header = self.graph.header(stream)
                sink.take_header(header.payload if header else None)
            sink.write(packet.timestamp, packet.payload)
            self._latency.leave(packet.timestamp)

        return write

    def _is_over_for(self, source: Source) -> bool:
        """Tells whether to read no more; live sound is read until it is empty."""
        is_drained = source.is_live and source.medium is Medium.SOUND
        return self._is_cancelled or (self._stop.is_set() and not is_drained)

    def _add_first_packets(self, frame: Frame) -> None:
        waiting, self._first_packets = self._first_packets, {}
        for stream, make in waiting.items():
            packet = Packet(make(frame), frame.timestamp_us)
            self.graph.add_packet_to_input_stream(stream, packet)
            self.graph.close_input_stream(stream)
