"""The graph on a stream gives what torch gives for whole clips, from the first step on."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from flowlace_trainers.video.export import export_classifier
from flowlace_trainers.video.sampling import stacked
from flowlace_trainers.video.stepped_network import SteppedNetwork

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.node_settings import configured_graph
from tests.trainers.video.toy_task import CONFIG, LABELS, NETWORK, PERIOD_US, Slides
from tests.trainers.video.toys import shaken

STEPS, FRAMES = NETWORK.steps, NETWORK.tubelets.frames


def streamed(model: Path, frames: Any) -> tuple[Any, list[bool]]:
    """Returns `[step, class]` of the packaged graph, and whether each window was not full."""
    graph = CalculatorGraph(
        validate_graph(configured_graph("video_classification", [str(model)], []))
    )
    found: list[Any] = []
    graph.observe_output_stream("classes", lambda packet: found.append(packet.payload))
    graph.start_run()
    with graph:
        for number, pixels in enumerate(frames):
            image = Image(ImageFormat.SRGB, pixels)
            graph.add_packet_to_input_stream("video", Packet(image, number * PERIOD_US))
    scores = [{row.label: row.score for row in rows} for rows in found]
    ordered = np.array([[one[label] for label in LABELS] for one in scores])
    return ordered, [rows[0].warming_up for rows in found]


def test_the_graph_gives_what_torch_gives_for_every_window(tmp_path: Path) -> None:
    network = SteppedNetwork(NETWORK)
    shaken(network)
    export_classifier(network, CONFIG, Slides(8, 1), tmp_path, {"name": "slides", "seed": 1})
    frames = np.concatenate([Slides(4, 5)[number].frames for number in range(4)])
    scores, warming_up = streamed(tmp_path / "slides_frame_tokens_f32.tflite", frames)

    missing = (STEPS - 1) * FRAMES
    padded = stacked(np.concatenate([np.repeat(frames[:1], missing, 0), frames]))
    channels = 3 * FRAMES * STEPS
    clips = [padded[begin : begin + channels] for begin in range(0, 3 * len(frames), 3 * FRAMES)]
    filled = torch.arange(1, len(clips) + 1).clamp(max=STEPS)
    with torch.inference_mode():
        wanted = network(torch.from_numpy(np.stack(clips)), filled).softmax(-1).numpy()
    np.testing.assert_allclose(scores, wanted, atol=6e-5)  # rows have four digits
    assert warming_up == [number < STEPS for number in range(1, len(clips) + 1)]
    assert wanted.std(0).min() > 1e-3
