"""Recordings that are long, and recorders that are killed.

    PYTHONPATH=. python benchmarks/recording_soak.py [--kills 20] [--gigabytes 10] [--folder DIR]

Kills a recorder with −9 at random moments and compares what its file gives with what had entered.
Then writes a long recording, and measures memory and time of opening it, of reading a second near
its end, and of the same without the index that a killed recorder does not come to write.
"""

import argparse
import os
import random
import resource
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from tests.recording.test_killed_recorder import kill_after

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.recording import GraphRecorder, Recording, VideoMode

FRAME_US = 33_333
WIDTH, HEIGHT = 640, 480


def kill(count: int, folder: Path) -> None:
    """Prints what each of so many killed recorders has left."""
    generator = random.Random(0)
    fine = 0
    for turn in range(count):
        path = folder / f"killed-{turn}.mcap"
        video = generator.choice([mode.value for mode in VideoMode])
        *entered, killed_us = kill_after(path, video, generator.uniform(0.2, 3.0))
        with Recording(path) as recording:
            found = [event.packet.timestamp for event in recording.events() if event.packet]
        last_us = found[-1] if found else entered[0]
        is_fine = found == entered[: len(found)] and killed_us - last_us <= 1_000_000
        fine += is_fine
        print(
            f"  {video:4s} killed after {(killed_us - entered[0]) / 1e6:.2f} s: {len(found)} of "
            f"{len(entered)} packets, the last {(killed_us - last_us) / 1e6:.2f} s before the end"
            f"{'' if is_fine else '  <-- too much is lost'}"
        )
        path.unlink()
    print(f"killed: {fine} of {count} lost less than a second and nothing in between")


def long_recording(gigabytes: float, folder: Path) -> None:
    """Prints what a long recording takes to write and to read in."""
    path = folder / "long.mcap"
    graph = CalculatorGraph(
        'input_stream: "a" output_stream: "b" '
        'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }'
    )
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    picture = Image(ImageFormat.SRGB, noise)
    count = round(gigabytes * 1e9 / noise.nbytes)
    started_s = perf_counter()
    with GraphRecorder(graph, path), graph:
        graph.start_run()
        for index in range(count):
            graph.add_packet_to_input_stream("a", Packet(picture, index * FRAME_US))
    report(f"{path.stat().st_size / 1e9:.1f} GB written", started_s)
    read_in(path, "with an index", count)
    os.truncate(path, path.stat().st_size - 50_000_000)
    read_in(path, "cut off", count)


def read_in(path: Path, what: str, count: int) -> None:
    """Prints what opening takes, and reading the second before the last ones."""
    started_s = perf_counter()
    with Recording(path) as recording:
        report(f"{what}: opened", started_s)
        started_s = perf_counter()
        from_us = (count - 200) * FRAME_US
        found = list(recording.events(from_us=from_us, to_us=from_us + 1_000_000))
        report(f"{what}: {len(found)} events of a second near the end", started_s)
        started_s = perf_counter()
        total = sum(event.packet is not None for event in recording.events())
        report(f"{what}: all {total} packets", started_s)


def report(what: str, started_s: float) -> None:
    """Prints how long something took and the most memory this process ever had."""
    most_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {what}: {perf_counter() - started_s:.2f} s, at most {most_mib:.0f} MiB so far")


def main() -> None:
    """Runs both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        kill(arguments.kills, Path(folder))
        long_recording(arguments.gigabytes, Path(folder))


if __name__ == "__main__":
    main()
