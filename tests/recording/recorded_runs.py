"""Short ways to record and replay in tests."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.recording import GraphRecorder, Recording, Rotation, VideoMode
from flowlace.recording.replay import ReplayFeed
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.input_feed import InputEvent

TWO_STREAMS = """
input_stream: "a"
input_stream: "b"
output_stream: "c"
output_stream: "d"
node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "c" }
node { calculator: "PassThroughCalculator" input_stream: "b" output_stream: "d" }
"""

Added = tuple[str, Packet[Any]]


def record(
    path: Path,
    added: Iterable[Added],
    *,
    graph_text: str = TWO_STREAMS,
    video: VideoMode = VideoMode.RAW,
    rotation: Rotation | None = None,
    headers: Mapping[str, Packet[Any]] | None = None,
    side_packets: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Records packets of a graph's inputs; returns the files."""
    graph = CalculatorGraph(graph_text)
    with GraphRecorder(graph, path, video=video, rotation=rotation) as recorder, graph:
        graph.start_run(side_packets, headers=headers)
        for stream, packet in added:
            graph.add_packet_to_input_stream(stream, packet)
    return recorder.paths


def entries(path: Path | str, **arguments: Any) -> list[tuple[str, int, Any]]:
    """Returns stream, timestamp and payload of every packet of a recording, in order."""
    with Recording(path) as recording:
        return [
            (event.stream, event.packet.timestamp, event.packet.payload)
            for event in recording.events(**arguments)
            if event.packet is not None
        ]


def all_events(path: Path | str) -> list[InputEvent]:
    """Returns everything that entered."""
    with Recording(path) as recording:
        return list(recording.events())


def replay(path: Path, streams: Iterable[str], **arguments: Any) -> dict[str, list[Packet[Any]]]:
    """Replays the recorded graph; returns the packets of its output streams."""
    recording = Recording(path)
    assert recording.description is not None
    threads = arguments.pop("threads", 0)
    plan = validate_graph(recording.description.graph)
    plan.num_threads = threads
    feed = ReplayFeed(recording, list(plan.input_streams), **arguments)
    graph = CalculatorGraph(plan)
    seen: dict[str, list[Packet[Any]]] = {stream: [] for stream in streams}
    for stream, packets in seen.items():
        graph.observe_output_stream(stream, packets.append)
    GraphRunner(graph, {}, [], feed=feed, side_packets=recording.description.side_packets).run()
    return seen
