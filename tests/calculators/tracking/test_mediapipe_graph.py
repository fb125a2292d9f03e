"""The wiring, policies and options of MediaPipe's own box tracking graph, run unchanged."""

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.calculators.tracking.moving_card import PERIOD_US, box, error_px, frame

GRAPH = """
# Wiring and options as in MediaPipe's box_tracking subgraph; the words are ours.
input_stream: "VIDEO:input_video"
input_stream: "BOXES:start_pos"
input_stream: "CANCEL_ID:cancel_object_id"
output_stream: "BOXES:boxes"
node: {
  calculator: "ImageTransformationCalculator"
  input_stream: "IMAGE:input_video"
  output_stream: "IMAGE:downscaled_input_video"
  node_options: {
    [type.googleapis.com/mediapipe.ImageTransformationCalculatorOptions] {
      output_width: 320
      output_height: 240
    }
  }
}
node: {
  calculator: "MotionAnalysisCalculator"
  input_stream: "VIDEO:downscaled_input_video"
  output_stream: "CAMERA:camera_motion"
  output_stream: "FLOW:region_flow"
  node_options: {
    [type.googleapis.com/mediapipe.MotionAnalysisCalculatorOptions]: {
      analysis_options {
        analysis_policy: ANALYSIS_POLICY_CAMERA_MOBILE
        flow_options {
          fast_estimation_min_block_size: 100
          top_inlier_sets: 1
          frac_inlier_error_threshold: 3e-3
          downsample_mode: DOWNSAMPLE_TO_INPUT_SIZE
          verification_distance: 5.0
          verify_long_feature_acceleration: true
          verify_long_feature_trigger_ratio: 0.1
          tracking_options {
            max_features: 500
            adaptive_extraction_levels: 2
            min_eig_val_settings { adaptive_lowest_quality_level: 2e-4 }
            klt_tracker_implementation: KLT_OPENCV
          }
        }
      }
    }
  }
}
node: {
  calculator: "FlowPackagerCalculator"
  input_stream: "FLOW:region_flow"
  input_stream: "CAMERA:camera_motion"
  output_stream: "TRACKING:tracking_data"
  node_options: {
    [type.googleapis.com/mediapipe.FlowPackagerCalculatorOptions]: {
      flow_packager_options: { binary_tracking_data_support: false }
    }
  }
}
node: {
  calculator: "BoxTrackerCalculator"
  input_stream: "TRACKING:tracking_data"
  input_stream: "TRACK_TIME:input_video"
  input_stream: "START_POS:start_pos"
  input_stream: "CANCEL_OBJECT_ID:cancel_object_id"
  input_stream_info: { tag_index: "CANCEL_OBJECT_ID" back_edge: true }
  output_stream: "BOXES:boxes"
  input_stream_handler {
    input_stream_handler: "SyncSetInputStreamHandler"
    options {
      [mediapipe.SyncSetInputStreamHandlerOptions.ext] {
        sync_set { tag_index: "TRACKING" tag_index: "TRACK_TIME" }
        sync_set { tag_index: "START_POS" }
        sync_set { tag_index: "CANCEL_OBJECT_ID" }
      }
    }
  }
  node_options: {
    [type.googleapis.com/mediapipe.BoxTrackerCalculatorOptions]: {
      tracker_options: {
        track_step_options {
          track_object_and_camera: true
          tracking_degrees: TRACKING_DEGREE_OBJECT_SCALE
          inlier_spring_force: 0.0
          static_motion_temporal_ratio: 3e-2
        }
      }
      visualize_tracking_data: false
      streaming_track_data_cache_size: 100
    }
  }
}
"""


def test_mediapipes_box_tracking_graph_runs_unchanged() -> None:
    graph = CalculatorGraph(GRAPH)
    found: list[Packet[list]] = []
    graph.observe_output_stream("boxes", found.append)
    graph.start_run()
    with graph:
        graph.add_packet_to_input_stream("start_pos", Packet([box(0), box(0, 2)], 0))
        for index in range(10):
            packet = Packet(frame(index), index * PERIOD_US)
            graph.add_packet_to_input_stream("input_video", packet)
        graph.wait_until_idle()
        graph.add_packet_to_input_stream("cancel_object_id", Packet(2, 1))
        for index in range(10, 15):
            packet = Packet(frame(index), index * PERIOD_US)
            graph.add_packet_to_input_stream("input_video", packet)
    assert [packet.timestamp for packet in found] == [index * PERIOD_US for index in range(15)]
    assert [len(packet.payload) for packet in found] == [2] * 10 + [1] * 5
    assert error_px(found[-1].payload[0], 14) < 3
