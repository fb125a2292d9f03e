"""Streaming tracking of boxes over crops that shift ten pixels a frame, and its rules."""

import numpy as np
import pytest

from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_tracker import StreamingBoxTracker, StreamingBoxTrackerOptions
from flowlace.tracking.motion_analysis import MotionAnalysis
from flowlace.tracking.step_options import TrackingDegrees, TrackStepOptions
from tests.tracking.tracking_scenes import (
    box_around,
    crops,
    largest_edge_error,
    synthetic_motion,
    texture,
)

PERIOD_US = 33_333
SIZE = (320, 240)


@pytest.fixture(scope="module")
def shifted_crops() -> list[TrackingData]:
    picture = texture(480, 640, seed=3)
    analysis = MotionAnalysis()
    frames = crops(picture, size=SIZE, step=(10, 5), count=12)
    return [analysis.analyze(frame, k * PERIOD_US) for k, frame in enumerate(frames)]


def box_in_crop(frame: int, id_: int = 1) -> TimedBox:
    return TimedBox.from_pixels(
        x=200 - 10 * frame,
        y=120 - 5 * frame,
        width=60,
        height=50,
        frame_width=SIZE[0],
        frame_height=SIZE[1],
        timestamp_us=frame * PERIOD_US,
        id=id_,
    )


def quad_in_crop(frame: int) -> TimedBox:
    box = box_in_crop(frame, id_=2)
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    quad = (left, top, left, bottom, right, bottom, right, top)
    return TimedBox(
        timestamp_us=box.timestamp_us,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        id=2,
        quad=quad,
    )


def streamed(
    sequence: list[TrackingData], boxes: list[TimedBox], options: TrackStepOptions
) -> list[list[TimedBox]]:
    tracker = StreamingBoxTracker(StreamingBoxTrackerOptions(track_step_options=options))
    tracker.start(boxes)
    return [tracker.add_tracking_data(data) for data in sequence]


def test_a_box_on_shifted_crops_is_within_a_thousandth(shifted_crops: list[TrackingData]) -> None:
    outputs = streamed(shifted_crops, [box_in_crop(0)], TrackStepOptions())
    errors = [largest_edge_error(out[0], box_in_crop(k)) for k, out in enumerate(outputs)]
    assert max(errors) < 1e-3


def test_a_quad_on_shifted_crops_is_within_a_thousandth(
    shifted_crops: list[TrackingData],
) -> None:
    options = TrackStepOptions(tracking_degrees=TrackingDegrees.OBJECT_PERSPECTIVE)
    outputs = streamed(shifted_crops, [quad_in_crop(0)], options)
    wanted = np.array([quad_in_crop(k).quad for k in range(len(outputs))])
    found = np.array([out[0].quad for out in outputs])
    assert np.abs(found - wanted).max() < 1e-3


def test_random_access_forwards_equals_streaming(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(0)])
    last = [tracker.add_tracking_data(data) for data in shifted_crops][-1]
    found = tracker.random_access([(box_in_crop(0), shifted_crops[-1].timestamp_us)])
    assert found == last


def test_random_access_backwards_returns_to_the_start(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    for data in shifted_crops:
        tracker.add_tracking_data(data)
    (found,) = tracker.random_access([(box_in_crop(11), 0)])
    assert found is not None
    assert largest_edge_error(found, box_in_crop(0)) < 1e-3


def test_random_access_outside_the_cache_gives_nothing(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    for data in shifted_crops:
        tracker.add_tracking_data(data)
    assert tracker.random_access([(box_in_crop(0), 10_000_000)]) == [None]


def test_a_late_start_is_moved_to_the_newest_frame(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    for data in shifted_crops:
        tracker.add_tracking_data(data)
    (box,) = tracker.start([box_in_crop(3)])
    assert box.timestamp_us == shifted_crops[-1].timestamp_us
    assert largest_edge_error(box, box_in_crop(11)) < 1e-3


def test_a_start_ahead_of_the_newest_frame_waits_for_it(
    shifted_crops: list[TrackingData],
) -> None:
    tracker = StreamingBoxTracker()
    tracker.add_tracking_data(shifted_crops[0])
    assert tracker.start([box_in_crop(2)]) == []
    assert tracker.add_tracking_data(shifted_crops[1]) == []
    (box,) = tracker.add_tracking_data(shifted_crops[2])
    assert largest_edge_error(box, box_in_crop(2)) < 1e-9


def test_a_start_older_than_the_cache_is_dropped(shifted_crops: list[TrackingData]) -> None:
    options = StreamingBoxTrackerOptions(streaming_track_data_cache_size=4)
    tracker = StreamingBoxTracker(options)
    for data in shifted_crops:
        tracker.add_tracking_data(data)
    assert tracker.start([box_in_crop(0)]) == []
    assert [box.id for box in tracker.lost_boxes] == [1]


def test_starting_a_live_id_again_replaces_its_box(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.add_tracking_data(shifted_crops[0])
    tracker.start([box_in_crop(0)])
    tracker.add_tracking_data(shifted_crops[1])
    (box,) = tracker.restart([box_around(np.array([0.3, 0.3]), (0.2, 0.2), PERIOD_US)])
    assert (box.left, box.bottom) == pytest.approx((0.2, 0.4))


def test_a_restart_with_transition_moves_there_step_by_step(
    shifted_crops: list[TrackingData],
) -> None:
    tracker = StreamingBoxTracker(StreamingBoxTrackerOptions(start_pos_transition_frames=3))
    tracker.start([box_in_crop(0)])
    for data in shifted_crops[:4]:
        tracker.add_tracking_data(data)
    moved = box_in_crop(3)
    moved = TimedBox(
        timestamp_us=moved.timestamp_us,
        left=moved.left + 0.2,
        right=moved.right + 0.2,
        top=moved.top,
        bottom=moved.bottom,
        id=1,
    )
    outputs = [tracker.restart([moved])]
    outputs += [tracker.add_tracking_data(data) for data in shifted_crops[4:8]]
    offsets = [out[0].left - box_in_crop(3 + k).left for k, out in enumerate(outputs)]
    assert offsets == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.2], abs=5e-3)


def test_a_cancelled_box_is_gone(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(0, id_=1), box_in_crop(0, id_=5)])
    tracker.add_tracking_data(shifted_crops[0])
    tracker.cancel([1])
    assert [box.id for box in tracker.add_tracking_data(shifted_crops[1])] == [5]


def test_a_cancelled_waiting_box_never_comes(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(1)])
    tracker.cancel([1])
    tracker.add_tracking_data(shifted_crops[0])
    assert tracker.add_tracking_data(shifted_crops[1]) == []


def test_a_query_between_frames_is_blended(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(0)])
    for data in shifted_crops:
        tracker.add_tracking_data(data)
    (box,) = tracker.boxes_at(round(4.5 * PERIOD_US))
    assert box.left == pytest.approx((box_in_crop(4).left + box_in_crop(5).left) / 2, abs=1e-3)


def test_a_query_far_outside_gives_nothing(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(0)])
    tracker.add_tracking_data(shifted_crops[0])
    assert tracker.boxes_at(1_000_000) == []


def test_boxes_do_not_influence_each_other(shifted_crops: list[TrackingData]) -> None:
    others = [
        box_around(np.array([0.1 + 0.08 * k, 0.4]), (0.1, 0.2), 0, id_=10 + k) for k in range(9)
    ]
    alone = streamed(shifted_crops, [box_in_crop(0)], TrackStepOptions())
    together = streamed(shifted_crops, [*others, box_in_crop(0)], TrackStepOptions())
    same = [box for box in together[-1] if box.id == 1]
    assert largest_edge_error(alone[-1][0], same[0]) < 1e-9


def test_labels_survive_tracking(shifted_crops: list[TrackingData]) -> None:
    box = TimedBox(timestamp_us=0, left=0.3, right=0.5, top=0.3, bottom=0.5, id=1, label="car")
    outputs = streamed(shifted_crops, [box], TrackStepOptions())
    assert outputs[-1][0].label == "car"


def test_a_box_that_leaves_the_view_is_lost() -> None:
    times = [k * PERIOD_US for k in range(40)]
    centers = np.column_stack((np.linspace(0.5, 1.5, 40), np.full(40, 0.5)))
    sequence = synthetic_motion(centers, times, box_size=(0.15, 0.2))
    outputs = streamed(sequence, [box_around(centers[0], (0.15, 0.2), 0)], TrackStepOptions())
    assert outputs[20]
    assert outputs[-1] == []


def test_a_box_without_features_stays_where_the_camera_leaves_it() -> None:
    flat = np.full((120, 160), 90, np.uint8)
    analysis = MotionAnalysis()
    sequence = [analysis.analyze(flat, k * PERIOD_US) for k in range(3)]
    start = box_around(np.array([0.5, 0.5]), (0.2, 0.2), 0)
    outputs = streamed(sequence, [start], TrackStepOptions())
    assert largest_edge_error(outputs[-1][0], start) < 1e-9


def test_a_box_outside_the_frame_does_not_disturb_the_others(
    shifted_crops: list[TrackingData],
) -> None:
    far = box_around(np.array([3.0, -2.0]), (0.2, 0.2), 0, id_=8)
    outputs = streamed(shifted_crops, [far, box_in_crop(0)], TrackStepOptions())
    assert largest_edge_error(next(b for b in outputs[-1] if b.id == 1), box_in_crop(11)) < 1e-3


def test_an_empty_box_is_given_up(shifted_crops: list[TrackingData]) -> None:
    flat = box_around(np.array([0.5, 0.5]), (0.0, 0.2), 0)
    tracker = StreamingBoxTracker()
    tracker.start([flat])
    outputs = [tracker.add_tracking_data(data) for data in shifted_crops[:2]]
    assert outputs[-1] == []
    assert [box.state.name for box in tracker.lost_boxes] == ["EMPTY"]


def test_a_box_with_a_coordinate_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="box 3 at 0 us has a coordinate that is not a finite"):
        TimedBox(timestamp_us=0, left=float("nan"), right=1, top=0, bottom=1, id=3)


def test_duplicated_frames_keep_the_box(shifted_crops: list[TrackingData]) -> None:
    frame = texture(240, 320, seed=1)
    analysis = MotionAnalysis()
    sequence = [analysis.analyze(frame, k * PERIOD_US) for k in range(3)]
    start = box_around(np.array([0.5, 0.5]), (0.2, 0.2), 0)
    outputs = streamed(sequence, [start], TrackStepOptions())
    assert outputs[-1][0].state.name == "DUPLICATED"
    assert largest_edge_error(outputs[-1][0], start) < 1e-9


def test_data_out_of_order_is_refused(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.add_tracking_data(shifted_crops[5])
    with pytest.raises(ValueError, match="must come in order of time"):
        tracker.add_tracking_data(shifted_crops[4])


def test_tracking_twice_gives_the_same(shifted_crops: list[TrackingData]) -> None:
    runs = [streamed(shifted_crops, [box_in_crop(0)], TrackStepOptions()) for _ in range(2)]
    assert runs[0] == runs[1]


def test_boxes_are_tracked_without_a_cache(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker(StreamingBoxTrackerOptions(streaming_track_data_cache_size=0))
    tracker.start([box_in_crop(0)])
    outputs = [tracker.add_tracking_data(data) for data in shifted_crops]
    assert largest_edge_error(outputs[-1][0], box_in_crop(11)) < 1e-3


def test_a_nudge_with_other_boxes_is_refused(shifted_crops: list[TrackingData]) -> None:
    tracker = StreamingBoxTracker()
    tracker.start([box_in_crop(0)])
    tracker.add_tracking_data(shifted_crops[0])
    with pytest.raises(ValueError, match=r"expects the live boxes \[1\]"):
        tracker.nudge(tracker.states.select(np.array([], np.int64)))
