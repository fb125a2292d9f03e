from dataclasses import replace

import cv2
import numpy as np
import pytest

from flowlace.calculators.tracking.box_detector import (
    BoxDetectorCalculator,
    BoxDetectorOptions,
    BoxDetectorOptionsMessage,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator

WIDTH, HEIGHT = 480, 360
NOISE = np.random.default_rng(4)
WALL = cv2.GaussianBlur(NOISE.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8), (9, 9), 3)
POSTER = NOISE.integers(0, 2, (15, 20)).astype(np.uint8) * 220


def scene(x: int | None, y: int = 100) -> Image:
    pixels = WALL.copy()
    if x is not None:
        poster = cv2.resize(POSTER, (160, 120), interpolation=cv2.INTER_NEAREST)
        pixels[y : y + 120, x : x + 160] = poster
    return Image(ImageFormat.GRAY8, pixels)


def poster(x: int, y: int = 100, *, reacquisition: bool = True) -> TimedBox:
    return replace(
        TimedBox.from_pixels(
            x=x, y=y, width=160, height=120, frame_width=WIDTH, frame_height=HEIGHT,
            timestamp_us=0, id=3, label="poster",
        ),
        reacquisition=reacquisition,
    )  # fmt: skip


def looked_for(frames: list[Image], boxes: list[list[TimedBox]], **more: object) -> CalculatorRun:
    return run_calculator(
        BoxDetectorCalculator,
        VIDEO=[at(index, frame) for index, frame in enumerate(frames)],
        TRACKED_BOXES=[at(index, listed) for index, listed in enumerate(boxes)],
        **more,  # type: ignore[arg-type]
    )


def test_a_lost_box_is_found_where_it_comes_back() -> None:
    frames = [scene(40), scene(None), scene(260, 180)]
    run = looked_for(frames, [[poster(40)], [], []])
    first, second, third = run.payloads("BOXES")
    assert (first, second) == ([], [])
    (found,) = third
    assert (found.id, found.label, found.timestamp_us) == (3, "poster", 2)
    assert found.pixels(WIDTH, HEIGHT) == pytest.approx((260, 180, 160, 120), abs=4)


def test_a_box_in_doubt_is_looked_for_too() -> None:
    doubtful = replace(poster(200), confidence=0.05)
    run = looked_for([scene(40), scene(60)], [[poster(40)], [doubtful]])
    (found,) = run.payloads("BOXES")[1]
    assert found.pixels(WIDTH, HEIGHT)[0] == pytest.approx(60, abs=4)


def test_a_box_that_is_tracked_well_is_left_alone() -> None:
    run = looked_for([scene(40), scene(60)], [[poster(40)], [poster(60)]])
    assert run.payloads("BOXES") == [[], []]


def test_only_boxes_that_ask_for_it_are_learned() -> None:
    run = looked_for([scene(40), scene(60)], [[poster(40, reacquisition=False)], []])
    assert run.payloads("BOXES") == [[], []]


def test_a_cancelled_box_is_not_looked_for() -> None:
    run = looked_for([scene(40), scene(60)], [[poster(40)], []], CANCEL_OBJECT_ID=[at(1, 3)])
    assert run.payloads("BOXES") == [[], []]


def test_looking_can_be_switched_off_and_on() -> None:
    frames = [scene(40), scene(60), scene(60)]
    switches = [at(1, False), at(2, True)]
    run = looked_for(frames, [[poster(40)], [], []], REACQ_SWITCH=switches)
    assert [len(found) for found in run.payloads("BOXES")] == [0, 0, 1]


def test_every_nth_frame_looks_for_all_boxes() -> None:
    options = BoxDetectorOptions(detector_options=BoxDetectorOptionsMessage(detect_every_n_frame=2))
    run = run_calculator(
        BoxDetectorCalculator,
        options,
        VIDEO=[at(index, scene(40)) for index in range(4)],
        TRACKED_BOXES=[at(index, [poster(40)]) for index in range(4)],
    )
    assert [len(found) for found in run.payloads("BOXES")] == [0, 1, 0, 1]


def test_mediapipes_euclidean_limit_does_not_switch_matching_off() -> None:
    options = BoxDetectorOptions(detector_options=BoxDetectorOptionsMessage(max_match_distance=0.9))
    run = run_calculator(
        BoxDetectorCalculator,
        options,
        VIDEO=[at(0, scene(40)), at(1, scene(60))],
        TRACKED_BOXES=[at(0, [poster(40)]), at(1, [])],
    )
    assert len(run.payloads("BOXES")[1]) == 1


def test_index_files_of_other_features_are_refused() -> None:
    with pytest.raises(GraphConfigError, match="index files of MediaPipe hold other features"):
        run_calculator(
            BoxDetectorCalculator,
            BoxDetectorOptions(index_proto_filename=("index.pb",)),
            VIDEO=[],
            TRACKED_BOXES=[],
        )
