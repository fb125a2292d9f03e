"""The wiring and options of MediaPipe's object detection and tracking example, run unchanged."""

from pathlib import Path

import pytest

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.testing.replay_detector import TrueBox
from tests.calculators.tracking.moving_card import PERIOD_US, frame, place
from tests.calculators.tracking.test_mediapipe_graph import GRAPH as BOX_TRACKING

# Wiring and options as in MediaPipe's graphs/tracking; the words are ours. The detector alone is
# another one, as everywhere in these tests.
TOP = """
input_stream: "input_video"
output_stream: "output_video"
input_side_packet: "truth"
node {
  calculator: "PacketResamplerCalculator"
  input_stream: "DATA:input_video"
  output_stream: "DATA:throttled_input_video"
  node_options: {
    [type.googleapis.com/mediapipe.PacketResamplerCalculatorOptions] { frame_rate: 3 }
  }
}
node {
  calculator: "ReplayDetectorCalculator"
  input_stream: "IMAGE:throttled_input_video"
  input_side_packet: "TRUTH:truth"
  output_stream: "DETECTIONS:output_detections"
}
node {
  calculator: "ObjectTrackingSubgraphCpu"
  input_stream: "VIDEO:input_video"
  input_stream: "DETECTIONS:output_detections"
  output_stream: "DETECTIONS:tracked_detections"
}
node {
  calculator: "RendererSubgraphCpu"
  input_stream: "IMAGE:input_video"
  input_stream: "DETECTIONS:tracked_detections"
  output_stream: "IMAGE:output_video"
}
"""
OBJECT_TRACKING = """
type: "ObjectTrackingSubgraphCpu"
input_stream: "VIDEO:input_video"
input_stream: "DETECTIONS:new_detections"
output_stream: "DETECTIONS:tracked_detections"
node {
  calculator: "DetectionUniqueIdCalculator"
  input_stream: "DETECTIONS:new_detections"
  output_stream: "DETECTIONS:detections_with_id"
}
node {
  calculator: "DetectionsToTimedBoxListCalculator"
  input_stream: "DETECTIONS:detections_with_id"
  output_stream: "BOXES:start_pos"
}
node {
  calculator: "BoxTrackingSubgraphCpu"
  input_stream: "VIDEO:input_video"
  input_stream: "BOXES:start_pos"
  input_stream: "CANCEL_ID:cancel_object_id"
  output_stream: "BOXES:boxes"
}
node: {
  calculator: "TrackedDetectionManagerCalculator"
  input_stream: "DETECTIONS:detections_with_id"
  input_stream: "TRACKING_BOXES:boxes"
  output_stream: "DETECTIONS:tracked_detections"
  output_stream: "CANCEL_OBJECT_ID:cancel_object_id"
  input_stream_handler {
    input_stream_handler: "SyncSetInputStreamHandler"
    options {
      [mediapipe.SyncSetInputStreamHandlerOptions.ext] {
        sync_set { tag_index: "TRACKING_BOXES" }
        sync_set { tag_index: "DETECTIONS" }
      }
    }
  }
}
"""
RENDERER = """
type: "RendererSubgraphCpu"
input_stream: "IMAGE:input_image"
input_stream: "DETECTIONS:detections"
output_stream: "IMAGE:output_image"
node {
  calculator: "DetectionsToRenderDataCalculator"
  input_stream: "DETECTIONS:detections"
  output_stream: "RENDER_DATA:detections_render_data"
  node_options: {
    [type.googleapis.com/mediapipe.DetectionsToRenderDataCalculatorOptions] {
      thickness: 4.0
      color { r: 255 g: 0 b: 0 }
      render_detection_id: true
    }
  }
}
node {
  calculator: "AnnotationOverlayCalculator"
  input_stream: "IMAGE:input_image"
  input_stream: "detections_render_data"
  output_stream: "IMAGE:output_image"
}
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    folder = tmp_path / "subgraphs"
    folder.mkdir()
    (folder / "object_tracking_cpu.pbtxt").write_text(OBJECT_TRACKING)
    (folder / "renderer_cpu.pbtxt").write_text(RENDERER)
    box_tracking = 'type: "BoxTrackingSubgraphCpu"\n' + BOX_TRACKING
    (folder / "box_tracking_cpu.pbtxt").write_text(box_tracking)
    path = tmp_path / "object_detection_tracking_desktop_live.pbtxt"
    path.write_text(TOP)
    return path


def test_mediapipes_object_tracking_graph_runs_unchanged(example: Path) -> None:
    truth = {}
    for index in range(40):
        x, y, w, h = place(index)
        # The resampler moves frames to even ticks, three a second.
        truth[round(round(index * 0.12) / 3 * 1e6)] = [TrueBox(label="card", x=x, y=y, w=w, h=h)]
    graph = CalculatorGraph(validate_graph(example))
    pictures, objects = [], []
    graph.observe_output_stream("output_video", pictures.append)
    graph.observe_output_stream("tracked_detections", objects.append)
    graph.start_run({"truth": truth})
    with graph:
        for index in range(40):
            packet = Packet(frame(index), index * PERIOD_US)
            graph.add_packet_to_input_stream("input_video", packet)
            graph.wait_until_idle()
    assert [packet.timestamp for packet in pictures] == [i * PERIOD_US for i in range(40)]
    assert {each.detection_id for packet in objects for each in packet.payload} == {1}
    assert len([packet for packet in objects if len(packet.payload) == 1]) >= 38
