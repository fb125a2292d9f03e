from typing import Any

import numpy as np
import pytest

from flowlace.calculators.tracking.tracked_detection_manager import (
    TrackedDetectionManagerCalculator,
    TrackedDetectionManagerConfig,
    TrackedDetectionManagerOptions,
)
from flowlace.framework.config import HandlerConfig
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.options import options_message
from flowlace.testing import CalculatorRun, at, run_calculator
from flowlace.tracking.tracked_detections import Association
from tests.calculators.tracking.made_detections import box, detection

FOUND = [at(0, [detection(id_=1)]), at(100, [detection(0.22, id_=2)])]
TRACKED = [
    at(0, [box(1, 0)]),
    at(50, [box(1, 50, 0.21)]),
    at(100, [box(1, 100, 0.21), box(2, 100, 0.22)]),
    at(150, [box(2, 150, 0.23, confidence=0.5)]),
]


def manager(
    *, found: Any = FOUND, tracked: Any = TRACKED, policy: Any = None, **config: Any
) -> CalculatorRun:
    options = TrackedDetectionManagerOptions(
        tracked_detection_manager_options=TrackedDetectionManagerConfig(**config)
    )
    return run_calculator(
        TrackedDetectionManagerCalculator,
        options,
        DETECTIONS=found,
        TRACKING_BOXES=tracked,
        input_policy=policy,
    )


def test_numbers_are_mediapipes() -> None:
    message = options_message(TrackedDetectionManagerOptions)
    assert message.full_name == "mediapipe.TrackedDetectionManagerCalculatorOptions"
    assert message.extension == 301970230
    assert options_message(TrackedDetectionManagerConfig).full_name == (
        "mediapipe.TrackedDetectionManagerConfig"
    )


def test_every_frame_has_its_objects_under_their_first_ids() -> None:
    run = manager()
    objects = run.payloads("DETECTIONS")
    assert run.timestamps("DETECTIONS") == [0, 50, 100, 150]
    assert [[each.detection_id for each in frame] for frame in objects] == [[1]] * 4
    lefts = [frame[0].location_data.relative_bounding_box.xmin for frame in objects]
    assert lefts == pytest.approx([0.2, 0.21, 0.22, 0.23])
    assert objects[3][0].timestamp_us == 150


def test_boxes_are_told_in_three_forms() -> None:
    run = manager()
    [rect] = run.payloads("DETECTION_BOXES")[3]
    assert (rect.x_center, rect.y_center) == pytest.approx((0.33, 0.3))
    assert (rect.width, rect.height, rect.rect_id) == pytest.approx((0.2, 0.2, 1))
    [tracked] = run.payloads("TRACKED_BOXES")[3]
    assert (tracked.id, tracked.label, tracked.confidence) == (1, "car", 0.5)


def test_replaced_boxes_are_cancelled_once() -> None:
    run = manager()
    assert run.packets("CANCEL_OBJECT_ID") == [at(100, 1)]
    assert run.payloads("CANCEL_OBJECT_IDS") == [[], [], [1], []]


def test_several_cancelled_boxes_have_timestamps_of_their_own() -> None:
    found = [at(0, [detection(0.1, id_=1), detection(0.4, id_=2), detection(0.7, id_=3)])]
    here = [box(1, 0, 0.1), box(2, 0, 0.4), box(3, 0, 0.7)]
    gone = [box(id_, 1, 1.5 + id_) for id_ in (1, 2, 3)]
    later = [at(0, here), at(1, gone)]
    run = manager(found=found, tracked=later)
    assert run.packets("CANCEL_OBJECT_ID") == [at(1, 1), at(2, 2), at(3, 3)]


def test_the_list_form_is_taken_too() -> None:
    run = run_calculator(
        TrackedDetectionManagerCalculator,
        DETECTION_LIST=FOUND,
        TRACKING_BOXES=TRACKED,
        outputs=["DETECTIONS"],
    )
    assert [frame[0].detection_id for frame in run.payloads("DETECTIONS")] == [1] * 4


def test_detections_may_come_late_in_a_sync_set_of_their_own() -> None:
    policy = HandlerConfig("SyncSetInputStreamHandler")
    late = [at(0, [detection(id_=1)])]
    tracked = [at(0, []), at(50, []), at(60, [box(1, 60)])]
    run = run_calculator(
        TrackedDetectionManagerCalculator,
        DETECTIONS=late,
        TRACKING_BOXES=tracked,
        outputs=["DETECTIONS"],
        input_policy=policy,
        in_order=["TRACKING_BOXES", "TRACKING_BOXES", "DETECTIONS", "TRACKING_BOXES"],
    )
    assert [len(frame) for frame in run.payloads("DETECTIONS")] == [0, 0, 1]


def test_a_detector_that_finds_nothing_gives_no_objects() -> None:
    run = manager(found=[at(0, []), at(100, [])], tracked=[at(0, []), at(50, []), at(100, [])])
    assert run.payloads("DETECTIONS") == [[], [], []]
    assert run.payloads("CANCEL_OBJECT_IDS") == [[], [], []]


def test_looks_bring_lost_objects_back_and_that_is_counted() -> None:
    options = TrackedDetectionManagerOptions(
        tracked_detection_manager_options=TrackedDetectionManagerConfig(
            association=Association.IOU, reacquire_us=1000
        )
    )
    look = np.array([[1, 0]], np.float32)
    run = run_calculator(
        TrackedDetectionManagerCalculator,
        options,
        DETECTIONS=[at(0, [detection(id_=1)]), at(500, [detection(0.38, id_=2)])],
        LOOKS=[at(0, look), at(500, look)],
        TRACKING_BOXES=[at(0, [box(1, 0)]), at(50, []), at(500, [box(2, 500, 0.38)])],
        outputs=["DETECTIONS"],
    )
    assert run.payloads("DETECTIONS")[2][0].detection_id == 1
    assert run.counters == {"reacquired": 1}


def test_detections_the_tracker_never_tells_of_are_counted() -> None:
    run = manager(
        found=[at(0, [detection(id_=1)])], tracked=[at(0, []), at(1, []), at(6_000_000, [])]
    )
    assert run.counters == {"detections_never_tracked": 1}


def test_coming_back_needs_looks() -> None:
    with pytest.raises(GraphConfigError, match="reacquire_us needs LOOKS; connect a"):
        manager(reacquire_us=5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"is_same_detection_max_area_ratio": 0.5}, "no two boxes have a ratio below 1"),
        ({"min_iou": 1.5}, r"min_iou is 1.5, but has to be in 0\.\.1"),
        ({"is_same_detection_min_overlap_ratio": -1.0}, "has to be in"),
        ({"max_missed_detections": -1}, "max_missed_detections is -1, but can't be below 0"),
        ({"max_stray": -0.5}, "max_stray is -0.5, but can't be below 0"),
    ],
)
def test_options_out_of_range_are_errors(config: dict[str, float], message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        manager(**config)
