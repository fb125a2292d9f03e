"""What recording adds to a graph's CPU time, and how replay compares with a run from memory.

    python benchmarks/recording_cost.py [--rounds 5] [--folder DIR]

Each graph runs over the same packets, held in memory: alone, with a recorder for each way of
writing pictures, and from its recording at full speed. What recording costs is its own CPU time,
measured inside, beside that of the rest of the same run, so a busy machine hits both; the median of
the rounds counts. Replays are compared with runs from memory by the fastest round of each.
"""

import argparse
import resource
import statistics
import tempfile
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any, NamedTuple

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


class Run(NamedTuple):
    """What one run took."""

    cpu_s: float
    wall_s: float
    own_cpu_s: float
    """Of that, what the recorder took."""
    system_s: float
    """Of that, what the operating system took to write the file."""


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


class TimedRecorder(GraphRecorder):
    """Adds up the CPU time that recording takes: on its own thread and on those that add."""

    own_cpu_s = 0.0
    system_s = 0.0

    def entered(self, stream: str, packets: Sequence[Packet[Any]], bound: int) -> None:
        """As the recorder, timed."""
        started_s = thread_time()
        super().entered(stream, packets, bound)
        self.own_cpu_s += thread_time() - started_s

    def _work(self) -> None:
        super()._work()
        self.own_cpu_s += thread_time()
        self.system_s = resource.getrusage(resource.RUSAGE_THREAD).ru_stime


def run(plan: GraphPlan, feed: InputFeed, recorded: dict[str, Any] | None = None) -> Run:
    """Runs a graph once, with a recorder if `recorded` says how."""
    graph = CalculatorGraph(plan)
    recorder = TimedRecorder(graph, overwrites=True, **recorded) if recorded else None
    cpu_s, wall_s = process_time(), perf_counter()
    with recorder or nullcontext():
        GraphRunner(graph, {}, [], feed=feed).run()
    return Run(
        cpu_s=process_time() - cpu_s,
        wall_s=perf_counter() - wall_s,
        own_cpu_s=recorder.own_cpu_s if recorder else 0.0,
        system_s=recorder.system_s if recorder else 0.0,
    )


def compare(job: Job, rounds: int, folder: Path) -> None:
    """Prints the ratios of one job."""
    plan = validate_graph(find_graph(job.graph))
    events, headers = load(job)
    duration_s = (events[-1].at_us - events[0].at_us) / 1e6
    alone: list[Run] = []
    recorded: dict[VideoMode, list[Run]] = {mode: [] for mode in job.modes}
    replayed: dict[VideoMode, list[Run]] = {mode: [] for mode in job.modes}
    for _ in range(rounds):
        alone.append(run(plan, MemoryFeed(events, headers)))
        for mode in job.modes:
            path = folder / f"{job.graph}-{mode.value}.mcap"
            recorded[mode].append(
                run(plan, MemoryFeed(events, headers), {"path": path, "video": mode})
            )
            replayed[mode].append(run(plan, ReplayFeed(Recording(path), [*plan.input_streams])))
    cpu_s, wall_s = min(each.cpu_s for each in alone), min(each.wall_s for each in alone)
    print(f"{job.graph}: {len(events)} events, {1000 * cpu_s / len(events):.2f} ms CPU each alone")
    for mode in job.modes:
        runs = recorded[mode]
        own = statistics.median(r.own_cpu_s / (r.cpu_s - r.own_cpu_s) for r in runs)
        system = statistics.median(r.system_s / r.own_cpu_s for r in runs)
        size = (folder / f"{job.graph}-{mode.value}.mcap").stat().st_size
        print(
            f"  {mode.value:5s} recording {100 * own:5.1f} % of the graph's CPU, "
            f"{100 * system:2.0f} % of that the system's writing"
            f"   replay × {min(r.wall_s for r in replayed[mode]) / wall_s:.2f} wall,"
            f" × {min(r.cpu_s for r in replayed[mode]) / cpu_s:.2f} CPU"
            f"   {size / 1e6 / duration_s:.3f} MB a second of stream"
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
