"""Memory of a graph over a long run: it must not grow with time.

    python benchmarks/memory_soak.py [--hours 2] [--packets 100000] [--markdown docs/…/soak.md]

Two runs, each in this process, with the resident size sampled twenty times: `--packets` ints
through a chain, and a synthetic street of `--hours` at 30 frames a second through the whole box
tracking graph, drawing included, as fast as it goes (small frames; boxes restart every 10 s so
that the tracker always works). The growth from the first tenth to the last is the result.
"""

import argparse
import itertools
import statistics
from collections.abc import Iterator
from pathlib import Path

from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.find_graph import find_graph
from flowlace.sources.source import Frame
from flowlace.sources.testsrc.street import StreetOptions, StreetSource

SAMPLES = 20
FPS = 30
LOOP_FRAMES = 300
CHAIN = 'input_stream: "s0"\n' + "\n".join(
    f'node {{ calculator: "PassThroughCalculator" input_stream: "s{i}" output_stream: "s{i + 1}" }}'
    for i in range(10)
)


def resident_mib() -> float:
    """Returns the resident size of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def growth(samples: list[float]) -> str:
    """Returns the first and last tenth of the samples and what lies between them."""
    tenth = max(2, len(samples) // 10)
    first, last = statistics.mean(samples[:tenth]), statistics.mean(samples[-tenth:])
    return f"{first:.1f} | {last:.1f} | {last - first:+.1f}"


def soak_packets(count: int) -> str:
    """Runs ints through a chain; returns the growth."""
    graph = CalculatorGraph(CHAIN)
    graph.observe_output_stream("s10", lambda _: None)
    graph.start_run()
    samples = []
    for index in range(count):
        graph.add_packet_to_input_stream("s0", Packet(index, index))
        if (index + 1) % (count // SAMPLES) == 0:
            graph.wait_until_idle()
            samples.append(resident_mib())
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return growth(samples)


def looped_street() -> Iterator[Frame]:
    """Yields a ten-second street for ever; pictures repeat, timestamps go on."""
    street = StreetSource(
        StreetOptions(width=160, height=120, fps=FPS, seconds=LOOP_FRAMES / FPS, seed=5)
    )
    pictures = [street.image(index) for index in range(LOOP_FRAMES)]
    for index in itertools.count():
        yield Frame(pictures[index % LOOP_FRAMES], round(index * 1e6 / FPS))


def soak_tracking(hours: float) -> str:
    """Tracks boxes through hours of street; returns the growth."""
    graph = CalculatorGraph(validate_graph(find_graph("box_tracking")))
    rows = [0]
    graph.observe_output_stream("boxes", lambda p: rows.__setitem__(0, rows[0] + len(p.payload)))
    graph.observe_output_stream("annotated_frames", lambda _: None)
    graph.start_run()
    count, samples = int(hours * 3600 * FPS), []
    for index, frame in enumerate(itertools.islice(looped_street(), count)):
        boxes = start_boxes(frame) if index % LOOP_FRAMES == 0 else []
        graph.add_packet_to_input_stream("start_boxes", Packet(boxes, frame.timestamp_us))
        graph.add_packet_to_input_stream("camera_frames", Packet(frame.payload, frame.timestamp_us))
        if (index + 1) % (count // SAMPLES) == 0:
            graph.wait_until_idle()
            samples.append(resident_mib())
            print(f"{(index + 1) / count:.0%}: {samples[-1]:.1f} MiB, {rows[0]} rows", flush=True)
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return growth(samples)


def start_boxes(frame: Frame) -> list[TimedBox]:
    """Returns a grid of six boxes."""
    return [
        TimedBox(
            timestamp_us=frame.timestamp_us,
            left=0.1 + 0.3 * column,
            top=0.3 + 0.3 * row,
            right=0.3 + 0.3 * column,
            bottom=0.5 + 0.3 * row,
            id=3 * row + column,
        )
        for row in range(2)
        for column in range(3)
    ]


def main() -> None:
    """Runs both soaks and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--packets", type=int, default=100_000)
    parser.add_argument("--markdown", type=Path, help="also write the table to this page")
    arguments = parser.parse_args()
    ints, street = soak_packets(arguments.packets), soak_tracking(arguments.hours)
    table = [
        "| run | MiB in the first tenth | in the last tenth | growth |",
        "|---|---|---|---|",
        f"| {arguments.packets} ints through 10 nodes | {ints} |",
        f"| {arguments.hours:g} h of street through box_tracking | {street} |",
    ]
    print("\n".join(table))
    if arguments.markdown:
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        command = f"python benchmarks/memory_soak.py --hours {arguments.hours:g}"
        head = [
            "# Memory over a long run",
            "",
            f"Resident size of the process. Made by `{command}`.",
            "",
        ]
        arguments.markdown.write_text("\n".join([*head, *table, ""]))


if __name__ == "__main__":
    main()
