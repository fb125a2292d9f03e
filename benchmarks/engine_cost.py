"""Engine cost per packet beside the last MediaPipe wheel with a Python graph API.

    python benchmarks/engine_cost.py [--repeats 9] [--markdown docs/benchmarks/engine_cost.md]

Chains of 1, 10 and 50 PassThrough nodes, ints and 640×480 images, on the application thread and on
the default executor, in two patterns: `stream` (add many, wait once) and `step` (add one, wait
until idle). Both libraries run the same cases in turn, each in a process of its own; the peer has a
virtual environment of its own (`.bench/mediapipe`), because it needs numpy < 2. Every output is
observed and counted. Numbers are medians over the repeats; the ratio is the median of the ratios
of neighbouring runs, so a machine that slows down slows both.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PEER = "mediapipe==0.10.21"
PEER_VENV = ROOT / ".bench" / "mediapipe"
LENGTHS = (1, 10, 50)
CASES = [
    (executor, pattern, length, payload)
    for payload in ("int", "image")
    for executor in ("application", "default")
    for pattern in ("stream", "step")
    for length in LENGTHS
    if payload == "int" or length == 10
]

Case = tuple[str, str, int, str]
Result = tuple[float, float]
"""Wall and CPU microseconds a packet."""


def graph_text(executor: str, length: int) -> str:
    """Returns a chain of PassThrough nodes from `s0` to `s<length>`."""
    head = 'executor { name: "" type: "ApplicationThreadExecutor" }\n'
    nodes = (
        f'node {{ calculator: "PassThroughCalculator" input_stream: "s{index}" '
        f'output_stream: "s{index + 1}" }}\n'
        for index in range(length)
    )
    declared = f'input_stream: "s0"\noutput_stream: "s{length}"\n'
    return declared + (head if executor == "application" else "") + "".join(nodes)


def measure(case: Case, api: "FlowlaceSide | MediaPipeSide") -> Result:
    """Runs one case and returns its cost a packet."""
    executor, pattern, length, payload = case
    count = max(300, 12_000 // length) if payload == "int" else 400
    add, wait, close, seen = api.start(graph_text(executor, length), f"s{length}", payload)
    wait()
    wall, cpu = time.perf_counter(), time.process_time()
    for index in range(count):
        add(index)
        if pattern == "step":
            wait()
    wait()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    close()
    if len(seen) != count:
        raise RuntimeError(f"{case}: {count} packets in, {len(seen)} out")
    return wall / count * 1e6, cpu / count * 1e6


Started = tuple[Callable[[int], None], Callable[[], None], Callable[[], None], list[None]]


class FlowlaceSide:
    """The cases in this library."""

    def start(self, text: str, output: str, payload: str) -> Started:
        """Returns how to add, wait and close, and the list that grows with the outputs."""
        import numpy as np

        from flowlace.framework.graph import CalculatorGraph
        from flowlace.framework.packet import Packet

        image = np.zeros((480, 640, 3), np.uint8)
        graph = CalculatorGraph(text)
        seen: list[None] = []
        graph.observe_output_stream(output, lambda _: seen.append(None))
        graph.start_run()

        def add(index: int) -> None:
            value: Any = index if payload == "int" else image
            graph.add_packet_to_input_stream("s0", Packet(value, index))

        def close() -> None:
            graph.close_all_packet_sources()
            graph.wait_until_done()

        return add, graph.wait_until_idle, close, seen


class MediaPipeSide:
    """The same cases in the peer."""

    def start(self, text: str, output: str, payload: str) -> Started:
        """Returns how to add, wait and close, and the list that grows with the outputs."""
        import mediapipe as mp  # type: ignore[import-not-found,unused-ignore]
        import numpy as np

        create = mp.packet_creator
        image = np.zeros((480, 640, 3), np.uint8)
        graph = mp.CalculatorGraph(graph_config=text)
        seen: list[None] = []
        graph.observe_output_stream(output, lambda *_: seen.append(None))
        graph.start_run()

        def add(index: int) -> None:
            if payload == "int":
                packet = create.create_int(index)
            else:
                packet = create.create_image_frame(image, image_format=mp.ImageFormat.SRGB)
            graph.add_packet_to_input_stream("s0", packet, index)

        return add, graph.wait_until_idle, graph.close, seen


def serve(side: str) -> None:
    """Answers cases on stdin with results on stdout: one of the two processes."""
    api = FlowlaceSide() if side == "flowlace" else MediaPipeSide()
    for line in sys.stdin:
        case = json.loads(line)
        print("RESULT", json.dumps(measure(tuple(case), api)), flush=True)


class Side:
    """One library in a process of its own."""

    def __init__(self, python: Path, side: str) -> None:
        environment = {**os.environ, "GLOG_minloglevel": "3", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [str(python), __file__, "--serve", side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def run(self, case: Case) -> Result:
        """Returns the cost of one case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("RESULT"):
                wall, cpu = json.loads(line.removeprefix("RESULT"))
                return wall, cpu
        raise RuntimeError(f"the process ended at {case} with {self._process.wait()}")

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def peer_python() -> Path:
    """Returns the peer's interpreter; makes its virtual environment the first time."""
    python = PEER_VENV / "bin" / "python"
    if not (PEER_VENV / ".installed").exists():
        print(f"installing {PEER} into {PEER_VENV.relative_to(ROOT)} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(PEER_VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEER], check=True)
        (PEER_VENV / ".installed").touch()
    return python


def compare(repeats: int) -> list[str]:
    """Returns the rows of a table: cost of both libraries and their ratio, by case."""
    ours, theirs = Side(Path(sys.executable), "flowlace"), Side(peer_python(), "mediapipe")
    rows = []
    for case in CASES:
        ours.run(case), theirs.run(case)
        pairs = [(ours.run(case), theirs.run(case)) for _ in range(repeats)]
        rows.append(_row(case, pairs))
        print(rows[-1], file=sys.stderr)
    ours.close(), theirs.close()
    return rows


def _row(case: Case, pairs: list[tuple[Result, Result]]) -> str:
    executor, pattern, length, payload = case
    cells = []
    for clock in (0, 1):
        ours = statistics.median(pair[0][clock] for pair in pairs)
        theirs = statistics.median(pair[1][clock] for pair in pairs)
        ratio = statistics.median(pair[0][clock] / pair[1][clock] for pair in pairs)
        cells += [f"{ours:.1f}", f"{theirs:.1f}", f"**{ratio:.2f}**"]
    return f"| {executor} | {pattern} | {length} | {payload} | " + " | ".join(cells) + " |"


HEAD = [
    "| executor | pattern | nodes | payload | flowlace µs (wall) | MediaPipe µs (wall) | ratio "
    "| flowlace µs (CPU) | MediaPipe µs (CPU) | ratio |",
    "|---|---|---|---|---|---|---|---|---|---|",
]


def main() -> None:
    """Runs the comparison, prints the table and writes it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--markdown", type=Path, help="also write the table to this page")
    parser.add_argument("--serve", choices=["flowlace", "mediapipe"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    table = HEAD + compare(arguments.repeats)
    print("\n".join(table))
    if arguments.markdown:
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        text = [
            "# Engine cost per packet",
            "",
            f"flowlace beside `{PEER}`, medians of {arguments.repeats} interleaved runs.",
            f"Made by `python benchmarks/engine_cost.py --repeats {arguments.repeats} "
            "--markdown docs/benchmarks/engine_cost.md`.",
            "",
            *table,
            "",
        ]
        arguments.markdown.write_text("\n".join(text))


if __name__ == "__main__":
    main()
