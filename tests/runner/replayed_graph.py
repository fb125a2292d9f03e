"""The packaged object tracking graph with a detector that replays the truth."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowlace.formats.image import Image
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.find_graph import find_graph
from flowlace.testing import replay_detector  # noqa: F401  (registers the detector)

DETECTOR = re.compile(r'node \{[^{}]*"ObjectDetectionSubgraph"(?:[^{}]|\{(?:[^{}]|\{.*?\})*\})*\}')
REPLAY = """node {
  calculator: "ReplayDetectorCalculator"
  input_stream: "IMAGE:detection_frames"
  input_side_packet: "TRUTH:truth"
  output_stream: "DETECTIONS:detections"
}"""

Change = Callable[[str], str]


def replayed_text(change: Change = str) -> str:
    """Returns the text of `object_tracking`, the detector exchanged, changed once more."""
    text = find_graph("object_tracking").read_text()
    text, count = DETECTOR.subn(REPLAY, text)
    assert count == 1
    return change(text + '\ninput_side_packet: "TRUTH:truth"\n')


def replayed(
    frames: Iterable[tuple[int, Image]],
    truth: Any,
    *,
    change: Change = str,
    graph: str | Path | None = None,
    watched: str = "objects",
) -> list[Any]:
    """Returns the payload of a stream for each frame; rows as dictionaries."""
    made = CalculatorGraph(validate_graph(graph or replayed_text(change)))
    found: list[Any] = []
    made.observe_output_stream(watched, lambda packet: found.append(packet.payload))
    made.start_run({"truth": truth})
    with made:
        for timestamp, image in frames:
            made.add_packet_to_input_stream("camera_frames", Packet(image, timestamp))
    return found if watched != "objects" else [[asdict(row) for row in rows] for rows in found]
