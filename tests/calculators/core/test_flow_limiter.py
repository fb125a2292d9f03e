"""The flow limiter bounds the frames under way and drops the rest."""

import pytest

from flowlace.calculators.core.flow_limiter import FlowLimiterCalculator, FlowLimiterOptions
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MAX, PRE_STREAM
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator
from tests.framework.running import collect, feed, run_graph

FRAMES = [at(0), at(10), at(20), at(30)]


def limit(options: FlowLimiterOptions | None = None, **streams: list[Packet]) -> CalculatorRun:
    return run_calculator(FlowLimiterCalculator, options, outputs=["frames", "ALLOW"], **streams)


def test_drops_frames_while_one_is_in_flight() -> None:
    run = limit(frames=FRAMES, FINISHED=[])
    assert run.timestamps("frames") == [0]
    assert run.counters == {"dropped": 3}


def test_releases_the_next_frame_after_one_has_finished() -> None:
    run = limit(frames=FRAMES, FINISHED=[at(0), at(20)])
    assert run.timestamps("frames") == [0, 10, 30]
    assert run.counters == {"dropped": 1}


def test_a_bound_on_finished_retires_frames_too() -> None:
    run = limit(frames=[at(0), at(10)], FINISHED=[nothing_until(5)])
    assert run.timestamps("frames") == [0, 10]


def test_a_late_finished_retires_all_frames_before_it() -> None:
    run = limit(
        FlowLimiterOptions(max_in_flight=2),
        frames=[at(0), at(10), at(20), at(30), at(40)],
        FINISHED=[at(15)],
    )
    assert run.timestamps("frames") == [0, 10, 20, 30]


def test_several_frames_may_be_in_flight() -> None:
    run = limit(FlowLimiterOptions(max_in_flight=3), frames=FRAMES, FINISHED=[])
    assert run.timestamps("frames") == [0, 10, 20]


def test_the_queue_keeps_the_newest_frame_for_when_there_is_room() -> None:
    run = limit(FlowLimiterOptions(max_in_queue=1), frames=FRAMES, FINISHED=[at(35)])
    assert run.timestamps("frames") == [0, 30]
    assert run.counters == {"dropped": 2}


def test_allow_says_of_every_frame_what_became_of_it() -> None:
    run = limit(frames=FRAMES, FINISHED=[at(15)])
    assert run.packets("ALLOW") == [at(0, True), at(10, False), at(20, True), at(30, False)]


def test_frames_in_flight_are_given_up_after_a_timeout_in_frame_time() -> None:
    run = limit(FlowLimiterOptions(in_flight_timeout=25), frames=FRAMES, FINISHED=[])
    assert run.timestamps("frames") == [0, 30]
    assert run.counters == {"dropped": 2, "timed_out": 1}


def test_the_end_of_the_frames_is_no_timeout() -> None:
    run = limit(
        FlowLimiterOptions(in_flight_timeout=25, max_in_queue=1), frames=[at(0)], FINISHED=[at(0)]
    )
    assert run.counters == {}


def test_the_bound_stays_at_a_queued_frame() -> None:
    run = limit(FlowLimiterOptions(max_in_queue=1), frames=[at(0), at(10)], FINISHED=[])
    assert run.bounds["frames"] == [9]


def test_the_bound_passes_a_dropped_frame() -> None:
    run = limit(frames=[at(0), at(10)], FINISHED=[])
    assert 10 in run.bounds["frames"]


def test_a_further_stream_follows_the_frames() -> None:
    run = run_calculator(
        FlowLimiterCalculator,
        inputs={
            "frames": [at(1), at(2), at(3)],
            "1": [at(1), at(2), at(3), at(4)],
            "FINISHED": [at(1), at(3)],
        },
        outputs=["frames", "1"],
        in_order=["frames", "frames", "1", "FINISHED", "1", "1", "1", "frames", "FINISHED"],
    )
    assert run.timestamps("frames") == [1, 3]
    # 2 was dropped with its frame; 3 and 4 wait for the frame at 3 and for the end.
    assert run.timestamps("1") == [1, 3, 4]


def test_max_in_flight_may_come_as_a_side_packet() -> None:
    run = run_calculator(
        FlowLimiterCalculator,
        FlowLimiterOptions(max_in_flight=3),
        frames=FRAMES,
        FINISHED=[],
        side_packets={"MAX_IN_FLIGHT": 1},
    )
    assert run.timestamps("frames") == [0]


def test_an_options_side_packet_goes_before_the_options() -> None:
    run = run_calculator(
        FlowLimiterCalculator,
        FlowLimiterOptions(max_in_queue=1),
        frames=FRAMES,
        FINISHED=[at(35)],
        side_packets={"OPTIONS": FlowLimiterOptions(max_in_flight=2)},
    )
    assert run.timestamps("frames") == [0, 10, 30]


def test_an_options_stream_changes_the_limits_while_running() -> None:
    run = limit(frames=FRAMES, FINISHED=[], OPTIONS=[at(15, FlowLimiterOptions(max_in_flight=2))])
    assert run.timestamps("frames") == [0, 20]


def test_headers_reach_the_outputs() -> None:
    run = run_calculator(
        FlowLimiterCalculator,
        frames=[],
        FINISHED=[],
        outputs=["frames"],
        headers={"frames": Packet("30 Hz")},
    )
    assert run.headers["frames"].payload == "30 Hz"


def test_without_frames_nothing_comes_out() -> None:
    run = limit(frames=[], FINISHED=[])
    assert run.packets("frames") == []


def test_a_frame_before_the_stream_is_released() -> None:
    assert limit(frames=[at(PRE_STREAM)], FINISHED=[]).timestamps("frames") == [PRE_STREAM]


def test_a_frame_at_the_last_timestamp_is_released() -> None:
    assert limit(frames=[at(MAX)], FINISHED=[]).timestamps("frames") == [MAX]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (FlowLimiterOptions(max_in_flight=0), "at least 1 frame has to pass"),
        (FlowLimiterOptions(max_in_queue=-1), "can't be below 0"),
        (FlowLimiterOptions(in_flight_timeout=-1), "can't be below 0"),
    ],
)
def test_limits_that_let_nothing_through_are_refused(
    options: FlowLimiterOptions, complaint: str
) -> None:
    with pytest.raises(GraphConfigError, match=complaint):
        limit(options, frames=[], FINISHED=[])


def test_a_side_packet_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="at least 1 frame has to pass"):
        run_calculator(
            FlowLimiterCalculator, frames=[], FINISHED=[], side_packets={"MAX_IN_FLIGHT": 0}
        )


def test_every_stream_of_frames_needs_an_output() -> None:
    with pytest.raises(GraphConfigError, match="has 2 untagged inputs and 1 untagged outputs"):
        run_calculator(
            FlowLimiterCalculator,
            inputs={"frames": [], "1": [], "FINISHED": []},
            outputs=["frames"],
        )


def test_finished_has_to_be_connected() -> None:
    with pytest.raises(GraphConfigError, match="FINISHED is not connected"):
        run_calculator(FlowLimiterCalculator, frames=[])


LIVE_GRAPH = """
    # Tracks what a camera sees, one frame at a time.
    input_stream: "camera_frames"
    output_stream: "tracked_frames"

    # Keeps one frame in flight: the slow node needs the newest frame, not every frame.
    node {
      calculator: "FlowLimiterCalculator"
      input_stream: "camera_frames"
      input_stream: "FINISHED:tracked_frames"
      input_stream_info: {
        tag_index: "FINISHED"
        back_edge: true
      }
      output_stream: "throttled_frames"
      %s
    }

    # Takes as long as the test lets it: it hands a frame on when the clock ticks.
    node {
      calculator: "PacketClonerCalculator"
      input_stream: "throttled_frames"
      input_stream: "TICK:done"
      input_stream_handler { input_stream_handler: "ImmediateInputStreamHandler" }
      output_stream: "tracked_frames"
    }
    input_stream: "done"
"""


def test_a_live_graph_takes_the_newest_frame_whenever_the_slow_node_is_free() -> None:
    graph = CalculatorGraph(LIVE_GRAPH % "")
    tracked = collect(graph, "tracked_frames")
    graph.start_run()
    with graph:
        feed(graph, [("camera_frames", at(0)), ("camera_frames", at(33)), ("done", at(40))])
        feed(graph, [("camera_frames", at(66)), ("camera_frames", at(99)), ("done", at(120))])
    assert [packet.payload for packet in tracked] == [0, 66]
    assert list(graph.counters().values()) == [2]


def test_a_live_graph_ends_when_the_camera_does() -> None:
    text = """
        input_stream: "camera_frames"
        node {
          calculator: "FlowLimiterCalculator"
          input_stream: "camera_frames"
          input_stream: "FINISHED:passed_frames"
          input_stream_info: { tag_index: 'FINISHED' back_edge: true }
          output_stream: "throttled_frames"
          node_options: {
            [type.googleapis.com/mediapipe.FlowLimiterCalculatorOptions] {
              max_in_flight: 1
              max_in_queue: 1
            }
          }
        }
        node {
          calculator: "PassThroughCalculator"
          input_stream: "throttled_frames"
          output_stream: "passed_frames"
        }
    """
    found = run_graph(text, [("camera_frames", at(0)), ("camera_frames", at(1))], ["passed_frames"])
    assert found["passed_frames"] == [at(0), at(1)]
