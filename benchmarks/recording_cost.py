"""What recording adds to a graph's CPU time, and how replay compares with a run from memory.

    python benchmarks/recording_cost.py [--rounds 5] [--folder DIR]

Each graph runs over the same packets, held in memory: alone, with a recorder for each way of
writing pictures, and from its recording at full speed. The runs take turns, so whatever else the
machine does hits all of them; the figures are medians of ratios within a turn. CPU time is that of
the whole process, the recorder's thread included.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.plan import GraphPlan
from flowlace.framework.timestamp import DONE
from flowlace.framework.validation import validate_graph
from flowlace.recording import GraphRecorder, Recording, VideoMode
from flowlace.recording.replay import ReplayFeed
from flowlace.runner.boxes import box_in_frame
from flowlace.runner.find_graph import find_graph
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.input_feed import InputEvent, InputFeed
from flowlace.sources import Frame, open_source
from flowlace.sources.source import SourceCounts


@dataclass(frozen=True)
class Job:
    """A graph and what it runs over."""

    graph: str
    stream: str
    source: str
    boxes: bool = False
    modes: tuple[VideoMode, ...] = (VideoMode.RAW,)


STREET = "testsrc:street?seconds=10&width=640&height=480"
JOBS = (
    Job("box_tracking", "camera_frames", STREET, boxes=True, modes=tuple(VideoMode)),
    Job("object_tracking", "camera_frames", STREET, modes=tuple(VideoMode)),
    Job("sound_events", "sounds", "testsrc:sounds?seconds=120"),
    Job("nowcast", "radar_grids", "testsrc:storm?width=256&height=256"),
)


class MemoryFeed(InputFeed):
    """Events that are all there."""

    name = "memory"

    def __init__(self, events: list[InputEvent], headers: dict[str, Any]) -> None:
        self._events = events
        self.headers = headers
        self.streams = {event.stream for event in events}
        self.counts = {"memory": SourceCounts()}

    def events(self) -> Generator[InputEvent, None, None]:
        """Yields them."""
        yield from self._events

    def close(self) -> None:
        """Has nothing to close."""


def load(job: Job) -> tuple[list[InputEvent], dict[str, Any]]:
    """Returns the events of a job and the headers of its streams."""
    with open_source(job.source) as source:
        frames: list[Frame] = list(source)
        headers = {job.stream: source.header} if source.header else {}
    events = [
        InputEvent(frame.timestamp_us, job.stream, Packet(frame.payload, frame.timestamp_us))
        for frame in frames
    ]
    if job.boxes:
        boxes = [box_in_frame((0.1 * i, 0.4, 0.1, 0.2), frames[0], i) for i in range(1, 6)]
        first_us = frames[0].timestamp_us
        start = InputEvent(first_us, "start_boxes", Packet(boxes, first_us))
        events[:0] = [start, InputEvent(first_us, "start_boxes", None, DONE)]
    return events, headers


def measured(
    plan: GraphPlan, feed: InputFeed, record: Callable[[CalculatorGraph], Any]
) -> tuple[float, float]:
    """Returns CPU seconds and wall seconds of one run."""
    graph = CalculatorGraph(plan)
    runner = GraphRunner(graph, {}, [], feed=feed)
    with ExitStack() as recording:
        recorder = record(graph)
        cpu_s, wall_s = process_time(), perf_counter()
        if recorder is not None:
            recording.enter_context(recorder)
        runner.run()
    return process_time() - cpu_s, perf_counter() - wall_s


def compare(job: Job, rounds: int, folder: Path) -> None:
    """Prints the ratios of one job."""
    plan = validate_graph(find_graph(job.graph))
    events, headers = load(job)
    duration_s = (events[-1].at_us - events[0].at_us) / 1e6
    ratios: dict[str, list[float]] = {}
    sizes: dict[str, float] = {}
    for turn in range(rounds + 1):
        alone_cpu, alone_wall = measured(plan, MemoryFeed(events, headers), lambda _: None)
        for mode in job.modes:
            path = folder / f"{job.graph}-{mode.value}.mcap"

            def record(graph: CalculatorGraph, path: Path = path, mode: VideoMode = mode) -> Any:
                return GraphRecorder(graph, path, video=mode, overwrites=True)

            cpu, wall = measured(plan, MemoryFeed(events, headers), record)
            feed = ReplayFeed(Recording(path), list(plan.input_streams))
            _, replay_wall = measured(plan, feed, lambda _: None)
            sizes[mode.value] = path.stat().st_size
            if turn:  # the first one warms up
                ratios.setdefault(f"{mode.value} record cpu", []).append(cpu / alone_cpu)
                ratios.setdefault(f"{mode.value} record wall", []).append(wall / alone_wall)
                ratios.setdefault(f"{mode.value} replay wall", []).append(replay_wall / alone_wall)
    print(
        f"{job.graph}: {len(events)} events, {duration_s:.1f} s of stream, "
        f"{1000 * alone_cpu / len(events):.2f} ms CPU an event alone"
    )
    for name, found in ratios.items():
        mode_name = name.partition(" ")[0]
        print(
            f"  {name:18s} × {statistics.median(found):.3f}  ({min(found):.3f}–{max(found):.3f})"
            f"  {sizes[mode_name] / 1e6 / max(duration_s, 1e-9):8.3f} MB a second of stream"
        )


def main() -> None:
    """Runs the jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--graph", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for job in JOBS:
            if arguments.graph in job.graph:
                compare(job, arguments.rounds, Path(folder))


if __name__ == "__main__":
    main()
