"""The same models through our calculators and through MediaPipe's own tasks, on the same frames.

    pip install 'flowlace[mediapipe]'
    python benchmarks/mediapipe_tasks.py [--models DIR] [--video FILE] [--markdown FILE]

Object detection (COCO SSD), image classification (MobileNet v2) and sound classification (YAMNet):
largest differences of boxes in pixels and of scores, labels that differ, and CPU time a frame, in
turn in one process. Tasks give boxes in whole pixels, cut off, so up to one pixel is rounding.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import audio, vision
from mediapipe.tasks.python.components.containers import AudioData

from flowlace.formats.detection import Detection
from flowlace.formats.image import Image
from flowlace.formats.tensor import Tensor
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.sources.video_file import VideoFileSource

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
THRESHOLD = 0.3
EVERY = 8
"""One frame in so many of the video is compared."""


@dataclass(frozen=True)
class Comparison:
    """What differs between two ways to run one model."""

    name: str
    results: int
    score: float
    pixels: float | None
    labels: int
    ours_ms: float
    theirs_ms: float


def main() -> None:
    """Compares and prints, or writes a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=DATA / "models")
    parser.add_argument("--video", type=Path, default=DATA / "video/pedestrians_vtest_480.avi")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    frames = read_frames(arguments.video)
    rows = [
        compare_detector(
            arguments.models / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", frames
        ),
        compare_image_classifier(arguments.models / "mobilenet_v2_1.0_224_quant.tflite", frames),
        compare_audio_classifier(arguments.models / "yamnet_audio_classifier_with_metadata.tflite"),
    ]
    lines = [
        "| model | results | score | pixels | labels | CPU ms ours | CPU ms task | ratio |",
        "|---|---|---|---|---|---|---|---|",
        *map(table_row, rows),
    ]
    print("\n".join(lines))
    if arguments.markdown:
        title = "# Beside MediaPipe's own tasks"
        page = [title, "", "Made by `python benchmarks/mediapipe_tasks.py`.", "", *lines, ""]
        arguments.markdown.write_text("\n".join(page))


def table_row(one: Comparison) -> str:
    """Returns a line of the table."""
    pixels = "" if one.pixels is None else f"{one.pixels:.2f}"
    return (
        f"| {one.name} | {one.results} | {one.score:.4f} | {pixels} | {one.labels} differ | "
        f"{one.ours_ms:.2f} | {one.theirs_ms:.2f} | {one.ours_ms / one.theirs_ms:.2f} |"
    )


def read_frames(video: Path) -> list[Image]:
    """Returns some frames of a video."""
    source, frames = VideoFileSource(video), []
    while (frame := source.read()) is not None:
        frames.append(frame.payload)
    return frames[::EVERY]


def side_by_side(
    ours: Callable[[Any], Any], theirs: Callable[[Any], Any], given: Sequence[Any]
) -> tuple[list[tuple[Any, Any]], float, float]:
    """Returns the results of both on each input, and both's middle CPU time in ms."""
    pairs: list[tuple[Any, Any]] = []
    times: tuple[list[float], list[float]] = ([], [])
    ways = (ours, theirs)
    for index, each in enumerate(given):
        results: list[Any] = [None, None]
        for way in (0, 1) if index % 2 else (1, 0):  # who comes second finds the input cached
            started = time.process_time()
            results[way] = ways[way](each)
            times[way].append((time.process_time() - started) * 1000)
        pairs.append((results[0], results[1]))
    our_ms, their_ms = times
    return pairs, statistics.median(our_ms), statistics.median(their_ms)


class RunningGraph:
    """A graph with one input `given` and one output `found` that answers calls."""

    def __init__(self, text: str) -> None:
        self._graph = CalculatorGraph(load_graph_config(text))
        self._found: list[Any] = []
        self._graph.observe_output_stream(
            "found", lambda packet: self._found.append(packet.payload)
        )
        self._graph.start_run()
        self._time = 0

    def __call__(self, given: Any) -> Any:
        """Returns the output for one input."""
        self._found.clear()
        self._time += 1
        self._graph.add_packet_to_input_stream("given", Packet(given, self._time))
        self._graph.wait_until_idle()
        return self._found[0]


def task_image(image: Image) -> mp.Image:
    """Returns a frame as tasks take it."""
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=image.pixels)


def compare_detector(model: Path, frames: Sequence[Image]) -> Comparison:
    """Compares boxes, labels and scores."""
    ours = RunningGraph(f"""
    input_stream: "given"
    node {{ calculator: "ObjectDetectionSubgraph"
           input_stream: "IMAGE:given" output_stream: "DETECTIONS:found"
           options {{ [flowlace.ObjectDetectionOptions.ext] {{
             model_path: "{model}" min_score_threshold: {THRESHOLD} }} }} }}
    """)
    options = vision.ObjectDetectorOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)), score_threshold=THRESHOLD
    )
    with vision.ObjectDetector.create_from_options(options) as task:
        pairs, our_ms, their_ms = side_by_side(
            ours, lambda image: task.detect(task_image(image)).detections, frames
        )
    score, pixels, labels, results = 0.0, 0.0, 0, 0
    for (mine, found), image in zip(pairs, frames, strict=True):
        labels += abs(len(mine) - len(found))
        for one, other in zip(mine, found, strict=False):
            results += 1
            category = other.categories[0]
            score = max(score, abs(one.score[0] - category.score))
            labels += one.label[0] != category.category_name
            pixels = max(pixels, box_difference(one, other, image))
    return Comparison(model.stem, results, score, pixels, labels, our_ms, their_ms)


def box_difference(one: Detection, other: Any, image: Image) -> float:
    """Returns the largest difference of left, top, width and height in pixels."""
    box, theirs = one.location_data.relative_bounding_box, other.bounding_box
    assert box is not None
    ours = np.array([box.xmin, box.ymin, box.width, box.height])
    ours *= [image.width_px, image.height_px, image.width_px, image.height_px]
    wanted = [theirs.origin_x, theirs.origin_y, theirs.width, theirs.height]
    return float(np.abs(ours - wanted).max())


def compare_image_classifier(model: Path, frames: Sequence[Image]) -> Comparison:
    """Compares the five best classes."""
    ours = RunningGraph(f"""
    input_stream: "given"
    node {{ calculator: "ImageToTensorCalculator"
           input_stream: "IMAGE:given" output_stream: "TENSORS:tensors"
           options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
             output_tensor_width: 224 output_tensor_height: 224
             output_tensor_uint_range {{ min: 0 max: 255 }} }} }} }}
    {classifying_nodes(model)}
    """)
    options = vision.ImageClassifierOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)), max_results=5
    )
    with vision.ImageClassifier.create_from_options(options) as task:
        pairs, our_ms, their_ms = side_by_side(
            ours, lambda image: task.classify(task_image(image)).classifications[0], frames
        )
    return classes_compared(model, pairs, our_ms, their_ms)


def compare_audio_classifier(model: Path) -> Comparison:
    """Compares the five best classes of windows of made sound."""
    ours = RunningGraph(f'input_stream: "given" {classifying_nodes(model, first="given")}')
    options = audio.AudioClassifierOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)), max_results=5
    )
    generator = np.random.default_rng(0)
    times = np.arange(15_600) / 16_000
    clips = [
        (np.sin(times * generator.uniform(300, 12_000)) * 0.5).astype(np.float32)
        + generator.normal(0, 0.02, times.size).astype(np.float32)
        for _ in range(60)
    ]
    with audio.AudioClassifier.create_from_options(options) as task:
        pairs, our_ms, their_ms = side_by_side(
            lambda clip: ours([Tensor(clip)]),
            lambda clip: task.classify(AudioData.create_from_array(clip, 16_000))[
                0
            ].classifications[0],
            clips,
        )
    return classes_compared(model, pairs, our_ms, their_ms)


def classifying_nodes(model: Path, first: str = "tensors") -> str:
    """Returns the nodes from tensors to the five best classes."""
    return f"""
    node {{ calculator: "InferenceCalculator"
           input_stream: "TENSORS:{first}" output_stream: "TENSORS:scores"
           options {{ [mediapipe.InferenceCalculatorOptions.ext] {{ model_path: "{model}" }} }} }}
    node {{ calculator: "TensorsToClassificationCalculator"
           input_stream: "TENSORS:scores" output_stream: "CLASSIFICATIONS:found"
           options {{ [mediapipe.TensorsToClassificationCalculatorOptions.ext] {{
             top_k: 5 sort_by_descending_score: true }} }} }}
    """


def classes_compared(
    model: Path, pairs: Sequence[tuple[Any, Any]], our_ms: float, their_ms: float
) -> Comparison:
    """Compares classes by their numbers, ties in any order."""
    score, labels, results = 0.0, 0, 0
    for mine, found in pairs:
        ours = {one.index: one.score for one in mine.classification}
        for other in found.categories:
            results += 1
            if other.index in ours:
                score = max(score, abs(ours[other.index] - other.score))
            else:
                labels += other.score > min(ours.values()) + 1e-6
    return Comparison(model.stem, results, score, None, labels, our_ms, their_ms)


if __name__ == "__main__":
    main()
