"""What recording adds to a graph's CPU time, and how replay compares with a run from memory.

    python benchmarks/recording_cost.py [--rounds 7] [--graph NAME] [--folder DIR]

Each graph runs over the same packets, held in memory: alone, with a recorder for each way of
writing pictures, and from its recording at full speed. What recording costs is the CPU time of all
it does, on its own thread and on those that add packets, measured inside, beside that of the rest
of the same run. A replay is compared with the runs from memory before and after it. So what else a
machine does hits both sides of a ratio; the median of the rounds counts, and the quartiles beside
it tell how far to trust it.

numpy's own threads are switched off, because they spin while they wait: they would make the graph
look dearer, and so what is recorded cheaper, than it is.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

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


class Ratio(NamedTuple):
    """What a replay took beside runs from memory."""

    cpu: float
    wall: float


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
    recorded: dict[VideoMode, list[Run]] = {mode: [] for mode in job.modes}
    replays: dict[VideoMode, list[Ratio]] = {mode: [] for mode in job.modes}
    alone = [run(plan, MemoryFeed(events, headers))]
    for _ in range(rounds):
        for mode in job.modes:
            path = folder / f"{job.graph}-{mode.value}.mcap"
            # Closing a file that replaced another waits for the disk.
            path.unlink(missing_ok=True)
            recorded[mode].append(
                run(plan, MemoryFeed(events, headers), {"path": path, "video": mode})
            )
            replay = run(plan, ReplayFeed(Recording(path), [*plan.input_streams]))
            alone.append(run(plan, MemoryFeed(events, headers)))
            before, after = alone[-2:]
            replays[mode].append(
                Ratio(
                    2 * replay.cpu_s / (before.cpu_s + after.cpu_s),
                    2 * replay.wall_s / (before.wall_s + after.wall_s),
                )
            )
    cpu_ms = 1000 * statistics.median(each.cpu_s for each in alone) / len(events)
    print(f"{job.graph}: {len(events)} events, {cpu_ms:.2f} ms CPU each alone")
    for mode in job.modes:
        runs = recorded[mode]
        own = [100 * each.own_cpu_s / (each.cpu_s - each.own_cpu_s) for each in runs]
        system = statistics.median(each.system_s / each.own_cpu_s for each in runs)
        size = (folder / f"{job.graph}-{mode.value}.mcap").stat().st_size
        print(
            f"  {mode.value:4s}  recording {told(own, '.1f')} % of the graph's CPU, "
            f"{100 * system:.0f} % of that the system's writing; "
            f"replay × {told([each.cpu for each in replays[mode]], '.2f')} CPU, "
            f"× {told([each.wall for each in replays[mode]], '.2f')} wall; "
            f"{size / 1e6 / duration_s:.3f} MB a second of stream"
        )


def told(values: Sequence[float], form: str) -> str:
    """Returns the median of values and their quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def main() -> None:
    """Runs the jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="at least 2")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--graph", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for job in JOBS:
            if arguments.graph in job.graph:
                compare(job, arguments.rounds, Path(folder))


if __name__ == "__main__":
    main()
