"""One step of many boxes: beliefs, shared fits, quads, confidence, hiding, bad data."""

from dataclasses import replace

import numpy as np
import pytest

from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.formats.tracking_data import FrameFlags, TrackingData
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_step import step_boxes
from flowlace.tracking.step_options import TrackingDegrees, TrackStepOptions
from tests.tracking.tracking_scenes import box_around, synthetic_motion

ASPECT = 16 / 9
BOX = (0.2, 0.3)
OPTIONS = TrackStepOptions()


def moving_sequence(count: int = 30, *, speed: float = 0.01) -> list[TrackingData]:
    times = [k * 33_333 for k in range(count)]
    centers = np.column_stack((0.3 + speed * np.arange(count), np.full(count, 0.5)))
    return synthetic_motion(centers, times, box_size=BOX)


def tracked(
    sequence: list[TrackingData], boxes: BoxStates, options: TrackStepOptions = OPTIONS
) -> list[BoxStates]:
    states = [boxes]
    for data in sequence[1:]:
        states.append(step_boxes(states[-1], data.inverted(), options))
    return states


def start(*centers: tuple[float, float]) -> BoxStates:
    boxes = [box_around(np.array(c), BOX, 0, id_=k) for k, c in enumerate(centers)]
    return BoxStates.start(boxes, ASPECT)


def test_object_features_are_believed_and_background_is_not() -> None:
    memory = tracked(moving_sequence(), start((0.3, 0.5)))[-1].memory
    of_object = memory.track_id < 150
    assert np.mean(memory.belief[of_object] > 0) > 0.9
    assert np.mean(memory.belief[~of_object] > 0) < 0.05


def test_velocity_is_per_thirtieth_of_a_second_whatever_the_frame_rate() -> None:
    slow = moving_sequence(20)
    fast = [
        replace(
            d, timestamp_us=d.timestamp_us * 2, previous_timestamp_us=d.previous_timestamp_us * 2
        )
        for d in slow
    ]
    at_30, at_15 = (tracked(s, start((0.3, 0.5)))[-1].velocity[0, 0] for s in (slow, fast))
    assert at_30 == pytest.approx(0.01, rel=0.05)
    assert at_15 == pytest.approx(at_30 / 2, rel=0.05)


def test_a_hidden_object_is_carried_on_by_its_velocity() -> None:
    sequence = moving_sequence(30)
    hidden = []
    for k, data in enumerate(sequence):
        kept = (data.track_ids >= 150) if k > 15 else np.ones(len(data.track_ids), np.bool_)
        hidden.append(
            replace(
                data,
                positions=data.positions[kept],
                object_vectors=data.object_vectors[kept],
                track_ids=data.track_ids[kept],
            )
        )
    last = tracked(hidden, start((0.3, 0.5)))[-1]
    assert last.center[0, 0] == pytest.approx(0.3 + 0.01 * 29, abs=0.02)
    assert last.failures[0] > 10


def test_confidence_falls_when_the_features_go() -> None:
    full = tracked(moving_sequence(), start((0.3, 0.5)))[-1]
    empty = [
        replace(
            d,
            positions=d.positions[:0],
            object_vectors=d.object_vectors[:0],
            track_ids=d.track_ids[:0],
        )
        for d in moving_sequence()
    ]
    without = tracked([*moving_sequence()[:10], *empty[10:]], start((0.3, 0.5)))[-1]
    assert without.confidence[0] < full.confidence[0] - 0.3


def test_all_boxes_of_a_frame_step_together_as_they_step_alone() -> None:
    sequence = moving_sequence(10)
    centers = [(0.3, 0.5), (0.7, 0.3), (0.35, 0.52), (2.0, 2.0)]
    together = tracked(sequence, start(*centers))[-1]
    alone = [tracked(sequence, start(c))[-1] for c in centers]
    np.testing.assert_allclose(together.center, [s.center[0] for s in alone], atol=1e-12)
    np.testing.assert_allclose(together.confidence, [s.confidence[0] for s in alone], atol=1e-9)


def test_translation_leaves_the_size_alone() -> None:
    options = TrackStepOptions(tracking_degrees=TrackingDegrees.TRANSLATION)
    last = tracked(moving_sequence(), start((0.3, 0.5)), options)[-1]
    assert (last.scale[0], last.rotation[0]) == (1, 0)


@pytest.mark.parametrize(("growth", "turn"), [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.02)])
def test_growth_and_turn_of_an_object_are_measured(growth: float, turn: float) -> None:
    rng = np.random.default_rng(0)
    offsets = rng.uniform(-0.5, 0.5, (200, 2)) * (0.2, 0.2)
    linear = np.array([[1 + growth, -turn], [turn, 1 + growth]])
    extent = np.array([256.0, 192.0]) / (1.0, 0.75)
    ends = offsets @ linear.T
    data = TrackingData(
        timestamp_us=0,
        previous_timestamp_us=33_333,
        domain_width=256,
        domain_height=192,
        frame_aspect=4 / 3,
        background_model=np.eye(3),
        positions=np.add(offsets, (0.5, 0.375)) * extent,
        object_vectors=(ends - offsets) * extent,
        track_ids=np.arange(200),
        actively_discarded_track_ids=np.empty(0, np.int64),
    )
    box = TimedBox(
        timestamp_us=0, left=0.4, right=0.6, top=0.5 - 0.1 / 0.75, bottom=0.5 + 0.1 / 0.75
    )
    options = TrackStepOptions(
        tracking_degrees=TrackingDegrees.OBJECT_ROTATION_SCALE, scale_sigma=0.05
    )
    after = step_boxes(BoxStates.start([box], 4 / 3), data, options)
    assert after.scale[0] - 1 == pytest.approx(growth, abs=1.5e-3)
    assert after.rotation[0] == pytest.approx(turn, abs=1.5e-3)


def test_the_camera_moves_a_box_without_features() -> None:
    shift = np.array([[1.0, 0, 10.0], [0, 1, 0], [0, 0, 1]])
    data = replace(
        TrackingData.empty(timestamp_us=0, previous_timestamp_us=33_333, frame_aspect=4 / 3),
        background_model=shift,
        frame_flags=FrameFlags.NONE,
    )
    box = box_around(np.array([0.5, 0.5]), BOX, 0)
    after = step_boxes(BoxStates.start([box], 4 / 3), data, OPTIONS)
    assert after.center[0, 0] == pytest.approx(0.5 + 10 / 256)


def test_a_chunk_boundary_forgets_ids() -> None:
    sequence = moving_sequence(12)
    boundary = replace(sequence[-1], frame_flags=FrameFlags.CHUNK_BOUNDARY)
    last = tracked([*sequence[:-1], boundary], start((0.3, 0.5)))[-1]
    assert last.memory.age.max() == 1
    assert last.status[0] == TrackState.TRACKED


def test_a_box_turned_in_the_plane_keeps_its_features_inside() -> None:
    box = replace(box_around(np.array([0.3, 0.5]), BOX, 0), rotation=0.4)
    last = tracked(moving_sequence(), BoxStates.start([box], ASPECT))[-1]
    assert last.center[0, 0] == pytest.approx(0.3 + 0.29, abs=0.01)
    assert last.rotation[0] == 0.4


def test_no_boxes_step_to_no_boxes() -> None:
    assert len(step_boxes(BoxStates.none(), moving_sequence(2)[1], OPTIONS)) == 0
