from pathlib import Path

import pytest

from flowlace.calculators.tracking.box_tracker import BoxTrackerCalculator, BoxTrackerOptions
from flowlace.calculators.tracking.flow_packager import FlowPackagerCalculator
from flowlace.calculators.tracking.motion_analysis import MotionAnalysisCalculator
from flowlace.calculators.tracking.track_step_options import (
    BoxTrackerOptionsMessage,
    TimedBoxListMessage,
    TimedBoxMessage,
    TrackingDegree,
    TrackStepOptionsMessage,
)
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.config import HandlerConfig
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.framework.options_message import options_to_message
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.tracking.moving_card import PERIOD_US, box, error_px, frame, place

COUNT = 12
FRAMES = [at(index * PERIOD_US, frame(index)) for index in range(COUNT)]
_ANALYSED = run_calculator(MotionAnalysisCalculator, VIDEO=FRAMES, outputs=["FLOW", "CAMERA"])
_PACKED = run_calculator(
    FlowPackagerCalculator,
    FLOW=_ANALYSED.packets("FLOW"),
    CAMERA=_ANALYSED.packets("CAMERA"),
    outputs=["TRACKING"],
)
TRACKING = _PACKED.packets("TRACKING")
LAST = COUNT - 1
END_US = LAST * PERIOD_US


def tracked(
    inputs: dict[str, list[Packet[object]]],
    options: BoxTrackerOptions | None = None,
    outputs: tuple[str, ...] = ("BOXES", "LOST"),
    **more: object,
) -> CalculatorRun:
    return run_calculator(
        BoxTrackerCalculator,
        options,
        inputs={"TRACKING": TRACKING, **inputs},
        outputs=outputs,
        **more,  # type: ignore[arg-type]
    )


def start(index: int, *boxes: TimedBox) -> Packet[list[TimedBox]]:
    return Packet(list(boxes), index * PERIOD_US)


def ids(run: CalculatorRun) -> list[list[int]]:
    return [[each.id for each in boxes] for boxes in run.payloads("BOXES")]


def test_a_box_follows_the_card() -> None:
    run = tracked({"START_POS": [start(0, box(0))]})
    assert run.timestamps("BOXES") == [packet.timestamp for packet in FRAMES]
    errors = [error_px(boxes[0], index) for index, boxes in enumerate(run.payloads("BOXES"))]
    assert max(errors) < 3


def test_a_box_from_the_past_is_moved_to_the_present_first() -> None:
    run = tracked({"START_POS": [start(6, box(0))]})
    assert ids(run) == [[]] * 6 + [[1]] * 6
    assert error_px(run.payloads("BOXES")[6][0], 6) < 3


def test_a_box_from_the_future_waits() -> None:
    run = tracked({"START_POS": [start(2, box(7))]})
    assert ids(run) == [[]] * 7 + [[1]] * 5


def test_a_box_older_than_the_cache_is_dropped_and_told_of() -> None:
    options = BoxTrackerOptions(streaming_track_data_cache_size=3)
    run = tracked({"START_POS": [start(9, box(0))]}, options)
    assert ids(run) == [[]] * COUNT


def test_the_same_id_starts_anew() -> None:
    wrong = TimedBox(timestamp_us=0, left=0.6, top=0.6, right=0.8, bottom=0.8, id=1)
    run = tracked({"START_POS": [start(0, wrong), start(5, box(5))]})
    assert ids(run) == [[1]] * COUNT
    assert error_px(run.payloads("BOXES")[LAST][0], LAST) < 3


def test_a_box_found_again_is_placed_anew() -> None:
    wrong = TimedBox(timestamp_us=0, left=0.6, top=0.6, right=0.8, bottom=0.8, id=1)
    run = tracked({"START_POS": [start(0, wrong)], "RESTART_POS": [start(5, box(5))]})
    assert error_px(run.payloads("BOXES")[LAST][0], LAST) < 3


def test_a_cancelled_box_is_gone() -> None:
    run = tracked(
        {"START_POS": [start(0, box(0), box(0, 2))], "CANCEL_OBJECT_ID": [at(4 * PERIOD_US, 1)]}
    )
    assert ids(run) == [[1, 2]] * 4 + [[2]] * 8


def test_several_boxes_are_cancelled_at_once_from_the_next_step_on() -> None:
    gone = at(5 * PERIOD_US, [1, 3, 99])
    boxes = start(0, box(0, 1), box(0, 2), box(0, 3))
    run = tracked({"START_POS": [boxes], "CANCEL_OBJECT_IDS": [gone]})
    assert ids(run) == [[1, 2, 3]] * 5 + [[2]] * (COUNT - 5)


def test_times_without_motion_data_are_answered_by_interpolation() -> None:
    asked = [at(time_us, 0) for time_us in range(0, END_US + 1, PERIOD_US // 2)]
    run = tracked({"TRACK_TIME": asked, "START_POS": [start(0, box(0))]})
    assert run.timestamps("BOXES") == [packet.timestamp for packet in asked]
    before, between, after = run.payloads("BOXES")[2:5]
    assert between[0].timestamp_us == PERIOD_US * 3 // 2
    assert between[0].left == pytest.approx((before[0].left + after[0].left) / 2)


def test_motion_data_at_times_nobody_asked_for_give_no_boxes() -> None:
    asked = [at(time_us, 0) for time_us in range(0, END_US + 1, 3 * PERIOD_US)]
    run = tracked({"TRACK_TIME": asked, "START_POS": [start(0, box(0))]})
    assert run.timestamps("BOXES") == [packet.timestamp for packet in asked]


def test_random_access_tracks_both_ways_through_the_cache() -> None:
    asked = [box(3), box(9), box(9), box(3)]
    run = tracked({"RA_TRACK": [Packet(asked, END_US)]}, outputs=("RA_BOXES",))
    forward, backward = run.payloads("RA_BOXES")[0]
    assert error_px(forward, 9) < 3
    assert error_px(backward, 3) < 3
    assert run.timestamps("RA_BOXES") == [END_US]


def test_random_access_outside_the_cache_gives_no_box_and_is_counted() -> None:
    outside = TimedBox(timestamp_us=END_US * 10, left=0.1, top=0.1, right=0.2, bottom=0.2)
    run = tracked({"RA_TRACK": [Packet([box(3), outside], END_US)]}, outputs=("RA_BOXES",))
    assert run.payloads("RA_BOXES") == [[]]
    assert run.counters["random_access_lost"] == 1


def test_random_access_takes_pairs() -> None:
    with pytest.raises(CalculatorError, match="takes pairs of start and stop, but got 1 boxes"):
        tracked({"RA_TRACK": [Packet([box(3)], END_US)]}, outputs=("RA_BOXES",))


def test_boxes_may_start_from_options_or_a_side_packet() -> None:
    first = box(0)
    message = TimedBoxMessage(
        id=1, left=first.left, top=first.top, right=first.right, bottom=first.bottom
    )
    options = BoxTrackerOptions(initial_position=TimedBoxListMessage(box=(message,)))
    by_options = tracked({}, options)
    by_side_packet = tracked({}, side_packets={"INITIAL_POS": [first]})
    assert ids(by_options) == ids(by_side_packet) == [[1]] * COUNT


def test_sync_sets_let_boxes_come_at_any_time() -> None:
    from flowlace.framework.builtin_options import SyncSet, SyncSetInputPolicyOptions
    from flowlace.framework.config import GivenOptions

    sets = SyncSetInputPolicyOptions(
        sync_set=(SyncSet(tag_index=("TRACKING",)), SyncSet(tag_index=("START_POS",)))
    )
    policy = HandlerConfig("SyncSetInputStreamHandler", [GivenOptions.of(sets)])
    run = tracked({"START_POS": [Packet([box(0)], 1)]}, input_policy=policy)
    assert ids(run)[LAST] == [1]


def test_batch_mode_tracks_both_ways_from_chunk_files(tmp_path: Path) -> None:
    run_calculator(
        FlowPackagerCalculator,
        FLOW=_ANALYSED.packets("FLOW"),
        CAMERA=_ANALYSED.packets("CAMERA"),
        side_packets={"CACHE_DIR": str(tmp_path)},
    )
    run = run_calculator(
        BoxTrackerCalculator,
        inputs={"TRACK_TIME": [at(index * PERIOD_US, 0) for index in range(COUNT)]},
        outputs=["BOXES"],
        side_packets={"CACHE_DIR": str(tmp_path), "INITIAL_POS": [box(6)]},
    )
    boxes = [found[0] for found in run.payloads("BOXES")]
    assert max(error_px(found, index) for index, found in enumerate(boxes)) < 3


def serialised(*boxes: TimedBox) -> bytes:
    messages = tuple(
        TimedBoxMessage(
            id=each.id,
            left=each.left,
            top=each.top,
            right=each.right,
            bottom=each.bottom,
            time_msec=each.timestamp_us // 1000,
        )
        for each in boxes
    )
    message = options_to_message(TimedBoxListMessage(box=messages))
    return bytes(message.SerializeToString())


def test_serialised_boxes_are_the_same_as_boxes() -> None:
    run = tracked(
        {
            "START_POS_PROTO_STRING": [Packet(serialised(box(0)), 0)],
            "RA_TRACK_PROTO_STRING": [Packet(serialised(box(3), box(9)), END_US)],
        },
        outputs=("BOXES", "RA_BOXES"),
    )
    assert ids(run) == [[1]] * COUNT
    assert error_px(run.payloads("RA_BOXES")[0][0], 9) < 3


def test_bytes_that_are_no_boxes_are_an_error() -> None:
    with pytest.raises(CalculatorError, match="expected a serialised TimedBoxProtoList"):
        tracked({"START_POS_PROTO_STRING": [Packet(b"\xff\xff\xff", 0)]})


def test_viz_shows_boxes_points_and_states() -> None:
    inputs: dict[str, list[Packet[object]]] = {"START_POS": [start(0, box(0))], "VIDEO": FRAMES}
    plain = tracked(inputs, outputs=("VIZ",)).payloads("VIZ")
    options = BoxTrackerOptions(visualize_tracking_data=True, visualize_state=True)
    rich = tracked(inputs, options, outputs=("VIZ",)).payloads("VIZ")
    assert len(plain) == len(rich) == COUNT
    assert plain[LAST] != rich[LAST]
    x, y, width, _ = place(LAST)
    edge = plain[LAST].pixels[round(y) - 1 : round(y) + 2, round(x + width / 2)]
    assert (edge[:, 1].astype(int) - edge[:, 0]).max() > 100


def test_viz_needs_the_video() -> None:
    with pytest.raises(GraphConfigError, match="VIZ needs VIDEO"):
        tracked({}, outputs=("VIZ",))


def test_motion_data_have_to_come_from_one_place() -> None:
    with pytest.raises(GraphConfigError, match="connect either TRACKING or the side packet"):
        run_calculator(BoxTrackerCalculator, inputs={"TRACK_TIME": []}, outputs=["BOXES"])


def test_degrees_that_do_not_exist_are_refused_before_the_start() -> None:
    step = TrackStepOptionsMessage(
        tracking_degrees=TrackingDegree.TRACKING_DEGREE_CAMERA_PERSPECTIVE
    )
    options = BoxTrackerOptions(tracker_options=BoxTrackerOptionsMessage(track_step_options=step))
    with pytest.raises(GraphConfigError, match="CAMERA_PERSPECTIVE is not implemented"):
        tracked({}, options)
