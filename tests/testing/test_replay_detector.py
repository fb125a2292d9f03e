import numpy as np
import pytest

from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator
from flowlace.testing.replay_detector import (
    ReplayDetectorCalculator,
    ReplayDetectorOptions,
    TrueBox,
)

PICTURE = Image(ImageFormat.GRAY8, np.zeros((100, 200), np.uint8))
CAR = TrueBox(label="car", x=20, y=30, w=40, h=20)


def detected(
    truth: dict[int, list[TrueBox]], options: ReplayDetectorOptions | None = None
) -> list[list[Detection]]:
    frames = [at(timestamp, PICTURE) for timestamp in truth]
    run = run_calculator(
        ReplayDetectorCalculator, options, IMAGE=frames, side_packets={"TRUTH": truth}
    )
    return run.payloads("DETECTIONS")


def test_the_truth_comes_as_detections() -> None:
    [[found]] = detected({5: [CAR]})
    box = found.location_data.relative_bounding_box
    assert box is not None
    assert (box.xmin, box.ymin, box.width, box.height) == (0.1, 0.3, 0.2, 0.2)
    assert found.label == ("car",)
    assert 0.6 <= found.score[0] <= 1


def test_frames_without_truth_hold_nothing() -> None:
    run = run_calculator(
        ReplayDetectorCalculator, IMAGE=[at(5, PICTURE)], side_packets={"TRUTH": {6: [CAR]}}
    )
    assert run.payloads("DETECTIONS") == [[]]


def test_misses_and_false_alarms_come_at_their_rates() -> None:
    truth = {timestamp: [CAR] * 4 for timestamp in range(300)}
    options = ReplayDetectorOptions(miss_rate=0.1)
    assert np.mean([len(each) for each in detected(truth, options)]) == pytest.approx(3.6, abs=0.1)
    options = ReplayDetectorOptions(false_alarms=0.2)
    assert np.mean([len(each) for each in detected(truth, options)]) == pytest.approx(4.2, abs=0.1)


def test_jitter_moves_edges_by_its_part_of_the_size() -> None:
    truth = {timestamp: [CAR] for timestamp in range(400)}
    found = detected(truth, ReplayDetectorOptions(jitter=0.05))
    boxes = [each[0].location_data.relative_bounding_box for each in found]
    lefts = [box.xmin * 200 for box in boxes if box]
    rights = [(box.xmin + box.width) * 200 for box in boxes if box]
    assert np.std(lefts) == pytest.approx(0.05 * 40, rel=0.15)
    assert np.std(rights) == pytest.approx(0.05 * 40, rel=0.15)
    assert np.mean(lefts) == pytest.approx(20, abs=0.4)


def test_mistakes_depend_on_seed_and_time_only() -> None:
    options = ReplayDetectorOptions(jitter=0.05, miss_rate=0.3, false_alarms=0.5, seed=4)
    every = detected({timestamp: [CAR] for timestamp in range(10)}, options)
    some = detected({timestamp: [CAR] for timestamp in range(0, 10, 3)}, options)
    assert every[::3] == some
    other = ReplayDetectorOptions(jitter=0.05, miss_rate=0.3, false_alarms=0.5, seed=5)
    assert detected({timestamp: [CAR] for timestamp in range(10)}, other) != every


def test_rates_below_zero_are_an_error() -> None:
    with pytest.raises(GraphConfigError, match="can't be below 0"):
        detected({0: []}, ReplayDetectorOptions(jitter=-1))
