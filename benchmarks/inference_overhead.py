"""What a graph costs beside the bare interpreter, and how two streams share two cores.

    python benchmarks/inference_overhead.py [MODEL] [--repeats 9] [--markdown FILE]

MODEL is a detector: a `.tflite` file or a name of `flowlace models list`. In turn, on the same
pictures: `invoke` alone on an input that is in place; the least a home-made loop does (resize into
the input, invoke, copy the outputs); InferenceCalculator alone in a graph; the whole detection
graph from picture to labelled boxes. Numbers are CPU time, the ratio is the median of the ratios of
neighbouring runs. Then two streams, each with its own graph, against one: frames a second of wall
time.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tensor import Tensor
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.inference.find_model import find_model

ONE_THREAD = 'executor { type: "ApplicationThreadExecutor" }'
FRAMES = 40
"""Pictures a run."""

Run = Callable[[], None]


def main() -> None:
    """Measures and prints, or writes a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="coco-ssd-mobilenet-v1")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    path = find_model(arguments.model)
    lines = [*overhead_lines(path, arguments.repeats), "", *stream_lines(path, arguments.repeats)]
    print("\n".join(lines))
    if arguments.markdown:
        title = f"# Inference in a graph: {path.name}"
        command = f"`python benchmarks/inference_overhead.py MODEL --repeats {arguments.repeats}`"
        text = "\n".join([title, "", f"Made by {command}.", "", *lines, ""])
        arguments.markdown.write_text(text)


def overhead_lines(path: Path, repeats: int) -> list[str]:
    """Returns a table of the ways to run a model."""
    pictures = made_pictures()
    ways: dict[str, Run] = {
        "bare `invoke`": bare(path, pictures, is_whole=False),
        "home-made loop": bare(path, pictures, is_whole=True),
        "InferenceCalculator": inference_graph(path),
        "detection graph": detection_graph(path, pictures),
        "detection graph, one thread": detection_graph(path, pictures, ONE_THREAD),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        run()
    for _ in range(repeats):
        for name, run in ways.items():
            started = time.process_time()
            run()
            times[name].append((time.process_time() - started) / FRAMES * 1000)
    base = times["bare `invoke`"]
    lines = ["| way | CPU ms a picture | beside bare `invoke` |", "|---|---|---|"]
    for name, taken in times.items():
        ratio = statistics.median(one / other for one, other in zip(taken, base, strict=True))
        lines.append(f"| {name} | {statistics.median(taken):.2f} | {ratio:.3f} |")
    return lines


def made_pictures() -> list[Image]:
    """Returns noise smooth enough to resize like a picture."""
    generator = np.random.default_rng(0)
    small = generator.integers(0, 256, (FRAMES, 45, 60, 3), np.uint8)
    return [Image(ImageFormat.SRGB, cv2.resize(one, (480, 360))) for one in small]


def bare(path: Path, pictures: list[Image], *, is_whole: bool) -> Run:
    """Returns a run of the interpreter alone, or with what a loop needs around it."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    outputs = [one["index"] for one in interpreter.get_output_details()]
    _, height, width, _ = given["shape"]

    def run() -> None:
        for picture in pictures:
            if is_whole:
                pixels = cv2.resize(picture.pixels, (width, height))
                if given["dtype"] == np.float32:
                    pixels = pixels.astype(np.float32) * np.float32(1 / 255)
                interpreter.set_tensor(given["index"], pixels[None])
            interpreter.invoke()
            if is_whole:
                for index in outputs:
                    interpreter.get_tensor(index)

    return run


def inference_graph(path: Path) -> Run:
    """Returns a run of a graph with InferenceCalculator alone, on ready tensors."""
    interpreter = Interpreter(model_path=str(path))
    given = interpreter.get_input_details()[0]
    tensors = [Tensor(np.zeros(given["shape"], given["dtype"]))]
    text = f"""
    input_stream: "tensors"
    node {{ calculator: "InferenceCalculator"
           input_stream: "TENSORS:tensors" output_stream: "TENSORS:found"
           options {{ [mediapipe.InferenceCalculatorOptions.ext] {{ model_path: "{path}" }} }} }}
    """
    return graph_run(text, "tensors", [tensors] * FRAMES)


def detection_graph(path: Path, pictures: list[Image], executor: str = "") -> Run:
    """Returns a run of the whole detection graph."""
    text = f"""
    input_stream: "pictures"
    {executor}
    node {{ calculator: "ObjectDetectionSubgraph"
           input_stream: "IMAGE:pictures" output_stream: "DETECTIONS:found"
           options {{ [flowlace.ObjectDetectionOptions.ext] {{
             model_path: "{path}" min_score_threshold: 0.4 }} }} }}
    """
    return graph_run(text, "pictures", pictures)


def graph_run(text: str, stream: str, payloads: list[object]) -> Run:
    """Returns a run of a graph that stays open between runs."""
    graph = CalculatorGraph(load_graph_config(text))
    seen: list[int] = []
    graph.observe_output_stream("found", lambda packet: seen.append(packet.timestamp))
    graph.start_run()
    times = iter(range(10**9))

    def run() -> None:
        before = len(seen)
        for payload in payloads:
            graph.add_packet_to_input_stream(stream, Packet(payload, next(times)))
            graph.wait_until_idle()
        assert len(seen) - before == len(payloads)

    return run


def stream_lines(path: Path, repeats: int) -> list[str]:
    """Returns how much two streams do together of what one does, beside two bare interpreters."""
    pictures = made_pictures()
    graphs = [detection_graph(path, pictures) for _ in range(2)]
    loops = [bare(path, pictures, is_whole=True) for _ in range(2)]
    for run in (*graphs, *loops):
        run()
    ratios: dict[str, list[float]] = {"graphs": [], "loops": []}
    for _ in range(repeats):
        for name, pair in (("graphs", graphs), ("loops", loops)):
            alone = wall_time(pair[:1])
            ratios[name].append(2 * alone / wall_time(pair))
    ours, theirs = (statistics.median(each) for each in ratios.values())
    return [
        f"Two streams on two threads do {ours:.2f} times the frames a second of one (best of the "
        f"repeats {max(ratios['graphs']):.2f}); two home-made loops on two threads do {theirs:.2f} "
        f"(best {max(ratios['loops']):.2f})."
    ]


def wall_time(runs: list[Run]) -> float:
    """Returns how long some runs take side by side."""
    threads = [threading.Thread(target=run) for run in runs]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
